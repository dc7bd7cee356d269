"""Explanations of a piece of an image, computed in the background and kept for whoever asks."""

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import streamlit as st

from core.explain.methods.catalogue import METHODS
from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.explain.methods.catalogue import MethodName
    from core.explain.pieces import Piece
    from core.registry.package import Package

MOST_KEPT = 60  # subjects whose maps stay in memory, of all sessions together


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: a class, at a layer, on a piece of an image, by a model."""

    image_sha256: str
    model_sha256: str
    class_index: int
    layer: str
    piece: "Piece"


@dataclass(eq=False, kw_only=True)
class ExplanationJob(Job):
    """The maps of one subject, method by method; `maps` grows while it runs."""

    deed: ClassVar[str] = "explain this"

    package: "Package"
    subject: Subject
    inputs: "NDArray[np.uint8]"
    wanted: "tuple[MethodName, ...]"
    maps: "dict[MethodName, NDArray[np.float32]]" = field(default_factory=dict)

    @property
    def visible(self) -> tuple[object, ...]:
        """A map more draws the page anew."""
        return self.running, len(self.maps)

    def work(self) -> None:
        """Compute the wanted maps, one after the other."""
        from core.explain.methods.run import explain  # noqa: PLC0415 - SciPy
        from core.inference.classifier import get_classifier  # noqa: PLC0415 - TensorFlow

        self.report("Loading the model")
        classifier = get_classifier(self.package)
        for number, name in enumerate(self.wanted, start=1):
            stage = f"{METHODS[name].title} ({number} of {len(self.wanted)})"
            self.report(stage)
            self.maps[name] = explain(
                classifier,
                self.inputs,
                self.subject.class_index,
                name,
                layer=self.subject.layer,
                progress=partial(self.note, stage),
                cancelled=lambda: self.stopping,
            )[0]


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs[Subject, ExplanationJob]:
    return Jobs(MOST_KEPT)


def explanation_of(subject: Subject) -> ExplanationJob | None:
    """The explanations of a subject, if anybody has asked for any."""
    return _jobs().get(subject)


def explain_now(
    package: "Package",
    subject: Subject,
    inputs: "NDArray[np.uint8]",
    wanted: "tuple[MethodName, ...]",
) -> None:
    """Start what is wanted and not there yet, unless the subject is being explained already."""

    def make() -> ExplanationJob:
        earlier = explanation_of(subject)
        maps = dict(earlier.maps) if earlier else {}
        missing = tuple(name for name in wanted if name not in maps)
        return ExplanationJob(
            package=package, subject=subject, inputs=inputs, wanted=missing, maps=maps
        )

    _jobs().start(subject, make, anew=True)
