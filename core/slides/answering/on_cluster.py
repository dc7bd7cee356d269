"""Slides answered on the Ray cluster that `LOBULE_RAY` names, each of them whole on one machine.

They do not travel: every machine reads them where they lie, on storage that all of them share. The
model travels there, and what was answered comes back to this computer's answers.
"""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple

from core.atomic import write_whole
from core.cluster import Task, compute_answers
from core.errors import LobuleError, SlideError
from core.jobs.lock import let_go
from core.registry.package import Package
from core.registry.shelf import find
from core.registry.travelling import Travelling, arrived, send_off
from core.settings import get_settings
from core.slides.answering.events import AnswerEvents
from core.slides.answering.folder import create_answer, find_answer, unwritable
from core.slides.answering.plan import read_plan
from core.slides.answering.request import AnswerRequest
from core.slides.answering.start import request_for, where
from core.slides.answering.state import AnswerState, every_state
from core.slides.answering.work import AnswerTeller, answer_slide, new_plan
from core.slides.files import files_of
from core.slides.fingerprint import fingerprint


class AnsweredThere(NamedTuple):
    """What was asked, and the files of the answer's folder, by their names; the events last."""

    request: AnswerRequest
    files: dict[str, bytes]


def answer_on_cluster(
    slides: Sequence[Path],
    model: str,
    um_per_px: float | None,
    progress: Callable[[float], None],
) -> Iterator[tuple[Path, str | LobuleError]]:
    """Answer slides; yield each with its answer's id, or why it has none, as they are done.

    One that this model has answered already is not answered again, so that an archive that was cut
    off goes on. What is done is kept, whatever becomes of the others.

    Parameters
    ----------
    slides : sequence of Path
        Under the same path on every machine, this one included.
    model : str
        Of the shelf.
    um_per_px : float, optional
        Of the finest level, where a slide states none.
    progress : callable
        Given the share done, in [0, 1].

    Raises
    ------
    ClusterError
        If the cluster cannot be reached.
    PackageError
        If there is no such model.
    SlideError
        If the answers cannot be read, or none can be written.
    """
    package = find(model)
    before = _answered_before(slides, package, model, um_per_px)
    waiting: dict[str, Path] = {}
    for number, slide in enumerate(slides):
        if answer := _known(before, slide):
            yield slide, answer
        else:
            waiting[str(number)] = slide
    if not waiting:
        return
    _refuse_unwritable()
    travelling, files = send_off(package)
    works = [
        Task(
            key,
            answer_there,
            {
                "travelling": travelling,
                "slide": where(slide),
                "called": model,
                "um_per_px": um_per_px,
            },
            files,
        )
        for key, slide in waiting.items()
    ]
    for came in compute_answers(works, progress):
        try:
            yield waiting[came.key], came.error or _keep(came.result)
        except SlideError as error:
            yield waiting[came.key], error


def answer_there(
    progress: Callable[[float], None],
    travelling: Travelling,
    slide: Path,
    called: str,
    um_per_px: float | None,
    **folders: Path,
) -> AnsweredThere:
    """Answer a slide, wherever that is.

    Parameters
    ----------
    progress : callable
    travelling : Travelling
        The model; `folders` hold its files.
    slide : Path
    called : str
        What the model is called where this was asked.
    um_per_px : float or None

    Raises
    ------
    LobuleError
        If the slide is not there or cannot be answered.
    """
    if not os.access(slide, os.R_OK):
        raise SlideError(
            f"{slide} is not on {socket.gethostname()}, or must not be read there. Slides do not "
            "travel: put them on storage that every machine of the cluster reaches under the same "
            "path."
        )
    request = request_for(slide, called, um_per_px)
    package = arrived(travelling, folders)
    with TemporaryDirectory() as answers:
        folder, lock = create_answer(request, Path(answers))
        try:
            teller = AnswerTeller(
                folder,
                AnswerEvents(folder.events),
                lambda state: progress(state.done if state.tiles else 0.0),
            )
            answer_slide(
                folder, teller, lambda opened: new_plan(folder, opened, package, called, teller)
            )
            teller.finish()
            made = (folder.plan, folder.tiles, folder.map, folder.summary, folder.log)
            files = {path.name: path.read_bytes() for path in (*made, folder.events)}
            return AnsweredThere(request, files)
        finally:
            let_go(lock)


def _refuse_unwritable() -> None:
    """Rather now than after hours, with every slide."""
    answers = get_settings().slide_answers
    try:
        answers.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=answers):
            pass
    except OSError as error:
        raise unwritable(answers, error) from error


def _keep(answered: AnsweredThere) -> str:
    """Lay an answer beside those of this computer; if that is cut off, it can be resumed here."""
    folder, lock = create_answer(answered.request)
    try:
        for name, content in answered.files.items():
            write_whole(folder.path / name, content)
    except OSError as error:
        words = (
            f"The answer cannot be written to {folder.path}: {error.strerror or error}. Make room "
            f"or allow writing there; `slides resume {folder.id}` answers it here."
        )
        AnswerEvents(folder.events).write_end("failed", message=words)
        raise SlideError(words) from error
    finally:
        let_go(lock)
    return folder.id


def _answered_before(
    slides: Sequence[Path], package: Package, model: str, um_per_px: float | None
) -> dict[Path, AnswerState]:
    """Finished answers by this very model, of any of these slides, by their path."""
    paths = {where(slide) for slide in slides}
    return {
        state.request.slide: state
        for state in reversed(every_state())
        if state.state == "finished"
        and state.request.slide in paths
        and (state.model, state.request.um_per_px, state.request.within) == (model, um_per_px, None)
        and _by(package, state.id)
    }


def _by(package: Package, answer: str) -> bool:
    try:
        plan = read_plan(find_answer(answer))
    except SlideError:  # also of one that is removed meanwhile
        return False
    return plan is not None and plan.model_sha256 == package.model_sha256


def _known(before: dict[Path, AnswerState], slide: Path) -> str | None:
    """The answer that a slide has, unless another one lies in its place by now."""
    state = before.get(where(slide))
    try:
        same = state is not None and fingerprint(files_of(slide)) == state.request.fingerprint
    except (SlideError, OSError):  # told by the machine that is to answer it
        return None
    return state.id if state and same else None
