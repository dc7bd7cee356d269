"""The first schema."""

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

from core.cases.migrations.first_guards import guards
from core.cases.schema import Moment

revision = "first"
down_revision = None


def upgrade() -> None:
    """Make the tables and their guards, and give the store its name."""
    store = op.create_table("store", sa.Column("id", sa.String(32), primary_key=True))
    _create_cases()
    _create_images()
    _create_answers()
    op.create_table(
        "trail",
        sa.Column("id", sa.Integer, primary_key=True),
        _belongs_to("cases", sa.String(9), "case_id"),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("signed_in", sa.Boolean, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("image", sa.Integer),
        sa.Column("model", sa.Text),
        sa.Column("model_sha256", sa.String(64)),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_index("ix_trail_case_id", "trail", ["case_id"])
    for statement in guards(op.get_bind().dialect.name):
        op.execute(sa.text(statement))
    op.bulk_insert(store, [{"id": uuid.uuid4().hex}])


def _belongs_to(table: str, kind: Any, name: str, key: str = "id") -> sa.Column[Any]:
    return sa.Column(name, kind, sa.ForeignKey(f"{table}.{key}"), nullable=False)


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(9), primary_key=True),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("deleted_at", Moment),
    )
    op.create_index("cases_by_time", "cases", ["created_at"])


def _create_images() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.Integer, primary_key=True),
        _belongs_to("cases", sa.String(9), "case_id"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("synthetic", sa.Boolean, nullable=False),
        sa.Column("verdict", sa.String(20)),
        sa.Column("subtype", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("judged_at", Moment),
        sa.Column("judged_by", sa.Text),
    )
    for column in ("case_id", "sha256", "verdict"):
        op.create_index(f"ix_images_{column}", "images", [column])


def _create_answers() -> None:
    op.create_table(
        "cards",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer, primary_key=True),
        _belongs_to("images", sa.Integer, "image_id"),
        _belongs_to("cards", sa.String(64), "card_sha256", "sha256"),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("classes", sa.Text, nullable=False),
        sa.Column("predicted", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("shown_class", sa.Text, nullable=False),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("um_per_px", sa.Double),
        sa.Column("answered_at", Moment, nullable=False),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("maps", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_answers_image_id", "answers", ["image_id"])
    op.create_index("answers_by_model", "answers", ["model", "said"])
