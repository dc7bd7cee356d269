"""Our own program as another process, wherever this one was started."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from core.jobs.lock import let_go
from core.settings import ROOT


def command(*arguments: str) -> list[str]:
    """`python -m core …` with the same Python, and with no module of the folder that one is in."""
    return [sys.executable, "-P", "-m", "core", *arguments]


def environment() -> dict[str, str]:
    """The environment of this process, with Lobule to be found from every folder."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def detach(arguments: Sequence[str], log: Path, lock: int, name: str) -> None:
    """Start a process that does a job; it inherits the lock, so that it is never let go of.

    Parameters
    ----------
    arguments
        Of `python -m core`; `--lock` with the number of the inherited descriptor is added.
    log
        What the process prints is appended there.
    lock
        Descriptor of the job's lock; one's own copy is closed in any case.
    name
        Of the job.

    Raises
    ------
    OSError
        If the process cannot be started.
    """
    try:
        with log.open("ab") as file:
            process = subprocess.Popen(  # noqa: S603 (our own program)
                command(*arguments, "--lock", str(lock)),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment(),
                pass_fds=[lock],
                start_new_session=True,
            )
    finally:
        let_go(lock)
    # Until it is waited for, a process that has ended stays in the system's table.
    threading.Thread(target=process.wait, name=name, daemon=True).start()
