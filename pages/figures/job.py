"""A model judged on a dataset in the background: it outlives reruns, tells how far it is, stops."""

import hashlib
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.registry.package import Package
from core.settings import get_settings

if TYPE_CHECKING:
    from core.assessment.assess import Assessment

log = logging.getLogger(__name__)

MOST_KEPT = 6
_FAULT = "Lobule could not evaluate this because of a fault in the program; its log says why."
_LEAST_SHARE = 0.02  # before that much is done, how long the rest takes is anybody's guess


class _StoppedError(Exception):
    """The user asked to stop."""


@dataclass(eq=False)
class EvaluationJob:
    """One model on one dataset; `assessment` and `table` are there once it has ended well."""

    package: Package
    path: Path
    stage: str = "Listing the files"
    done: float = 0.0
    since: float = field(default_factory=time.monotonic)
    running: bool = True
    stopped: bool = False
    error: str | None = None
    assessment: "Assessment | None" = None
    table: Path | None = None
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def seconds_left(self) -> float | None:
        """How long this stage will take yet; None while that cannot be told."""
        if self.done < _LEAST_SHARE:
            return None
        return (time.monotonic() - self.since) * (1 - self.done) / self.done

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name="evaluation", daemon=True).start()

    def told(self, stage: str, done: float) -> None:
        """Note how far it is; raises where the user asked to stop.

        Once every image is answered, what is there is kept: changed images are skipped, and what
        little is left to do is done.
        """
        if self.cancel.is_set():
            from core.assessment.assess import JUDGING  # noqa: PLC0415 - pandas, TensorFlow
            from core.assessment.robustness import STAGE, SkipChangesError  # noqa: PLC0415

            if stage == STAGE:
                raise SkipChangesError
            if stage not in JUDGING:
                raise _StoppedError
        if stage != self.stage:
            self.since = time.monotonic()
        self.stage, self.done = stage, done

    def _run(self) -> None:
        try:
            self._evaluate()
        except _StoppedError:
            self.stopped = True
        except LobuleError as error:
            self.error = str(error)
        except Exception:
            log.exception("A model could not be evaluated")
            self.error = _FAULT
        finally:
            self.running = False

    def _evaluate(self) -> None:
        from core.assessment.assess import assess  # noqa: PLC0415 - pandas, TensorFlow
        from core.assessment.table import write_predictions  # noqa: PLC0415
        from core.datasets.open import open_dataset  # noqa: PLC0415
        from core.datasets.recent import remember_dataset  # noqa: PLC0415

        def listed(files: int) -> None:
            self.told(f"Listing the files: {files:,}", 0.0)

        dataset = open_dataset(self.path, task=self.package.card.task, listed=listed)
        remember_dataset(self.path)
        self.told("Loading the model", 0.0)
        assessment = assess(self.package, dataset, self.told, robustness=True)
        model = hashlib.sha256(repr(_answers_by(self.package)).encode()).hexdigest()[:12]
        name = f"{self.package.card.name} {model} {dataset.fingerprint[:12]}.csv"
        table = get_settings().evaluations / name
        write_predictions(assessment.predictions, table)
        self.assessment, self.table = assessment, table


_Answers = tuple[str, float, tuple[str, float] | None]


def _answers_by(package: Package) -> _Answers:
    """All that makes a model answer as it does; the same network may be calibrated anew."""
    point = package.card.operating_point
    chosen = (point.positive_class, point.threshold) if point else None
    return package.model_sha256, package.card.temperature, chosen


@dataclass
class _Jobs:
    by_question: dict[tuple[_Answers, Path], EvaluationJob] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


def evaluation_of(package: Package, path: Path) -> EvaluationJob | None:
    """The evaluation of a model on a dataset, if anybody has asked for it."""
    return _jobs().by_question.get((_answers_by(package), path))


def evaluate_anew(package: Package, path: Path) -> None:
    """Start an evaluation, which every session shares, unless the same one is running."""
    jobs, key = _jobs(), (_answers_by(package), path)
    with jobs.lock:
        job = jobs.by_question.pop(key, None)
        if job is None or not job.running:
            job = EvaluationJob(package, path)
            job.start()
        jobs.by_question[key] = job
        ended = [other for other, one in jobs.by_question.items() if not one.running]
        for other in ended[: max(0, len(jobs.by_question) - MOST_KEPT)]:
            del jobs.by_question[other]
