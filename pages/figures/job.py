"""A model judged on a dataset in the background."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.registry.package import Package
from core.settings import get_settings
from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.assessment.assess import Assessment

MOST_KEPT = 6


@dataclass(eq=False)
class EvaluationJob(Job):
    """One model on one dataset; `assessment` and `table` are there once it has ended well."""

    deed = "evaluate this"

    package: Package
    path: Path
    assessment: "Assessment | None" = None
    table: Path | None = None

    def work(self) -> None:
        """Open the dataset, answer its images, judge the answers, and keep their table."""
        self.note("Listing the files")
        from core.assessment.assess import assess  # noqa: PLC0415 - pandas, TensorFlow
        from core.assessment.table import write_predictions  # noqa: PLC0415
        from core.datasets.browse import remember_dataset  # noqa: PLC0415
        from core.datasets.open import open_dataset  # noqa: PLC0415

        def listed(files: int) -> None:
            self.report(f"Listing the files: {files:,}")

        dataset = open_dataset(
            self.path,
            task=self.package.card.task,
            model_classes=self.package.card.classes,
            listed=listed,
        )
        remember_dataset(self.path)
        self.report("Loading the model")
        assessment = assess(self.package, dataset, self.report, robustness=True)
        model = hashlib.sha256(repr(_answers_by(self.package)).encode()).hexdigest()[:12]
        name = f"{self.package.card.name} {model} {dataset.fingerprint[:12]}.csv"
        table = get_settings().evaluations / name
        write_predictions(assessment.predictions, table)
        self.assessment, self.table = assessment, table

    def report(self, stage: str, share: float = 0.0) -> None:
        """As every job, but once every image is answered, its figures are worked out to the end.

        Stopped while changed images are answered, `assess` goes on without them.
        """
        from core.assessment.assess import JUDGING  # noqa: PLC0415 - pandas, TensorFlow

        if stage in JUDGING:
            self.note(stage, share)
        else:
            super().report(stage, share)


_Answers = tuple[str, float, tuple[str, float] | None]


def _answers_by(package: Package) -> _Answers:
    """All that makes a model answer as it does; the same network may be calibrated anew."""
    point = package.card.operating_point
    chosen = (point.positive_class, point.threshold) if point else None
    return package.model_sha256, package.card.temperature, chosen


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs[tuple[_Answers, Path], EvaluationJob]:
    return Jobs(MOST_KEPT)


def evaluation_of(package: Package, path: Path) -> EvaluationJob | None:
    """The evaluation of a model on a dataset, if anybody has asked for it."""
    return _jobs().get((_answers_by(package), path))


def evaluate_anew(package: Package, path: Path) -> None:
    """Start an evaluation, which every session shares, unless the same one is running."""
    key = _answers_by(package), path
    _jobs().start(key, lambda: EvaluationJob(package, path), anew=True)
