"""The folder of a sweep."""

import os
import re
from pathlib import Path

from core.errors import TrainingError
from core.jobs.control import create_job, job_folders, read_asked
from core.jobs.folder import JobFolder
from core.settings import get_settings
from core.training.request.request import as_name
from core.training.sweep.jobs.events import SweepEvents
from core.training.sweep.sweep_file import Sweep

_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9][a-z0-9_-]*")


class SweepFolder(JobFolder):
    """Where everything about a sweep is kept."""

    @property
    def answers(self) -> Path:
        """A file for each piece of work that is done."""
        return self.path / "answers"

    @property
    def result(self) -> Path:
        """What came of it, once all is judged."""
        return self.path / "result.json"

    @property
    def predictions(self) -> Path:
        """The held-out predictions that its nested figures are worked out from."""
        return self.path / "nested.csv"

    def read_request(self) -> Sweep:
        """What was asked for.

        Raises
        ------
        TrainingError
            If the file is missing or damaged, or was written by another version of Lobule.
        """
        return read_asked(self, Sweep, "sweep", "Start a new sweep.", TrainingError)


def find_sweep(sweep: str) -> SweepFolder:
    """The folder of a sweep, by its id.

    Raises
    ------
    TrainingError
        If there is no such sweep.
    """
    folder = SweepFolder(get_settings().sweeps / sweep)
    if not _ID.fullmatch(sweep) or not os.path.lexists(folder.path):
        raise TrainingError(
            f"There is no sweep {sweep[:80]!r} in {get_settings().sweeps}. `python -m core sweeps "
            "list` lists the existing ones."
        )
    return folder


def sweep_folders() -> list[SweepFolder]:
    """Every sweep's folder, in no order.

    Raises
    ------
    TrainingError
        If the folder that they lie in cannot be read.
    """
    return job_folders(get_settings().sweeps, _ID, SweepFolder, "sweeps", TrainingError)


def create_sweep(sweep: Sweep) -> tuple[SweepFolder, int]:
    """Make a sweep's folder; it appears whole, with its lock held.

    Returns
    -------
    folder : SweepFolder
    lock : int
        Descriptor of the lock, as `core.jobs.lock.take` returns it.

    Raises
    ------
    TrainingError
        If the folder cannot be written.
    """
    name, content = as_name(sweep.name, "sweep"), sweep.model_dump_json(indent=1)
    try:
        path, lock = create_job(get_settings().sweeps, name, content, SweepEvents, TrainingError)
    except OSError as error:
        raise TrainingError(
            f"The sweep cannot be written to {get_settings().sweeps}: {error.strerror}. Free some "
            "space or allow writing there, or set LOBULE_HOME to another folder."
        ) from error
    return SweepFolder(path), lock
