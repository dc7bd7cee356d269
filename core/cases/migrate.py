"""Brings the database's schema up to date, whole or not at all, whoever else starts meanwhile."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.cases.database import changing, reading, unwrapped
from core.errors import CaseError

FOLDER = Path(__file__).parent / "migrations"
# Any number that is ours: PostgreSQL's way for processes to take turns.
_TURN = 0x10B01E


def migrate(engine: Engine) -> None:
    """Run the migrations that the database has not seen, in one transaction.

    Raises
    ------
    CaseError
        If the database cannot be used, or was made by a newer Lobule.
    """
    if engine.dialect.name == "sqlite":
        # Outside any transaction: readers and the one writer do not wait for each other then.
        with unwrapped(engine) as bare:
            bare.execute("PRAGMA journal_mode = WAL").fetchall()  # its lock is let go of at the end
    with changing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
        if _is_behind(connection):
            config = Config()
            config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Tell whether a database has the schema of this Lobule, without changing anything.

    Raises
    ------
    CaseError
        If it cannot be used, or was made by a newer Lobule.
    """
    with reading(engine) as session:
        return not _is_behind(session.connection())


def _is_behind(connection: Connection) -> bool:
    revision = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory(str(FOLDER))
    known = {script_of.revision for script_of in script.walk_revisions()}
    if revision is not None and revision not in known:
        raise CaseError(
            f"The worklist's database has the schema {revision!r}, which this Lobule does not "
            "know: a newer version made it. Use that version, or another LOBULE_HOME."
        )
    return revision != script.get_current_head()
