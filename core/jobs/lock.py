"""Locks that the system lets go of when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path

_PAUSE = 0.02


def take(path: Path, patience: float = 2.0) -> int | None:
    """Take a lock; None if another process still holds it after `patience` seconds.

    A look by `is_held` is in the way for an instant, hence the patience.

    Returns
    -------
    int or None
        Descriptor of the file. The lock is held until every copy of the descriptor is closed, so a
        child that inherits it goes on holding the lock after its parent has closed it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                os.close(descriptor)
                return None
            time.sleep(_PAUSE)
        else:
            return descriptor


def let_go(descriptor: int) -> None:
    """Close one's own copy; unlocking would take the lock from a child that has inherited it."""
    os.close(descriptor)


def is_held(path: Path) -> bool:
    """Tell whether a living process holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: looks do not collide
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
