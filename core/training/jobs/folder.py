"""The folder of a run."""

import os
import re
from pathlib import Path

from core.errors import TrainingError
from core.jobs.control import create_job, job_folders, read_asked
from core.jobs.folder import JobFolder
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
        return read_asked(self, Request, "run", "Start a new run.", TrainingError)


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
    return job_folders(get_settings().runs, _ID, RunFolder, "runs", TrainingError)


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

    try:
        path, lock = create_job(get_settings().runs, request.name, content, Events, TrainingError)
    except OSError as error:
        raise TrainingError(
            f"The run cannot be written to {get_settings().runs}: {error.strerror}. Free some "
            "space or allow writing there, or set LOBULE_HOME to another folder."
        ) from error
    return RunFolder(path), lock


def _absolute(path: Path | None) -> Path | None:
    return Path(os.path.abspath(path)) if path is not None else None  # noqa: PTH100 - links stay
