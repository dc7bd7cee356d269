import hashlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection, insert, text

from core.cases.check import check_trail
from core.cases.database import changing, connect
from core.cases.migrate import migrate
from core.cases.read import load_case
from core.cases.records import Actor, NewImage
from core.cases.save import save_case
from core.cases.schema import AnswerRow, Base, CardRow, CaseRow, ImageRow
from core.cases.store import Store, close_stores, open_store
from core.errors import CaseError, SettingsError
from core.settings import Settings

upgrade = command.upgrade


def test_migrations_make_the_schema_that_the_code_uses(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_sqlite_waits_for_others_and_survives_a_power_cut(home: Path) -> None:
    store = open_store()
    assert (home / "cases" / "cases.sqlite").is_file()
    with store.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    close_stores()
    assert pragmas == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 30_000,
    }


def test_a_second_start_changes_nothing(store: Store) -> None:
    close_stores()
    assert open_store().images == store.images


def test_what_the_first_schema_kept_is_there_under_the_newest(
    database: str, make_image: Callable[..., NewImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(command, "upgrade", lambda config, _: upgrade(config, "first"))
        store = open_store()
    with changing(store.engine) as connection:
        insert_case(connection)
    close_stores()
    store = open_store()
    assert store.engine.dialect.name == database
    (image,) = load_case(store, "K7QM-3XPD").images
    assert (image.name, image.magnification) == ("a.png", "")
    case_id = save_case(store, [make_image(magnification="200X")], Actor("Anna"))
    assert load_case(store, case_id).images[0].magnification == "200X"


def test_overviews_that_were_saved_before_are_known(
    database: str, make_image: Callable[..., NewImage]
) -> None:
    about: dict[str, object] = {"version": 1, "slide": {"answer": "a", "region": None}}
    contents = [about, about | {"slide": {"region": [1.0, 2.0, 3.0, 4.0]}}, {"version": 1}]
    case_id = save_case(
        open_store(),
        [make_image(number, content=content) for number, content in enumerate(contents)],
        Actor("Anna"),
    )
    undo = [
        "DROP TRIGGER overview_not_changed" + " ON images" * (database == "postgresql"),
        "DROP FUNCTION overview_not_changed" if database == "postgresql" else "SELECT 1",
        "ALTER TABLE images DROP COLUMN overview",
        "ALTER TABLE cases DROP COLUMN shared_with",
        "ALTER TABLE trail DROP COLUMN previous",
        "ALTER TABLE trail DROP COLUMN sha256",
        "UPDATE alembic_version SET version_num = 'magnification'",
    ]
    with changing(open_store().engine) as connection:
        for statement in undo:
            connection.execute(text(statement))
    close_stores()
    found = load_case(open_store(), case_id).images
    assert [image.overview for image in found] == [True, False, False]


def test_entries_of_an_older_schema_are_chained(
    database: str,
    make_image: Callable[..., NewImage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as before:
        before.setattr(command, "upgrade", lambda config, _: upgrade(config, "magnification"))
        store = open_store()
    columns = "case_id, at, who, signed_in, action, image, before, after"
    with changing(store.engine) as connection:
        insert_case(connection)
        for place, after in (
            (1, '{"image_sha256": "' + "a" * 64 + '"}'),
            (None, '{"patient": ""}'),
        ):
            connection.execute(
                text(
                    f"INSERT INTO trail ({columns}) VALUES ('K7QM-3XPD', "  # noqa: S608 - constants
                    "'2026-01-02 00:00:00.000007', 'Anna', false, :action, :place, '{}', :after)"
                ),
                {"action": "saved" if place else "patient named", "place": place, "after": after},
            )
    close_stores()
    store = open_store()
    assert store.engine.dialect.name == database
    save_case(store, [make_image()], Actor("Anna"))
    check = check_trail(store)
    assert check.entries == 3
    assert check.breaks == ()
    with pytest.raises(CaseError, match="append-only"), changing(store.engine) as connection:
        connection.execute(text("UPDATE trail SET who = 'nobody'"))


def insert_case(connection: Connection) -> None:
    """A case as the first schema had it."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    case = {"id": "K7QM-3XPD", "patient": "", "words": "", "created_at": at, "created_by": "Anna"}
    connection.execute(insert(CaseRow).values(**case, version=1))
    image = {"case_id": case["id"], "position": 1, "sha256": "a" * 64, "name": "a.png"}
    size = {"width": 1, "height": 1, "synthetic": False}
    said = {"subtype": "", "note": "", "words": ""}
    connection.execute(insert(ImageRow).values(id=900, **image, **size, **said))
    card = hashlib.sha256(b"{}").hexdigest()
    connection.execute(insert(CardRow).values(sha256=card, content="{}"))
    model = {"card_sha256": card, "model": "idc", "model_sha256": "a" * 64}
    classes = {"classes": '["a", "b"]', "predicted": "a", "said": "a", "shown_class": "a"}
    given = {"probability": 0.5, "answered_at": at, "answered_by": "Anna"}
    kept = {"content": "{}", "maps": b""}
    connection.execute(
        insert(AnswerRow).values(id=900, image_id=900, **model, **classes, **given, **kept)
    )


def test_a_newer_schema_is_refused(store: Store) -> None:
    with changing(store.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-tomorrow'"))
    close_stores()
    with pytest.raises(CaseError, match="newer version made it"):
        open_store()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://anna:secret@host/name", "only PostgreSQL"),
        ("sqlite:///secret.db", "only PostgreSQL"),
        ("secret", "not a database address"),
        ("postgresql://anna:secret@host:port/name", "not a database address"),
    ],
)
def test_a_wrong_address_is_told_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    monkeypatch.setenv("LOBULE_DATABASE_URL", address)
    with pytest.raises(SettingsError, match=words) as caught:
        open_store()
    assert "secret" not in str(caught.value)


def test_postgresql_without_its_extra_is_told_without_repeating_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOBULE_DATABASE_URL", "postgresql://anna:secret@host/name")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"make app EXTRAS=\"postgresql\"") as caught:
        open_store()
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    address = "postgres://anna:secret@127.0.0.1:1/name"
    engine = connect(address, tmp_path / "unused")
    with pytest.raises(CaseError, match="worklist's database") as caught:
        migrate(engine)
    engine.dispose()
    assert "secret" not in str(caught.value)


def test_settings_do_not_show_the_password() -> None:
    assert "secret" not in repr(Settings(database_url=SecretStr("postgresql://a:secret@b/c")))


def test_a_folder_that_cannot_be_written_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("LOBULE_HOME", str(home / "file"))
    with pytest.raises(CaseError, match="cannot be stored in"):
        open_store()


def test_a_damaged_database_is_told(home: Path) -> None:
    (home / "cases").mkdir()
    (home / "cases" / "cases.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(CaseError, match="not a database"):
        open_store()
