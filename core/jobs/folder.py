"""The folder of a job, and the line that the jobs of one kind stand in."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.atomic import free_name
from core.errors import LobuleError
from core.jobs.lock import let_go, take

_LINE_PATIENCE = 30.0
_PAUSE = 0.5
_LINE_BYTES = 400  # of a log, roughly; longer lines only mean that fewer are shown


@dataclass(frozen=True)
class JobFolder:
    """Where everything about a job is kept.

    `lock` is held for as long as a process works on the job, `cancel` exists once it shall stop.
    """

    path: Path

    @property
    def id(self) -> str:
        """The job's name: when it was asked for, and what for."""
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
    def lock(self) -> Path:
        """Held by the process that works on the job."""
        return self.path / "lock"

    @property
    def cancel(self) -> Path:
        """Exists once the job shall stop."""
        return self.path / "cancel"


def join_line(
    jobs: Path, name: str, fill: Callable[[Path], None], error: type[LobuleError]
) -> tuple[Path, int]:
    """Put a job into the line; its folder appears whole, with its lock held.

    Parameters
    ----------
    jobs
        The folder that jobs of this kind lie in.
    name
        What the id shall end with.
    fill
        Writes what the new folder holds.
    error
        As for `line_order`.

    Returns
    -------
    folder : Path
    lock : int
        Descriptor of the lock, as `core.jobs.lock.take` returns it.

    Raises
    ------
    OSError
        If the folder cannot be written.
    LobuleError
        As `line_order`.
    """
    lock = None
    with line_order(jobs, error):
        for left in jobs.glob(".new-*"):  # nobody else makes one now
            shutil.rmtree(left, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=jobs))
        try:
            fill(new)
            lock = take(JobFolder(new).lock)
            new.chmod(0o755)
            first = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{name}"
            folder = new.rename(jobs / free_name(first, lambda id_: (jobs / id_).exists()))
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            if lock is not None:
                let_go(lock)
            raise
    assert lock is not None  # noqa: S101 - nobody else knows this file yet
    return folder, lock


@contextmanager
def line_order(jobs: Path, error: type[LobuleError]) -> Iterator[None]:
    """Join the line one at a time, so that the times of joining are in the order of joining.

    Raises
    ------
    LobuleError
        Of the kind given, if another process holds the line for long.
    """
    jobs.mkdir(parents=True, exist_ok=True)
    lock = take(jobs / "line.lock", _LINE_PATIENCE)
    if lock is None:
        raise error(
            f"Another process has been adding to {jobs} for {_LINE_PATIENCE:.0f} seconds. "
            "Try again."
        )
    try:
        yield
    finally:
        let_go(lock)


def wait_turn(
    jobs: Path, ahead: Callable[[], int], check: Callable[[], None], on_wait: Callable[[int], None]
) -> int:
    """Wait until it is one's turn; returns the descriptor of the lock of who has the turn.

    Parameters
    ----------
    jobs
        The folder that jobs of this kind lie in.
    ahead
        Counts the living jobs that come first.
    check
        Called before every look; raises to stop waiting.
    on_wait
        Given the number of jobs that come first, at least 1, as long as there are any.
    """
    while True:
        check()
        others = ahead()
        if not others:
            lock = take(jobs / "device.lock", patience=0)
            if lock is not None:
                return lock
        on_wait(max(others, 1))
        time.sleep(_PAUSE)


def write_log(job: JobFolder, text: str) -> None:
    """Append a line with the time to a job's log; a log that cannot be written stops no job."""
    at = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    try:
        with job.log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{at}  {text.rstrip()}\n")
    except OSError:
        pass  # the disk may be what is at fault


def tail(path: Path, lines: int) -> str:
    """Return the last lines of a text file; nothing where there is none.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - lines * _LINE_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
