"""A model judged on a dataset in the background."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from core.datasets.browse import remember_dataset
from core.registry.package import Package
from core.settings import get_settings
from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.assessment.assess import Assessment
    from core.datasets.records import Dataset

MOST_KEPT = 6
BINARY = 2


@dataclass(eq=False)
class EvaluationJob(Job):
    """One model on one dataset; `assessment` and `table` are there once it has ended well.

    `undecided` are two classes of which it is to be said which is positive.
    """

    deed = "evaluate this"

    package: Package
    path: Path
    positive: str | None = None
    group_neighbours: bool = False
    undecided: tuple[str, ...] = ()
    assessment: "Assessment | None" = None
    table: Path | None = None

    def work(self) -> None:
        """Open the dataset, answer its images, judge the answers, and keep their table."""
        self.note("Listing the files")
        from core.assessment.assess import assess  # noqa: PLC0415 - pandas, TensorFlow
        from core.assessment.table import write_predictions  # noqa: PLC0415
        from core.datasets.classes import UndecidedClassesError, match_classes  # noqa: PLC0415

        try:
            dataset = self._open()
            remember_dataset(self.path)
            named = dataset.classes, self.package.card.classes
            if match_classes(*named, stated=dataset.positive_stated) is None:
                # `assess` says it; which of two is the model's positive one can be asked for.
                self.undecided = dataset.classes if len(dataset.classes) == BINARY else ()
            self.report("Loading the model")
            assessment = assess(self.package, dataset, self.report, robustness=True)
        except UndecidedClassesError as error:
            self.undecided = error.classes
            raise
        model = hashlib.sha256(repr(_answers_by(self.package)).encode()).hexdigest()[:12]
        name = f"{self.package.card.name} {model} {dataset.fingerprint[:12]}.csv"
        table = get_settings().evaluations / name
        write_predictions(assessment.predictions, table)
        self.assessment, self.table = assessment, table

    def _open(self) -> "Dataset":
        from core.datasets.open import open_dataset  # noqa: PLC0415

        def listed(files: int) -> None:
            self.report(f"Listing the files: {files:,}")

        return open_dataset(
            self.path,
            task=self.package.card.task,
            positive=self.positive,
            model_classes=self.package.card.classes,
            neighbours=self.group_neighbours,
            listed=listed,
        )

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


class Judged(NamedTuple):
    """On which dataset, and how it is read: as `open_dataset` takes them."""

    path: Path
    positive: str | None = None
    group_neighbours: bool = False


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs[tuple[_Answers, Judged], EvaluationJob]:
    return Jobs(MOST_KEPT)


def evaluation_of(package: Package, on: Judged) -> EvaluationJob | None:
    """The evaluation of a model on a dataset, if anybody has asked for it."""
    return _jobs().get((_answers_by(package), on))


def evaluate_anew(package: Package, on: Judged) -> None:
    """Start an evaluation, which every session shares, unless the same one is running."""
    _jobs().start((_answers_by(package), on), lambda: EvaluationJob(package, *on), anew=True)
