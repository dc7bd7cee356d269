"""The magnification that an image's scale was stated by."""

import sqlalchemy as sa
from alembic import op

revision = "magnification"
down_revision = "first"

_GUARD = "magnification_not_changed"
_WORDS = "images stay as saved"


def upgrade() -> None:
    """Add the column, empty for images that were saved before, and its guard."""
    op.add_column(
        "images", sa.Column("magnification", sa.String(20), nullable=False, server_default="")
    )
    change = "BEFORE UPDATE OF magnification ON images"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {_GUARD} {change} BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {_GUARD}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
    )
    op.execute(f"CREATE TRIGGER {_GUARD} {change} FOR EACH ROW EXECUTE FUNCTION {_GUARD}()")
