"""The magnification that an image's scale was stated by."""

import sqlalchemy as sa
from alembic import op

from core.cases.migrations.kept_column import keep

revision = "magnification"
down_revision = "first"


def upgrade() -> None:
    """Add the column, empty for images that were saved before, and its guard."""
    op.add_column(
        "images", sa.Column("magnification", sa.String(20), nullable=False, server_default="")
    )
    keep("magnification")
