"""Answers to the samples, given before anybody asks, so that a click shows one at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from pages.desk.state import Upload
from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis


_TICK = 0.1  # seconds


@dataclass(eq=False)
class AnswersAhead(Job):
    """The answering of a few images by the model that Lobule chooses."""

    deed = "answer the samples"
    uploads: tuple[Upload, ...]
    busy: Callable[[], bool]
    """Whether somebody waits for an answer of their own: until then, this rests."""
    answers: "dict[str, Diagnosis]" = field(default_factory=dict)
    """By the image's id."""

    def work(self) -> None:
        """Answer one after the other."""
        from core.diagnosis import diagnose  # noqa: PLC0415 - not needed to draw the page

        for upload in self.uploads:
            self.answers[upload.id] = diagnose(
                upload.load(),
                name=upload.name,
                um_per_px=upload.um_per_px,
                progress=self._give_way,
            )

    def _give_way(self, _share: float, _words: str) -> None:
        while self.busy():
            time.sleep(_TICK)


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs[str, AnswersAhead]:
    return Jobs(1)


def answer_ahead(uploads: tuple[Upload, ...], shelf: str, busy: Callable[[], bool]) -> None:
    """Have images answered once, in the background.

    Parameters
    ----------
    uploads
        Those that the page offers.
    shelf
        What the choice of a model depends on.
    busy
        Whether somebody waits for an answer of their own, which then comes first.
    """
    _jobs().start(shelf, lambda: AnswersAhead(uploads, busy))


def answered_ahead(upload: Upload, shelf: str, um_per_px: float | None) -> "Diagnosis | None":
    """Return the answer to an image at its own scale, if it was given ahead."""
    job = _jobs().get(shelf)
    if job is None or um_per_px != upload.um_per_px:
        return None
    return job.answers.get(upload.id)
