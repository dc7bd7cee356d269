"""A worklist: its database and the folder of its images, opened once in a process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine, select

from core.cases.database import connect, reading
from core.cases.files import sweep
from core.cases.migrate import is_current, migrate
from core.cases.schema import ImageRow, StoreRow
from core.errors import CaseError
from core.settings import Settings, get_settings

_WAIT_SECONDS = 60
_DATABASE = "cases.sqlite"
_KEPT_SECONDS = 3

_opened: dict[tuple[str | None, Path], "Store"] = {}
_opening = threading.Lock()


@dataclass(frozen=True, slots=True)
class Store:
    """Where cases are kept."""

    engine: Engine
    images: Path
    """Folder of the images; one database, one folder, so that none is swept for another."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep image files and rows together: nobody else moves or removes files meanwhile.

        Raises
        ------
        CaseError
            If others hold the lock for a minute.
        """
        with _locked(self.images / ".lock"):
            yield

    def stamp(self) -> str:
        """Return what is another after each change of the database, whoever made it.

        That is how SQLite's files lie on the disk. A PostgreSQL is not asked: every few seconds.
        """
        if self.engine.dialect.name != "sqlite":
            return f"{time.monotonic() // _KEPT_SECONDS:.0f}"
        file = self.images.parent / _DATABASE
        states = []
        for path in (file, file.with_name(f"{_DATABASE}-wal")):
            with suppress(FileNotFoundError):
                state = path.stat()
                # The first can be set by hand, the second cannot.
                states += [state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino]
        return f"{states}"

    def sweep(self) -> None:
        """Remove image files that belong to no case: what a killed save or deletion left."""
        with self.locked():
            with reading(self.engine) as session:
                hashes = set(session.scalars(select(ImageRow.sha256).distinct()))
            sweep(self.images, hashes)


def open_store(settings: Settings | None = None) -> Store:
    """Return the worklist; the first call in a process brings its schema up to date.

    Raises
    ------
    SettingsError
        If `LOBULE_DATABASE_URL` cannot be used.
    CaseError
        If the database cannot be reached, or was made by a newer Lobule.
    """
    settings = settings or get_settings()
    secret = settings.database_url
    address = secret.get_secret_value() if secret else None
    key = (address, settings.cases)
    with _opening:
        if key not in _opened:
            _opened[key] = _open(address, settings.cases)
        return _opened[key]


def close_stores() -> None:
    """Close every connection to every database; a later call opens them anew."""
    with _opening:
        for store in _opened.values():
            store.engine.dispose()
        _opened.clear()


def _open(address: str | None, folder: Path) -> Store:
    engine = connect(address, folder / _DATABASE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / ".lock"):
            migrate(engine)
        with reading(engine) as session:
            images = folder / f"images-{session.scalars(select(StoreRow.id)).one()}"
        images.mkdir(exist_ok=True)
        store = Store(engine, images)
        store.sweep()
    except OSError as error:
        engine.dispose()
        if (unchanged := _as_it_is(address, folder)) is not None:
            return unchanged
        raise CaseError(
            f"The worklist cannot be stored in {folder} ({error.strerror}). Check that the "
            "folder can be written to, or set LOBULE_HOME."
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return store


def _as_it_is(address: str | None, folder: Path) -> Store | None:
    """Return the worklist of a folder that cannot be written to; None if there is none to read."""
    if address is None and not (folder / _DATABASE).is_file():
        return None
    engine = connect(address, folder / _DATABASE, only_read=True)
    if not is_current(engine):
        engine.dispose()
        return None
    with reading(engine) as session:
        images = folder / f"images-{session.scalars(select(StoreRow.id)).one()}"
    return Store(engine, images) if images.is_dir() else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = FileLock(path, timeout=_WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise CaseError(
            "The worklist is busy: another save or deletion has been running for over a "
            "minute. Nothing was changed. Try again."
        ) from error
    try:
        yield
    finally:
        lock.release()
