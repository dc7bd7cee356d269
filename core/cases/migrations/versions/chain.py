"""The trail's chain: the hash of each entry and of the one before it."""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "chain"
down_revision = "overview"

_GUARD = "trail_not_changed"
_COLUMNS = (
    *("id", "case_id", "at", "who", "signed_in", "action", "image", "model", "model_sha256"),
    *("before", "after"),
)


def upgrade() -> None:
    """Add the columns and chain what was written before, which is vouched for from now on."""
    for name in ("previous", "sha256"):
        op.add_column("trail", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER {_GUARD}" + ("" if sqlite else " ON trail"))
    _chain()
    change = f"CREATE TRIGGER {_GUARD} BEFORE UPDATE ON trail"
    refused = "BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"
    op.execute(f"{change} {refused if sqlite else f'FOR EACH ROW EXECUTE FUNCTION {_GUARD}()'}")


def _chain() -> None:
    trail = sa.table(
        "trail",
        *(sa.column(name) for name in (*_COLUMNS, "previous", "sha256") if name != "at"),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("signed_in", sa.Boolean),
    )
    connection = op.get_bind()
    previous = "0" * 64
    for row in connection.execute(sa.select(trail).order_by(trail.c.id)).mappings().all():
        content = [_plain(row[name]) for name in _COLUMNS]
        sha256 = hashlib.sha256(json.dumps([previous, *content]).encode()).hexdigest()
        connection.execute(
            sa.update(trail).where(trail.c.id == row["id"]).values(previous=previous, sha256=sha256)
        )
        previous = sha256


def _plain(value: object) -> object:
    """A moment as in the zone of UTC, which SQLite does not keep."""
    if not isinstance(value, datetime):
        return value
    moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return moment.isoformat(timespec="microseconds")
