"""Triggers of the first schema: what the database itself refuses, whoever asks."""

from typing import NamedTuple


class Guard(NamedTuple):
    """A change that is refused, and when."""

    name: str
    change: str
    table: str
    when: str
    """A condition in SQL on OLD and NEW; empty: always."""
    words: str


_ALIVE = "EXISTS (SELECT 1 FROM cases WHERE cases.id = {case} AND cases.deleted_at IS NULL)"
_CASE_OF_ANSWER = "(SELECT images.case_id FROM images WHERE images.id = OLD.image_id)"
_IMAGE_FACTS = "case_id, position, sha256, name, width, height, synthetic"

GUARDS = (
    Guard("trail_not_changed", "UPDATE", "trail", "", "the trail is append-only"),
    Guard("trail_not_deleted", "DELETE", "trail", "", "the trail is append-only"),
    Guard("answers_not_changed", "UPDATE", "answers", "", "answers stay as they were given"),
    Guard(
        "answers_not_deleted",
        "DELETE",
        "answers",
        _ALIVE.format(case=_CASE_OF_ANSWER),
        "answers go only with their case",
    ),
    Guard("cards_not_changed", "UPDATE", "cards", "", "cards stay as they were"),
    Guard("images_not_changed", f"UPDATE OF {_IMAGE_FACTS}", "images", "", "images stay as saved"),
    Guard(
        "images_not_deleted",
        "DELETE",
        "images",
        _ALIVE.format(case="OLD.case_id"),
        "images go only with their case",
    ),
    Guard("cases_not_deleted", "DELETE", "cases", "", "a deleted case leaves its tombstone"),
    Guard(
        "tombstones_not_changed",
        "UPDATE",
        "cases",
        "OLD.deleted_at IS NOT NULL",
        "a deleted case is not changed",
    ),
    Guard("cases_not_renamed", "UPDATE OF id, created_at, created_by", "cases", "", "a case stays"),
)
# INSERT OR REPLACE deletes a row in SQLite without asking the triggers on DELETE.
_KEYS = {"trail": "id", "answers": "id", "cards": "sha256", "images": "id", "cases": "id"}


def guards(dialect: str) -> list[str]:
    """Return the statements that make the triggers on "sqlite" or "postgresql"."""
    return _sqlite() if dialect == "sqlite" else _postgresql()


def _sqlite() -> list[str]:
    refused = [
        f"CREATE TRIGGER {guard.name} BEFORE {guard.change} ON {guard.table}"
        + (f" WHEN {guard.when}" if guard.when else "")
        + f" BEGIN SELECT RAISE(ABORT, '{guard.words}'); END"
        for guard in GUARDS
    ]
    replaced = [
        f"CREATE TRIGGER {table}_not_replaced BEFORE INSERT ON {table} "  # noqa: S608 - our own names
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
        "BEGIN SELECT RAISE(ABORT, 'a row with this key is there already'); END"
        for table, key in _KEYS.items()
    ]
    return refused + replaced


def _postgresql() -> list[str]:
    statements = []
    for guard in GUARDS:
        body = f"RAISE EXCEPTION '{guard.words}';"
        if guard.when:
            same = "OLD" if guard.change == "DELETE" else "NEW"
            body = f"IF {guard.when} THEN {body} END IF; RETURN {same};"
        named = guard.name
        function = f"CREATE FUNCTION {named}() RETURNS trigger LANGUAGE plpgsql"
        trigger = f"CREATE TRIGGER {named} BEFORE {guard.change} ON {guard.table}"
        statements += [
            f"{function} AS $$ BEGIN {body} END $$",
            f"{trigger} FOR EACH ROW EXECUTE FUNCTION {named}()",
        ]
    statements.append(
        "CREATE FUNCTION not_emptied() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no table of the worklist is emptied'; END $$"
    )
    statements += [
        f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
        "EXECUTE FUNCTION not_emptied()"
        for table in _KEYS
    ]
    return statements
