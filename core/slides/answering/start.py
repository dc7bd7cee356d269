"""Have slides answered, go on with answers that were cut off, and say where one looks."""

import os
from pathlib import Path

from core.errors import SlideError
from core.imaging.scale import why_implausible
from core.jobs.control import ask_to_stop, require_inherited, take_again
from core.jobs.folder import tail
from core.jobs.lock import let_go
from core.jobs.process import detach
from core.registry.shelf import find
from core.rights import Deed, require
from core.slides.answering.events import AnswerEvents
from core.slides.answering.folder import AnswerFolder, create_answer, find_answer
from core.slides.answering.order import View, write_view
from core.slides.answering.plan import no_scale
from core.slides.answering.request import AnswerRequest, Polygon
from core.slides.answering.state import AnswerState, answers_of, state_of
from core.slides.answering.work import Told, work
from core.slides.slide import open_slide
from core.slides.stain import why_not_stained


def start(
    slide: Path,
    *,
    model: str | None = None,
    um_per_px: float | None = None,
    within: Polygon | None = None,
) -> str:
    """Have a slide answered by a process of its own, which outlives this one.

    Where the very same is waited for already, that answer's id is returned.

    Parameters
    ----------
    slide
        Its file or folder.
    model
        A name on the shelf; None takes the one at hand that knows such tissue.
    um_per_px
        Of the finest level, where the slide states none.
    within
        Answers only the tissue within this outline.

    Returns
    -------
    str
        The answer's id.

    Raises
    ------
    LobuleError
        If the slide cannot be opened or its scale is not known, there is no such model, or the
        answer cannot be written.
    """
    require(Deed.ANSWER_SLIDES)
    request = _request(slide, model, um_per_px, within)
    for known in answers_of(request.fingerprint):
        if known.request == request and known.state in {"waiting", "running"}:
            return known.id
    folder, lock = create_answer(request)
    _detach(folder, lock)
    return folder.id


def answer_here(
    slide: Path,
    *,
    model: str | None = None,
    um_per_px: float | None = None,
    within: Polygon | None = None,
    on_state: Told | None = None,
) -> AnswerState:
    """Answer a slide in this process; returns how it ended.

    Raises
    ------
    LobuleError
        As `start` and `core.slides.answering.work.work`.
    """
    folder, lock = create_answer(_request(slide, model, um_per_px, within))
    return _work_here(folder, lock, on_state)


def resume(answer: str) -> None:
    """Put an answer that was interrupted, cancelled or failed in line again, in its own process.

    Raises
    ------
    SlideError
        If there is no such answer, it is finished, or a process is at work on it.
    """
    require(Deed.ANSWER_SLIDES)
    _detach(*_take_again(answer))


def resume_here(answer: str, on_state: Told | None = None) -> AnswerState:
    """Go on with an answer in this process; returns how it ended.

    Raises
    ------
    LobuleError
        As `resume` and `core.slides.answering.work.work`.
    """
    return _work_here(*_take_again(answer), on_state)


def work_on(answer: str, lock: int) -> AnswerState:
    """Do an answer whose lock this process has inherited from the one that started it.

    Raises
    ------
    LobuleError
        As `core.slides.answering.work.work`.
    """
    folder = find_answer(answer)
    require_inherited(folder, lock, "answer", SlideError)
    return _work_here(folder, lock, None)


def cancel(answer: str) -> None:
    """Ask an answer to stop after the tiles that it is at; what was answered is kept.

    Raises
    ------
    SlideError
        If there is no such answer, or it does not run.
    """
    require(Deed.ANSWER_SLIDES)
    folder = find_answer(answer)
    state = state_of(folder).state
    if state not in {"waiting", "running"}:
        raise SlideError(f"The answer {answer} cannot be cancelled: it is {state} already.")
    ask_to_stop(folder, "answer", SlideError)


def look_at(answer: str, view: View) -> None:
    """Say which part of a slide somebody looks at: it is answered first.

    Where that cannot be written, the order stays as it is.

    Parameters
    ----------
    answer
        Its id.
    view
        x, y, width and height in pixels of the slide's finest level.

    Raises
    ------
    SlideError
        If there is no such answer.
    """
    folder = find_answer(answer)
    try:
        write_view(folder.look, view)
    except OSError:
        return


def read_log(answer: str, lines: int = 100) -> str:
    """The last lines of what an answer's process did and printed, as plain text.

    Raises
    ------
    SlideError
        If there is no such answer, or its log cannot be read.
    """
    path = find_answer(answer).log
    try:
        return tail(path, lines)
    except OSError as error:
        raise SlideError(f"The log {path} cannot be read ({error.strerror}).") from error


def _request(
    slide: Path, model: str | None, um_per_px: float | None, within: Polygon | None
) -> AnswerRequest:
    request = request_for(slide, model, um_per_px, within)
    if model is not None:
        find(model)
    return request


def request_for(
    slide: Path, model: str | None, um_per_px: float | None, within: Polygon | None = None
) -> AnswerRequest:
    """What is asked of a slide, by the parameters of `start`.

    Raises
    ------
    SlideError
        If it cannot be opened or answered, or its scale is not known.
    """
    with open_slide(slide) as opened:
        info, other_stain = opened.info, why_not_stained(opened)
    if other_stain is not None:
        raise SlideError(f"{info.name} cannot be answered. {other_stain}")
    if info.um_per_px is None and um_per_px is None:
        raise SlideError(no_scale(info))
    wrong = None if um_per_px is None else why_implausible(um_per_px)
    if wrong:
        raise SlideError(f"The scale is given as {um_per_px:g} µm/px, but it {wrong}")
    return AnswerRequest(
        slide=where(slide),
        name=info.name,
        fingerprint=info.fingerprint,
        model=model,
        um_per_px=um_per_px,
        within=within,
    )


def where(slide: Path) -> Path:
    """Where a slide lies, for processes that are started elsewhere; links stay."""
    return Path(os.path.abspath(slide))  # noqa: PTH100


def _take_again(answer: str) -> tuple[AnswerFolder, int]:
    folder = find_answer(answer)
    folder.read_request()
    busy = SlideError(f"The answer {answer} is being worked on. Cancel it first, or let it end.")
    return folder, take_again(
        folder, AnswerEvents(folder.events), busy, lambda: _refuse_finished(folder)
    )


def _refuse_finished(folder: AnswerFolder) -> None:
    if state_of(folder).state == "finished":
        raise SlideError(f"The answer {folder.id} is finished: there is nothing to resume.")


def _work_here(folder: AnswerFolder, lock: int, on_state: Told | None) -> AnswerState:
    try:
        return work(folder, on_state)
    finally:
        let_go(lock)


def _detach(folder: AnswerFolder, lock: int) -> None:
    """Start the process that answers."""
    try:
        detach(["slides", "work", folder.id], folder.log, lock, f"answer {folder.id}")
    except OSError as error:
        message = f"The process that answers cannot be started: {error.strerror}. Resume it."
        AnswerEvents(folder.events).write_end("failed", message=message)
        raise SlideError(message) from error
