"""The folder of a slide's answer."""

import os
import re
from pathlib import Path

from core.errors import SlideError
from core.jobs.control import create_job, job_folders, read_asked
from core.jobs.folder import JobFolder
from core.settings import get_settings
from core.slides.answering.events import AnswerEvents
from core.slides.answering.request import AnswerRequest

_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}(-\d+)?")
_PRINT = 8  # digits of the slide's fingerprint that are part of the id


class AnswerFolder(JobFolder):
    """Where everything about the answer of a slide is kept."""

    @property
    def plan(self) -> Path:
        """Which tiles are to be answered, and where there is tissue."""
        return self.path / "plan.npz"

    @property
    def tiles(self) -> Path:
        """What was answered of each tile; only ever appended to."""
        return self.path / "tiles.bin"

    @property
    def look(self) -> Path:
        """Which part of the slide somebody looks at."""
        return self.path / "look.json"

    @property
    def summary(self) -> Path:
        """What follows from the tiles, once all are answered."""
        return self.path / "summary.json"

    @property
    def map(self) -> Path:
        """The probability map, a tiled TIFF."""
        return self.path / "map.tiff"

    def read_request(self) -> AnswerRequest:
        """What was asked for.

        Raises
        ------
        SlideError
            If the file is missing or damaged, or was written by another version of Lobule.
        """
        return read_asked(self, AnswerRequest, "answer", "Ask for a new answer.", SlideError)


def find_answer(answer: str) -> AnswerFolder:
    """The folder of an answer, by its id.

    Raises
    ------
    SlideError
        If there is no such answer.
    """
    folder = AnswerFolder(get_settings().slide_answers / answer)
    if not _ID.fullmatch(answer) or not os.path.lexists(folder.path):
        raise SlideError(
            f"There is no answer {answer[:60]!r} in {get_settings().slide_answers}. Choose one of "
            "those that the slide has, or ask for a new one."
        )
    return folder


def answer_folders() -> list[AnswerFolder]:
    """Every answer's folder, in no order.

    Raises
    ------
    SlideError
        If the folder that they lie in cannot be read.
    """
    return job_folders(get_settings().slide_answers, _ID, AnswerFolder, "answers", SlideError)


def create_answer(request: AnswerRequest, answers: Path | None = None) -> tuple[AnswerFolder, int]:
    """Put an answer into the line; returns its folder and the descriptor of its lock.

    Parameters
    ----------
    request
    answers
        Where its folder is to lie; None: where all of them do.

    Raises
    ------
    SlideError
        If the folder cannot be written.
    """
    answers, name = answers or get_settings().slide_answers, request.fingerprint[:_PRINT]
    try:
        path, lock = create_job(
            answers, name, request.model_dump_json(indent=1), AnswerEvents, SlideError
        )
    except OSError as error:
        raise unwritable(answers, error) from error
    return AnswerFolder(path), lock


def unwritable(answers: Path, error: OSError) -> SlideError:
    """What to say where no answer can be written to a folder."""
    return SlideError(
        f"The answer cannot be written to {answers}: {error.strerror or error}. Make room or allow "
        "writing there, or set LOBULE_HOME to another folder."
    )
