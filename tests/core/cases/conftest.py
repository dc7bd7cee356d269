"""Worklists for tests, on SQLite and on a real PostgreSQL that is started for them."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import URL, create_engine, text

from core.cases.database import changing, connect
from core.cases.migrate import migrate
from core.cases.records import NewAnswer, NewImage
from core.cases.store import Store, close_stores, open_store

DATABASES = ("sqlite", "postgresql")
_USER = "lobule"


def find_programs() -> Path | None:
    """Folder of PostgreSQL's own programs, the newest; Debian keeps them off the PATH."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    if folders:
        return folders[-1]
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def without_root(folder: Path) -> dict[str, str]:
    """Whom the server runs as: it refuses to run as root, and owns its folder."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody")
    return {"user": "nobody"}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """Address of a PostgreSQL; skips where there is none, fails under CI=true."""
    programs = find_programs()
    if programs is None:
        reason = "no PostgreSQL on this machine: install the package postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    # Short, since the path of a socket may have 107 letters; open to the user that it runs as.
    folder = Path(tempfile.mkdtemp(prefix="lobule-pg-"))
    runs_as = without_root(folder)
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8"]
    initdb += ["--no-sync", "--locale=C"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **runs_as)
    # Listens on a socket in its folder only.
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options]
    subprocess.run(
        [*control, "start"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **runs_as
    )
    try:
        yield URL.create(
            "postgresql+psycopg", username=_USER, database="postgres", query={"host": str(folder)}
        )
    finally:
        stop = [programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, capture_output=True, cwd=folder, **runs_as)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_with_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to be copied: all migrations take longer than most tests."""
    file = tmp_path_factory.mktemp("with-schema") / "cases.sqlite"
    engine = connect(None, file)
    migrate(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgresql_with_schema(postgresql: URL) -> str:
    """The same as a template of that server."""
    name = "lobule_with_schema"
    admin = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    address = postgresql.set(database=name).render_as_string(hide_password=False)
    engine = connect(address, Path())
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture(params=DATABASES)
def database(
    request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An empty database of each kind in turn, in the settings; its images lie in `home`.

    It has no schema yet, but where a test asks for a `store`.
    """
    assert not list(home.iterdir())
    has_schema = "store" in request.fixturenames
    if request.param == "sqlite":
        if has_schema:
            (home / "cases").mkdir()
            shutil.copy(request.getfixturevalue("sqlite_with_schema"), home / "cases")
        yield request.param
        close_stores()
        return
    server: URL = request.getfixturevalue("postgresql")
    template = request.getfixturevalue("postgresql_with_schema") if has_schema else "template1"
    name = f"lobule_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    address = server.set(database=name).render_as_string(hide_password=False)
    monkeypatch.setenv("LOBULE_DATABASE_URL", address)
    yield request.param
    close_stores()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def store(database: str) -> Store:
    """An empty worklist."""
    assert database in DATABASES
    return open_store()


def new_answer(**changes: Any) -> NewAnswer:
    """An answer of a model that was never there."""
    content: dict[str, Any] = {
        "card": '{"name": "idc"}',
        "model": "idc",
        "model_sha256": "a" * 64,
        "classes": ("no IDC", "IDC"),
        "predicted": "IDC",
        "shown_class": "IDC",
        "probability": 0.7321,
        "um_per_px": 4.0,
        "content": {"version": 1, "result": {"seconds": 0.1 + 0.2}},
        "maps": {"heatmap": np.array([[0.1, np.nan], [1, 1 / 3]], np.float32)},
    }
    content.update(changes)
    return NewAnswer(**{"said": content["predicted"], **content})


def new_image(seed: int = 0, name: str = "a.png", **changes: Any) -> NewImage:
    """A picture of noise, 12×9 px, another for each seed, with its answer."""
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    of_image = ("synthetic", "magnification", "overview")
    own = {key: changes.pop(key) for key in of_image if key in changes}
    return NewImage(name, pixels, new_answer(**changes), **own)


@pytest.fixture
def make_image() -> Callable[..., NewImage]:
    """Make a picture of noise with its answer: `make_image(seed, name, predicted=…)`."""
    return new_image


@pytest.fixture
def make_answer() -> Callable[..., NewAnswer]:
    """Make an answer: `make_answer(model=…)`."""
    return new_answer


def without_triggers(store: Store, *statements: str) -> None:
    """Change the tables as somebody does who owns the database: past its guards."""
    if store.engine.dialect.name == "postgresql":
        with changing(store.engine) as connection:
            connection.execute(text("SET session_replication_role = replica"))
            for statement in statements:
                connection.execute(text(statement))
            connection.execute(text("SET session_replication_role = DEFAULT"))
        return
    with closing(sqlite3.connect(store.images.parent / "cases.sqlite")) as bare:
        for (name,) in bare.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            bare.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            bare.execute(statement)
        bare.commit()
