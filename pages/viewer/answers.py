"""The answers that whole slides have or are getting, and their maps."""

from typing import TYPE_CHECKING

from pages.viewer.opening import SlideView
from pages.viewer.steering import Looked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.slides.answering import AnswerState
    from core.slides.map_layers import MapLayer

ACTIVE = ("waiting", "running")


def answer_of(view: SlideView) -> "AnswerState | None":
    """Return how the latest answer of a slide by a model stands; None if nobody asked for it."""
    return next(_answers(view), None)


def finished_of(view: SlideView) -> "AnswerState | None":
    """Return the last answer that was finished: it stays on show until a newer one is, too."""
    return next((state for state in _answers(view) if state.state == "finished"), None)


def _answers(view: SlideView) -> "Iterator[AnswerState]":
    """Of the whole slide by the model on show, the one asked for last first."""
    from core.slides.answering import answers_of  # noqa: PLC0415 - not needed to draw a page

    for state in answers_of(view.info.fingerprint):
        request = state.request
        same_scale = view.info.um_per_px is not None or request.um_per_px == view.um_per_px
        if (state.model or request.model) == view.model and same_scale and request.within is None:
            yield state


def layer_of(answer: str) -> "MapLayer | None":
    """Return the map of an answer, as far as it is; None before there is any."""
    from core.slides.answering import load_answer  # noqa: PLC0415 - not needed to draw a page
    from core.slides.map_layers import MapLayer  # noqa: PLC0415

    loaded = load_answer(answer)
    if loaded is None:
        return None
    blocks, (across, down) = loaded.blocks, loaded.map_step
    return MapLayer(blocks.values, blocks.rows * down, blocks.columns * across)


def ask_slide(view: SlideView) -> None:
    """Have the whole slide answered.

    Raises
    ------
    LobuleError
        If it cannot be.
    """
    from core.slides.answering import start  # noqa: PLC0415 - not needed to draw a page

    um_per_px = None if view.info.um_per_px else view.um_per_px
    start(view.info.path, model=view.model, um_per_px=um_per_px)


def look_there(views: list[SlideView], looked: Looked) -> None:
    """Have the part that somebody looks at answered first."""
    from core.slides.answering import look_at  # noqa: PLC0415 - not needed to draw a page

    if looked.pane in range(len(views)) and (state := answer_of(views[looked.pane])):
        look_at(state.id, looked.box)


def standing(views: list[SlideView]) -> tuple[str | None, ...]:
    """What a page that is drawn now shows of the answers, besides their progress."""
    states = [answer_of(view) for view in views]
    return tuple(f"{state.id} {state.state}" if state else None for state in states)


def is_answering(views: list[SlideView]) -> bool:
    """Whether one of the answers will still change."""
    states = [answer_of(view) for view in views]
    return any(state.state in ACTIVE for state in states if state)
