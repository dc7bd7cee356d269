"""With whom a case is shared, besides whoever saved it."""

import sqlalchemy as sa
from alembic import op

revision = "shared"
down_revision = "chain"


def upgrade() -> None:
    """Add the column: empty, also for cases that were saved before."""
    op.add_column("cases", sa.Column("shared_with", sa.Text, nullable=False, server_default=""))
