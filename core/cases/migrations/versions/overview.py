"""Whether an image is the overview of a whole slide."""

import sqlalchemy as sa
from alembic import op

from core.cases.migrations.kept_column import keep

revision = "overview"
down_revision = "magnification"

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
    keep("overview")
