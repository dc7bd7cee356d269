"""Pieces of work for tests; they run in other processes."""

import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from core.errors import ClusterError
from core.settings import get_settings


def square(progress: Callable[[float], None], number: int) -> int:
    progress(0.5)
    return number**2


def measure(progress: Callable[[float], None], content: bytes) -> int:
    progress(0.5)
    time.sleep(0.2)
    return len(content)


def refuse(progress: Callable[[float], None], number: int) -> int:
    if number == 3:
        raise ClusterError("3 is refused. Give another number.")
    if number == 4:
        raise ZeroDivisionError("four")
    return square(progress, number)


def die_once(progress: Callable[[float], None], mark: str, number: int) -> int:
    """Killed like a process that runs out of memory, the first time."""
    if number == 2 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return square(progress, number)


def die(progress: Callable[[float], None]) -> None:
    progress(0.1)
    os.kill(os.getpid(), signal.SIGKILL)


def threads(progress: Callable[[float], None]) -> tuple[str | None, str | None]:
    progress(1.0)
    return os.environ.get("OMP_NUM_THREADS"), os.environ.get("TF_NUM_INTRAOP_THREADS")


def wait(progress: Callable[[float], None], marks: str, number: int, seconds: float) -> int:
    """Leave a mark at each beginning."""
    (Path(marks) / f"{number}-{os.getpid()}").touch()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        progress(1 - (until - time.monotonic()) / seconds)
        time.sleep(0.05)
    return number


def unsendable(progress: Callable[[float], None]) -> Callable[[], None]:
    progress(1.0)
    return lambda: None


def sleep(progress: Callable[[float], None], marks: str) -> None:
    """Busy without a word, as while a library is loaded."""
    progress(0.0)
    (Path(marks) / f"mark-{os.getpid()}").touch()
    time.sleep(120)


def read(
    progress: Callable[[float], None], folder: Path, seconds: float
) -> tuple[str, dict[str, str], str]:
    """Where files are, and what they hold."""
    progress(0.5)
    time.sleep(seconds)
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).iterdir())
    }
    return str(folder), hashes, str(get_settings().home)
