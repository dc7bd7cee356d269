"""Whether an image is the overview of a whole slide."""

import sqlalchemy as sa
from alembic import op

revision = "overview"
down_revision = "magnification"

_GUARD = "overview_not_changed"
_WORDS = "images stay as saved"
# Of the overviews that were saved before, the answer says that it is of a slide and of no region.
_KNOWN = """
UPDATE images SET overview = TRUE WHERE EXISTS (
    SELECT 1 FROM answers WHERE answers.image_id = images.id
    AND answers.content LIKE '%"slide": {%' AND answers.content LIKE '%"region": null%'
)
"""


def upgrade() -> None:
    """Add the column, and its guard."""
    op.add_column(
        "images", sa.Column("overview", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.execute(_KNOWN)
    change = "BEFORE UPDATE OF overview ON images"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {_GUARD} {change} BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {_GUARD}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
    )
    op.execute(f"CREATE TRIGGER {_GUARD} {change} FOR EACH ROW EXECUTE FUNCTION {_GUARD}()")
