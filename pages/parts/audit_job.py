"""An audit in the background: it outlives reruns and refreshes, tells how far it is, and stops."""

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import AuditCancelledError, LobuleError

if TYPE_CHECKING:
    from core.datasets.audit.report import Audit
    from core.datasets.records import Dataset
    from core.datasets.split import Split, SplitKind

log = logging.getLogger(__name__)

MOST_KEPT = 6  # datasets whose tables stay in memory
_FAULT = "Lobule could not audit this dataset because of a fault in the program; its log says why."


@dataclass(eq=False)
class AuditJob:
    """One dataset that is opened, then audited, in a thread of its own."""

    path: Path
    stage: str = "Listing the files"
    done: float = 0.0
    running: bool = True
    stopped: bool = False
    error: str | None = None
    dataset: "Dataset | None" = None
    audit: "Audit | None" = None
    near_duplicates: list[tuple[int, int]] | None = None
    splits: "dict[tuple[SplitKind, int], Split]" = field(default_factory=dict)
    cancel: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name="audit", daemon=True).start()

    def told(self, stage: str, done: float) -> None:
        """Note the stage of the audit and the share of it that is done."""
        self.stage, self.done = stage, done

    def _run(self) -> None:
        try:
            from core.datasets.audit.audit import audit, duplicate_pairs  # noqa: PLC0415 - pandas
            from core.datasets.open import open_dataset  # noqa: PLC0415
            from core.datasets.recent import remember_dataset  # noqa: PLC0415

            dataset = open_dataset(self.path)
            remember_dataset(self.path)
            self.dataset = dataset
            result = audit(dataset, progress=self.told, cancelled=self.cancel.is_set)
            self.near_duplicates = duplicate_pairs(result, dataset)
            self.audit = result
        except AuditCancelledError:
            self.stopped = True
        except LobuleError as error:
            self.error = str(error)
        except Exception:
            log.exception("A dataset could not be audited")
            self.error = _FAULT
        finally:
            self.running = False


@dataclass
class _Jobs:
    by_path: dict[Path, AuditJob] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


def job_for(path: Path, *, anew: bool = False) -> AuditJob:
    """The job of a dataset, which every session shares; started unless it is there."""
    jobs = _jobs()
    with jobs.lock:
        job = jobs.by_path.pop(path, None)
        if job is None or (anew and not job.running):
            job = AuditJob(path)
            job.start()
        jobs.by_path[path] = job
        finished = [key for key, other in jobs.by_path.items() if not other.running]
        for key in finished[: max(0, len(jobs.by_path) - MOST_KEPT)]:
            if key != path:
                del jobs.by_path[key]
    return job


def show_progress(job: AuditJob) -> None:
    """Show how far a running audit is, and a button that stops it; asks again twice a second."""

    def poll() -> None:
        if not job.running or (job.dataset is None) != waiting:
            st.rerun()
        left, right = st.columns([5, 1], vertical_alignment="center")
        share = f", {job.done:.0%}" if job.done else ""
        left.progress(min(1.0, job.done), text=f"{job.stage}{share} …")
        if right.button("Stop", key="stop_audit", width="stretch", disabled=job.cancel.is_set()):
            job.cancel.set()

    waiting = job.dataset is None
    st.fragment(poll, run_every=0.5)()
