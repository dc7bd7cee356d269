"""The guard of a column that later schemas added to images: it stays as it was saved."""

from alembic import op

_WORDS = "images stay as saved"


def keep(column: str) -> None:
    """Have the database refuse to change a column of images."""
    guard = f"{column}_not_changed"
    change = f"BEFORE UPDATE OF {column} ON images"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {guard} {change} BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
    )
    op.execute(f"CREATE TRIGGER {guard} {change} FOR EACH ROW EXECUTE FUNCTION {guard}()")
