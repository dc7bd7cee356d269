"""What is done around a job's work, whatever kind of job it is: begun, stopped, taken up, ended.

Kinds differ in what they are called, which is their `noun`, and in their errors.
"""

import os
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from core.atomic import flush
from core.errors import LobuleError, Stopped
from core.jobs.events import EventLog
from core.jobs.folder import JobFolder, join_line, line_order, write_log
from core.jobs.lock import let_go, take

Folder = TypeVar("Folder", bound=JobFolder)
Asked = TypeVar("Asked", bound=BaseModel)


def create_job(
    jobs: Path,
    name: str,
    request: str,
    log: Callable[[Path], EventLog],
    error: type[LobuleError],
) -> tuple[Path, int]:
    """Put a job into the line with what was asked for, a JSON text.

    Returns its folder and the descriptor of its lock, and raises, as `core.jobs.folder.join_line`.
    """

    def fill(path: Path) -> None:
        new = JobFolder(path)
        new.request.write_text(request, encoding="utf-8")
        flush(new.request)
        events = log(new.events)
        events.reserve()
        events.write("queued")

    return join_line(jobs, name, fill, error)


def job_folders(
    jobs: Path,
    pattern: re.Pattern[str],
    folder: type[Folder],
    plural: str,
    error: type[LobuleError],
) -> list[Folder]:
    """Every job's folder, in no order; those whose names have the pattern of ids.

    Raises
    ------
    LobuleError
        Of the kind given, if the folder that they lie in cannot be read.
    """
    try:
        return [folder(path) for path in jobs.iterdir() if pattern.fullmatch(path.name)]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise error(
            f"The {plural} in {jobs} cannot be read ({fault.strerror}). Allow reading there, or "
            "set LOBULE_HOME to another folder."
        ) from fault


def read_asked(
    job: JobFolder, kind: type[Asked], noun: str, then: str, error: type[LobuleError]
) -> Asked:
    """What was asked for; `then` is a sentence on what to do where that cannot be read.

    Raises
    ------
    LobuleError
        Of the kind given, if the file is missing or damaged, or of another version of Lobule.
    """
    try:
        return kind.model_validate_json(job.request.read_bytes())
    except (OSError, ValidationError) as fault:
        raise error(
            f"The {noun} {job.id} cannot be read: {job.request} is missing, damaged, or from "
            f"another version of Lobule. {then}"
        ) from fault


def require_inherited(job: JobFolder, lock: int, noun: str, error: type[LobuleError]) -> None:
    """Refuse a descriptor that is not the job's lock.

    Raises
    ------
    LobuleError
        Of the kind given, then.
    """
    if not os.path.samestat(os.fstat(lock), job.lock.stat()):
        raise error(f"Descriptor {lock} is not the lock of the {noun} {job.id}.")


def ask_to_stop(job: JobFolder, noun: str, error: type[LobuleError]) -> None:
    """Leave word that a job shall stop.

    Raises
    ------
    LobuleError
        Of the kind given, if that cannot be written.
    """
    try:
        job.cancel.touch()
    except OSError as fault:
        raise error(
            f"The {noun} {job.id} cannot be cancelled: {job.path} cannot be written to "
            f"({fault.strerror})."
        ) from fault


def take_again(
    job: JobFolder,
    events: EventLog,
    busy: LobuleError,
    refuse: Callable[[], None] = lambda: None,
) -> int:
    """Put a job that nobody works on in line again; returns the descriptor of its lock.

    Parameters
    ----------
    job
    events
        Its own.
    busy
        Raised where a process works on it.
    refuse
        Called with the lock held; raises where there is nothing to go on with.
    """
    lock = take(job.lock)
    if lock is None:
        raise busy
    try:
        refuse()
        job.cancel.unlink(missing_ok=True)
        flush(job.path)
        with line_order(job.path.parent, type(busy)):
            events.write("queued")
    except BaseException:
        let_go(lock)
        raise
    return lock


@contextmanager
def written_end(
    job: JobFolder,
    events: EventLog,
    in_words: Callable[[Exception], str],
    error: type[LobuleError],
) -> Iterator[None]:
    """Write down how a job's work ends where it does not end well, and raise it again.

    Parameters
    ----------
    job
    events
        Its own.
    in_words
        What to say, to people, of an error that nobody has foreseen.
    error
        What becomes of such a one.
    """
    try:
        yield
    except Stopped as stopped:
        write_log(job, f"Cancelled: {stopped}")
        events.write_end("cancelled", message=str(stopped))
        raise
    except LobuleError as fault:
        write_log(job, f"Failed: {fault}")
        events.write_end("failed", message=str(fault))
        raise
    except Exception as fault:
        message = in_words(fault)
        write_log(job, f"Failed: {message}\n{traceback.format_exc()}")
        events.write_end("failed", message=message)
        raise error(message) from fault
