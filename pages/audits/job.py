"""An audit in the background: it outlives reruns and refreshes, tells how far it is, and stops."""

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import AuditCancelledError, LobuleError

if TYPE_CHECKING:
    from core.datasets.audit.accepted import Decisions
    from core.datasets.audit.report import Audit
    from core.datasets.records import Dataset, Task
    from core.datasets.split import Split, SplitKind

log = logging.getLogger(__name__)

MOST_KEPT = 6  # datasets whose tables stay in memory
_FAULT = "Lobule could not audit this dataset because of a fault in the program; its log says why."


@dataclass(frozen=True, slots=True)
class Question:
    """What is audited: where it is, and how it is to be read.

    No magnifications are all of them; no pattern leaves the patients to what the folder says.
    """

    path: Path
    task: "Task" = "binary"
    magnifications: tuple[str, ...] = ()
    patient_pattern: str | None = None


@dataclass(eq=False)
class AuditJob:
    """One dataset that is opened, then audited, in a thread of its own.

    `dataset` is all that was found, `kept` what is left of it without the dropped files.
    `decisions` is None until they are read, and stays so where `undecidable` says why.
    """

    question: Question
    stage: str = "Listing the files"
    done: float = 0.0
    running: bool = True
    stopped: bool = False
    error: str | None = None
    dataset: "Dataset | None" = None
    kept: "Dataset | None" = None
    magnifications: tuple[str, ...] = ()  # all there are to choose from
    audit: "Audit | None" = None
    decisions: "Decisions | None" = None
    undecidable: str | None = None
    splits: "dict[tuple[SplitKind, int], Split]" = field(default_factory=dict)
    alike: list[list[int]] | None = None  # rows of `kept` that show the same
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def known(self) -> tuple[bool, bool, bool]:
        """What a page that was drawn now could show."""
        return self.running, self.dataset is not None, self.audit is not None

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name="audit", daemon=True).start()

    def stop(self) -> None:
        """End the audit soon; at once if only earlier decisions are still looked for."""
        self.cancel.set()
        if self.audit is not None:
            self.undecidable = "The search for earlier decisions was stopped; audit again for it."
            self.running = False

    def told(self, stage: str, done: float) -> None:
        """Note the stage of the audit and the share of it that is done."""
        self.stage, self.done = stage, done

    def decide(self, decisions: "Decisions") -> None:
        """Record decisions and leave out what they drop.

        Raises
        ------
        DatasetError
            If they would drop every image, or cannot be written; then the former ones stay.
        """
        from core.datasets.audit.accepted import apply_decisions, save_decisions  # noqa: PLC0415

        assert self.dataset is not None  # noqa: S101 - decisions are about what was opened
        kept = apply_decisions(self.dataset, decisions)
        save_decisions(decisions, self.dataset)
        self._take(decisions, kept)

    def _take(self, decisions: "Decisions", kept: "Dataset") -> None:
        from core.datasets.audit.audit import duplicate_rows  # noqa: PLC0415

        assert self.audit is not None  # noqa: S101 - decisions are about its findings
        self.decisions, self.kept = decisions, kept
        self.alike = duplicate_rows(self.audit, kept)
        self.splits = {}

    def _run(self) -> None:
        try:
            self._open()
            self._audit()
        except AuditCancelledError:
            self.stopped = True
        except LobuleError as error:
            self.error = str(error)
        except Exception:
            log.exception("A dataset could not be audited")
            self.error = _FAULT
        finally:
            self.running = False

    def _open(self) -> None:
        from core.datasets.open import open_dataset  # noqa: PLC0415 - pandas
        from core.datasets.recent import remember_dataset  # noqa: PLC0415
        from core.datasets.records import with_magnifications  # noqa: PLC0415

        asked = self.question
        dataset = open_dataset(
            asked.path, task=asked.task, patient_pattern=asked.patient_pattern, listed=self._listed
        )
        found = set(dataset.records["magnification"]) - {""}
        self.magnifications = tuple(sorted(found, key=lambda name: (len(name), name)))
        if asked.magnifications:
            with_magnifications(dataset.records, asked.magnifications, asked.path)  # else refuses
            dataset = open_dataset(
                asked.path,
                task=asked.task,
                magnifications=asked.magnifications,
                patient_pattern=asked.patient_pattern,
                listed=self._listed,
            )
        remember_dataset(asked.path)
        self.kept = dataset
        self.dataset = dataset

    def _listed(self, files: int) -> None:
        if self.cancel.is_set():
            raise AuditCancelledError
        self.stage = f"Listing the files: {files:,}"

    def _audit(self) -> None:
        from core.datasets.audit.accepted import apply_decisions, load_decisions  # noqa: PLC0415
        from core.datasets.audit.audit import audit, duplicate_rows  # noqa: PLC0415

        assert self.dataset is not None  # noqa: S101 - opened before
        result = audit(self.dataset, progress=self.told, cancelled=self.cancel.is_set)
        self.alike = duplicate_rows(result, self.dataset)
        self.audit = result
        self.told("Comparing all files with earlier decisions", 0.0)
        try:
            decisions = load_decisions(self.dataset)
            kept = apply_decisions(self.dataset, decisions)
            if not self.cancel.is_set():
                self._take(decisions, kept)
        except LobuleError as error:
            self.undecidable = str(error)


@dataclass
class _Jobs:
    by_question: dict[Question, AuditJob] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


def job_for(question: Question, *, anew: bool = False) -> AuditJob:
    """The job of a dataset, which every session shares; started unless it is there."""
    jobs = _jobs()
    with jobs.lock:
        job = jobs.by_question.pop(question, None)
        if job is None or (anew and not job.running):
            job = AuditJob(question)
            job.start()
        jobs.by_question[question] = job
        finished = [key for key, other in jobs.by_question.items() if not other.running]
        for key in finished[: max(0, len(jobs.by_question) - MOST_KEPT)]:
            if key != question:
                del jobs.by_question[key]
    return job


@st.cache_resource(show_spinner=False)
def prepare() -> None:
    """Import what an audit needs while the user still types; once in this process."""

    def load() -> None:
        import core.datasets.audit.audit  # noqa: PLC0415
        import core.datasets.open  # noqa: PLC0415, F401

    threading.Thread(target=load, name="prepare-audit", daemon=True).start()
