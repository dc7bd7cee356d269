"""Slides that came in here, deleted again; nothing below LOBULE_SLIDES ever is."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from core.errors import SlideError
from core.jobs.lock import let_go, take
from core.rights import Deed, require
from core.settings import get_settings
from core.slides import open_slides
from core.slides.answering.folder import find_answer
from core.slides.answering.state import AnswerState, answers_of
from core.slides.roots import SlideFile, list_slides, slide_path


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes with a slide."""

    whole: Path
    """The folder, or file, that came in."""
    slides: tuple[SlideFile, ...]
    """Those that came in together, itself among them."""
    answers: tuple[AnswerState, ...]
    """Theirs."""


def is_removable(slide: SlideFile) -> bool:
    """Whether a slide was uploaded or fetched, so that it can be deleted here."""
    return _whole(slide.path) is not None


def what_goes(slide_id: str) -> Removal:
    """Tell what would be deleted with a slide.

    Raises
    ------
    SlideError
        If there is no such slide, or it lies in a folder of LOBULE_SLIDES.
    """
    path = slide_path(slide_id)
    whole = _whole(path)
    if whole is None:
        raise SlideError(
            f"{path.name} lies in a folder of LOBULE_SLIDES, where nothing is changed. Delete it "
            "there."
        )
    going = tuple(slide for slide in list_slides() if slide.path.is_relative_to(whole))
    prints = dict.fromkeys(filter(None, map(_fingerprint, going)))
    answers = (state for each in prints for state in answers_of(each))
    return Removal(whole, going, tuple(answers))


def remove(slide_id: str, *, answers: bool = False) -> None:
    """Delete a slide that was uploaded or fetched, with all files that came with it.

    Cases that were saved from it stay.

    Parameters
    ----------
    slide_id
        As the list gives it.
    answers
        Whether its answers are deleted, too; else they belong to it again should it come back.

    Raises
    ------
    SlideError
        As `what_goes`; or if it is being answered, or its files cannot be deleted.
    """
    require(Deed.REMOVE_SLIDES)
    going = what_goes(slide_id)
    name = slide_path(slide_id).name
    if any(state.state in {"waiting", "running"} for state in going.answers):
        raise SlideError(f"{name} is being answered. Cancel that first, or let it end.")
    if answers:
        for state in going.answers:
            _delete_answer(state.id)
    for slide in going.slides:
        open_slides.let_go(slide.id)
    try:
        if going.whole.is_dir():
            shutil.rmtree(going.whole)
        else:
            going.whole.unlink(missing_ok=True)
    except OSError as error:
        raise SlideError(
            f"{name} cannot be deleted ({error.strerror}). Allow writing to {going.whole.parent}, "
            "then try again."
        ) from error


def _delete_answer(answer: str) -> None:
    folder = find_answer(answer)
    try:
        lock = take(folder.lock)
        if lock is None:
            raise SlideError(f"The answer {answer} is being worked on. Cancel it first.")
        try:
            gone = folder.path.with_name(f".gone-{answer}")  # no list shows half of one
            folder.path.rename(gone)
            shutil.rmtree(gone)
        finally:
            let_go(lock)
    except OSError as error:
        raise SlideError(
            f"The answer {answer} cannot be deleted ({error.strerror}). Allow writing to "
            f"{folder.path.parent}, then try again."
        ) from error


def _whole(path: Path) -> Path | None:
    """What came in together with a slide; None where it may not be touched."""
    settings = get_settings()
    named = [root.resolve() for root in settings.slide_roots]
    for root in (settings.slide_uploads.resolve(), settings.slide_downloads.resolve()):
        if not path.is_relative_to(root) or path == root:
            continue
        whole = root / path.relative_to(root).parts[0]
        if not any(path.is_relative_to(base) or base.is_relative_to(whole) for base in named):
            return whole
    return None


def _fingerprint(slide: SlideFile) -> str | None:
    try:
        return open_slides.opened(slide.id).info.fingerprint
    except SlideError:  # damaged since it came in: nobody knows which answers were its own
        return None
