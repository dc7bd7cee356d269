"""Encoders compared on a dataset in the background."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.training.compare_encoders import EncoderComparison

MOST_KEPT = 6


class Wanted(NamedTuple):
    """Which encoders and recipes, on which data; as `core.training.request.Request` takes them."""

    encoders: tuple[str, ...]
    recipes: tuple[str, ...]
    data: Path
    um_per_px: float | None
    patient_pattern: str | None
    positive: str | None
    group_neighbours: bool


@dataclass(eq=False)
class CompareJob(Job):
    """One comparison; `comparison` is there once it has ended well.

    `undecided` are two classes of which it is to be said which is positive.
    """

    deed = "compare these encoders"

    wanted: Wanted
    undecided: tuple[str, ...] = ()
    comparison: "EncoderComparison | None" = None

    def work(self) -> None:
        """Fit a probe on each, and judge all in the same folds."""
        self.note("Listing the files")
        from core.datasets.browse import remember_dataset  # noqa: PLC0415 - pandas
        from core.datasets.classes import UndecidedClassesError  # noqa: PLC0415
        from core.training.compare_encoders import compare_encoders  # noqa: PLC0415 - TensorFlow
        from core.training.request.recipe import load_recipe  # noqa: PLC0415
        from core.training.request.request import Request  # noqa: PLC0415
        from core.training.watch import Watch  # noqa: PLC0415

        class Heard(Watch):
            """Tells the page, and stops where somebody on it asks."""

            def __init__(self, job: CompareJob) -> None:
                self._job = job

            def stage(self, name: str, done: float) -> None:
                self._job.report(name, done)

            def cancelled(self) -> bool:
                return self._job.stopping

        wanted = self.wanted
        request = Request(
            recipe=load_recipe("probe"),
            data=wanted.data,
            name="comparison",
            um_per_px=wanted.um_per_px,
            patient_pattern=wanted.patient_pattern,
            positive=wanted.positive,
            group_neighbours=wanted.group_neighbours,
        )
        try:
            self.comparison = compare_encoders(
                request, wanted.encoders, wanted.recipes, Heard(self)
            )
        except UndecidedClassesError as error:
            self.undecided = error.classes
            raise
        remember_dataset(wanted.data)


@st.cache_resource(show_spinner=False)
def comparing() -> Jobs[Wanted, CompareJob]:
    """The comparisons that were asked for; every session shares them."""
    return Jobs(MOST_KEPT)
