"""The folder of a run."""

import os
import re
from pathlib import Path

from pydantic import ValidationError

from core.atomic import flush
from core.errors import TrainingError
from core.jobs.folder import JobFolder, join_line
from core.settings import get_settings
from core.training.jobs.events import Events
from core.training.request.request import Request

_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9][a-z0-9_-]*")


class RunFolder(JobFolder):
    """Where everything about a run is kept; `packages` holds the finished model."""

    @property
    def checkpoints(self) -> Path:
        """The state of training after the last epochs."""
        return self.path / "checkpoints"

    @property
    def shelved(self) -> Path:
        """Names the model that the run put on the shelf last, by its hash."""
        return self.path / "shelved"

    @property
    def packages(self) -> Path:
        """Folder of the finished model package."""
        return self.path / "package"

    def read_request(self) -> Request:
        """What was asked for.

        Raises
        ------
        TrainingError
            If the file is missing or damaged, or was written by another version of Lobule.
        """
        try:
            return Request.model_validate_json(self.request.read_bytes())
        except (OSError, ValidationError) as error:
            raise TrainingError(
                f"The run {self.id} cannot be read: {self.request} is missing, damaged, or from "
                "another version of Lobule. Start a new run."
            ) from error


def find_folder(run: str) -> RunFolder:
    """The folder of a run, by its id.

    Raises
    ------
    TrainingError
        If there is no such run.
    """
    folder = RunFolder(get_settings().runs / run)
    if not _ID.fullmatch(run) or not os.path.lexists(folder.path):
        raise TrainingError(
            f"There is no run {run!r} in {get_settings().runs}. `python -m core runs list` "
            "lists the existing ones."
        )
    return folder


def run_folders() -> list[RunFolder]:
    """Every run's folder, in no order.

    Raises
    ------
    TrainingError
        If the folder that they lie in cannot be read.
    """
    runs = get_settings().runs
    try:
        return [RunFolder(path) for path in runs.iterdir() if _ID.fullmatch(path.name)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TrainingError(
            f"The runs in {runs} cannot be read ({error.strerror}). Allow reading there, or set "
            "LOBULE_HOME to another folder."
        ) from error


def create_folder(request: Request) -> tuple[RunFolder, int]:
    """Put a run into the line; its folder appears whole, with its lock held.

    Returns
    -------
    folder : RunFolder
    lock : int
        Descriptor of the lock, as `core.jobs.lock.take` returns it.

    Raises
    ------
    TrainingError
        If the folder cannot be written.
    """
    # The process that resumes may be started elsewhere.
    places = {"data": _absolute(request.data), "folder": _absolute(request.folder)}
    content = request.model_copy(update=places).model_dump_json(indent=1)

    def fill(path: Path) -> None:
        new = RunFolder(path)
        new.request.write_text(content, encoding="utf-8")
        flush(new.request)
        Events(new.events).reserve()
        Events(new.events).write("queued")

    try:
        path, lock = join_line(get_settings().runs, request.name, fill, TrainingError)
    except OSError as error:
        raise TrainingError(
            f"The run cannot be written to {get_settings().runs}: {error.strerror}. Free some "
            "space or allow writing there, or set LOBULE_HOME to another folder."
        ) from error
    return RunFolder(path), lock


def _absolute(path: Path | None) -> Path | None:
    return Path(os.path.abspath(path)) if path is not None else None  # noqa: PTH100 - links stay
