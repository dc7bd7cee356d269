"""The folder of a run."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from core.atomic import flush, free_name
from core.errors import TrainingError
from core.settings import get_settings
from core.training.jobs.events import Events
from core.training.jobs.lock import let_go, take
from core.training.request.request import Request

_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9][a-z0-9_-]*")
_LINE_PATIENCE = 30.0


@dataclass(frozen=True)
class RunFolder:
    """Where everything about a run is kept.

    `lock` is held for as long as a process works on the run, `cancel` exists once it shall stop,
    and `packages` holds the finished model.
    """

    path: Path

    @property
    def id(self) -> str:
        """The run's name: when it was asked for, and for which model."""
        return self.path.name

    @property
    def request(self) -> Path:
        """What was asked for."""
        return self.path / "request.json"

    @property
    def events(self) -> Path:
        """What happened."""
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        """What it did, for people, and what its process printed."""
        return self.path / "log.txt"

    @property
    def checkpoints(self) -> Path:
        """The state of training after the last epochs."""
        return self.path / "checkpoints"

    @property
    def lock(self) -> Path:
        """Held by the process that works on the run."""
        return self.path / "lock"

    @property
    def cancel(self) -> Path:
        """Exists once the run shall stop."""
        return self.path / "cancel"

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
            f"There is no run {run!r} in {get_settings().runs}. "
            "`python -m core runs list` names those that there are."
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
        Descriptor of the lock, as `core.training.jobs.lock.take` returns it.

    Raises
    ------
    TrainingError
        If the folder cannot be written.
    """
    # The process that resumes may be started elsewhere.
    places = {"data": _absolute(request.data), "folder": _absolute(request.folder)}
    lock = None
    try:
        with line_order() as runs:
            for left in runs.glob(".new-*"):  # nobody else makes one now
                shutil.rmtree(left, ignore_errors=True)
            new = RunFolder(Path(tempfile.mkdtemp(prefix=".new-", dir=runs)))
            try:
                content = request.model_copy(update=places).model_dump_json(indent=1)
                new.request.write_text(content, encoding="utf-8")
                flush(new.request)
                Events(new.events).reserve()
                Events(new.events).write("queued")
                lock = take(new.lock)
                new.path.chmod(0o755)
                folder = RunFolder(new.path.rename(runs / _free_id(runs, request.name)))
            except BaseException:
                shutil.rmtree(new.path, ignore_errors=True)
                if lock is not None:
                    let_go(lock)
                raise
    except OSError as error:
        raise TrainingError(
            f"The run cannot be written to {get_settings().runs}: {error.strerror}. Make room or "
            "allow writing there, or set LOBULE_HOME to another folder."
        ) from error
    assert lock is not None  # noqa: S101 - nobody else knows this file yet
    return folder, lock


@contextmanager
def line_order() -> Iterator[Path]:
    """Join the line one at a time, so that the times of joining are in the order of joining."""
    runs = get_settings().runs
    runs.mkdir(parents=True, exist_ok=True)
    lock = take(runs / "line.lock", _LINE_PATIENCE)
    if lock is None:
        raise TrainingError(
            f"Another process has been adding a run to {runs} for {_LINE_PATIENCE:.0f} seconds. "
            "Try again."
        )
    try:
        yield runs
    finally:
        let_go(lock)


def _free_id(runs: Path, name: str) -> str:
    first = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{name}"
    return free_name(first, lambda name: (runs / name).exists())


def _absolute(path: Path | None) -> Path | None:
    return Path(os.path.abspath(path)) if path is not None else None  # noqa: PTH100 - links stay


def write_log(run: RunFolder, text: str) -> None:
    """Append a line with the time to a run's log; a log that cannot be written stops no run."""
    at = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    try:
        with run.log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{at}  {text.rstrip()}\n")
    except OSError:
        pass  # the disk may be what is at fault
