"""Read somebody else's file for the first time in a process that may take only so much.

A model of 26 KB can describe a layer of 10 GB, and the library that reads HDF5 has known faults
that a made-up file can reach: what is ended then is a process that holds nothing.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from core.errors import PackageError, Stopped
from core.settings import ROOT

MOST_BYTES = 4_000_000_000
"""Memory; TensorFlow itself takes 0.9 GB, and VGG19 with a large head 1.5 GB more."""
MOST_SECONDS = 300.0
"""VGG19 takes 50 of them to load and to answer its largest batch, where nothing else runs."""
MOST_WRITTEN = 250_000_000
"""Bytes of one file."""
_REFUSED = 3
_LOOK_AGAIN = 0.02
# What two may take together is more than a small server has.
_turn = threading.Lock()


def try_in_a_child(
    function: str,
    path: Path,
    *,
    most_bytes: int | None = None,
    most_written: int = MOST_WRITTEN,
    most_seconds: float | None = None,
    turn: threading.Lock = _turn,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Call a function with a path in a process of its own, and throw its result away.

    One at a time: others wait for their turn, as long as one may take.

    Parameters
    ----------
    function
        As "package.module:name"; takes one path.
    path
        A file or folder.
    most_bytes
        Memory that it may take; `MOST_BYTES` by default.
    most_written
        Size of a file that it may write, bytes.
    most_seconds
        Time that it may take; `MOST_SECONDS` by default.
    turn
        Held meanwhile. What takes long has one of its own: the others need not wait for it.
    stopped
        Looked at all the while: the process is ended once it is true.

    Raises
    ------
    PackageError
        As the function raised it; or if it took more memory or time than it may, its process
        crashed, or its turn did not come.
    Stopped
        If somebody asked to stop.
    """
    seconds = most_seconds or MOST_SECONDS
    if not _acquire(turn, seconds, stopped):
        raise PackageError(
            "Lobule is still trying other networks, one at a time. Try again in a few minutes."
        )
    try:
        _try(
            function,
            path,
            most_bytes or MOST_BYTES,
            most_written,
            seconds,
            stopped,
        )
    finally:
        turn.release()


def _acquire(turn: threading.Lock, most_seconds: float, stopped: Callable[[], bool]) -> bool:
    """Wait for a turn; returns whether it came."""
    until = time.monotonic() + most_seconds
    while not turn.acquire(timeout=_LOOK_AGAIN):
        if stopped():
            raise Stopped
        if time.monotonic() > until:
            return False
    return True


def _try(
    function: str,
    path: Path,
    most_bytes: int,
    most_written: int,
    most_seconds: float,
    stopped: Callable[[], bool],
) -> None:
    limits = [str(most_bytes), str(most_written)]
    with subprocess.Popen(  # noqa: S603 - our own program; the path is data
        [sys.executable, "-m", "core.limited", function, str(path), *limits],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # On the processor: a card's memory is not counted, and may be another's.
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
    ) as process:
        try:
            reason = _watch(process, most_bytes, most_seconds, stopped)
        finally:
            process.kill()
        words = process.stdout.read() if process.stdout else b""
    if reason:
        raise PackageError(reason)
    if process.returncode == _REFUSED:
        raise PackageError(str(json.loads(words)))
    if process.returncode:
        raise PackageError(
            "The program that reads networks crashed on this file, in a process of its own. "
            "Nothing else was touched. Save the network again where it was made."
        )


def _watch(
    process: "subprocess.Popen[bytes]",
    most_bytes: int,
    most_seconds: float,
    stopped: Callable[[], bool],
) -> str | None:
    """Wait until it ends, or until it must; returns why it must."""
    until = time.monotonic() + most_seconds
    while process.poll() is None:
        if stopped():
            raise Stopped
        if _bytes_of(process.pid) > most_bytes:
            return (
                f"The network takes more than {most_bytes / 1e9:.0f} GB of memory to load or to "
                "answer, which no network for images of this size needs. Choose another file."
            )
        if time.monotonic() > until:
            return (
                f"The network was not loaded, or gave no answer, within {most_seconds:.0f} s. "
                "Choose another file, or try again when the machine has less to do."
            )
        time.sleep(_LOOK_AGAIN)
    return None


def _bytes_of(pid: int) -> int:
    """Memory that a process holds; 0 where the system does not tell as Linux does."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _limit(most_bytes: int, most_written: int) -> None:
    """Hard limits, for what grows faster than anybody looks; Windows has none."""
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 - not on Windows

        for kind, most in (
            (resource.RLIMIT_DATA, 2 * most_bytes),
            (resource.RLIMIT_FSIZE, most_written),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):  # the system's own is lower
                resource.setrlimit(kind, (most, most))


def _main(function: str, path: str, most_bytes: str, most_written: str) -> int:
    from importlib import import_module  # noqa: PLC0415 - of the child alone

    _limit(int(most_bytes), int(most_written))
    module, _, name = function.partition(":")
    try:
        getattr(import_module(module), name)(Path(path))
    except PackageError as error:
        print(json.dumps(str(error)))  # noqa: T201 - heard by `try_in_a_child`
        return _REFUSED
    except MemoryError:
        print(json.dumps("The network takes more memory than it may. Choose another file."))  # noqa: T201
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
