"""The worklist's database: SQLite in a file of its own, or the PostgreSQL that a setting names."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoResultFound, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.errors import CaseError, SettingsError
from core.extras import how_to_install

# Others who write are waited for this long; a write takes milliseconds.
WAIT_SECONDS = 30
_WRITES = "lobule_writes"
_POSTGRESQL = {"postgres", "postgresql", "postgresql+psycopg"}


def connect(address: str | None, file: Path, *, only_read: bool = False) -> Engine:
    """Return an engine; nothing is opened yet.

    Parameters
    ----------
    address
        `LOBULE_DATABASE_URL`; None for SQLite.
    file
        Where SQLite keeps its database.
    only_read
        Opens SQLite's file where nothing can be written beside it.

    Raises
    ------
    SettingsError
        If the address is none of PostgreSQL, or its driver is not installed.
    """
    if address is not None:
        return _postgresql_engine(_postgresql(address))
    place, query = str(file), {}
    if only_read:
        # Its log of changes, if one was left, is read; without, SQLite would begin one.
        left = file.with_name(f"{file.name}-wal").exists()
        place = file.absolute().as_uri()
        query = {"mode": "ro", "uri": "true"} | ({} if left else {"immutable": "1"})
    engine = create_engine(
        URL.create("sqlite", database=place, query=query),
        poolclass=NullPool,
        connect_args={"timeout": WAIT_SECONDS},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Yield a session that sees one state of the database.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    # What was read is used after the session has ended.
    with _in_words(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Yield a session whose changes are kept together when it ends, or none of them.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    with reading(engine.execution_options(**{_WRITES: True})) as session:
        yield session


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """Yield a bare connection in a transaction that may change the schema.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    with _in_words(), engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


@contextmanager
def unwrapped(engine: Engine) -> Iterator[sqlite3.Cursor]:
    """Yield a cursor outside any transaction, for what SQLite does only there.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    with _in_words():
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            yield cursor  # type: ignore[misc]  # SQLite's, whatever the pool calls it
            cursor.close()
        finally:
            connection.close()


def _postgresql_engine(address: URL) -> Engine:
    try:
        return create_engine(
            address,
            pool_pre_ping=True,
            pool_timeout=WAIT_SECONDS,
            connect_args={"connect_timeout": 10},
            hide_parameters=True,
        )
    except ImportError as error:
        raise SettingsError(
            "LOBULE_DATABASE_URL names a PostgreSQL database, but its driver psycopg is not "
            f"installed. {how_to_install('postgresql')} Or unset LOBULE_DATABASE_URL to use a "
            "file instead."
        ) from error


def _postgresql(address: str) -> URL:
    """Read the address; no message repeats it, since it may hold a password."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"LOBULE_DATABASE_URL is not a database address. {_LOOKS}") from error
    if url.drivername not in _POSTGRESQL:
        raise SettingsError(
            f"LOBULE_DATABASE_URL is an address of {url.drivername}; only PostgreSQL is "
            f"supported. {_LOOKS}"
        )
    return url.set(drivername="postgresql+psycopg")


_LOOKS = "It looks like postgresql://user:password@host/name; unset it to use a file instead."


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # Python would begin transactions by itself, too late for a read that leads to a write.
    connection.isolation_level = None
    # One text that is none would take the whole list away; the trail tells that it is another.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the lock of a writer at once: one that began by reading cannot wait for it."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise CaseError(
            f"The worklist's database refused: {reason}. Nothing was changed. Check that it "
            "runs and has free space, then try again."
        ) from error
    except NoResultFound as error:
        raise CaseError(
            "The worklist's database lacks a row that another belongs to: somebody changed the "
            "database itself. Nothing was changed now. Look with `python -m core cases verify`, "
            "and bring the worklist back from a backup."
        ) from error
    except SQLAlchemyError as error:
        reason = str(error).partition("\n")[0]
        raise CaseError(
            f"The worklist's database cannot be reached: {reason}. Nothing was changed. Try again."
        ) from error
