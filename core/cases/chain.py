"""The trail's chain: each entry holds the hash of its content and of the entry before it.

Whoever may write to the database can still drop its triggers and change, remove, insert or date
back a row. Then the chain breaks there, or the trail no longer tells how the case came to stand as
it does. Somebody who also hashes every later entry anew is found by a head kept elsewhere
(`core.cases.anchor`): the scheme of Haber and Stornetta, "How to time-stamp a digital document",
J. Cryptology 3 (1991).
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from core.cases.schema import AnswerRow, ImageRow, TrailRow

BEGINNING = "0" * 64
"""What the first entry holds in place of the hash before it."""
COLUMNS = (
    *("id", "case_id", "at", "who", "signed_in", "action", "image", "model", "model_sha256"),
    *("before", "after"),
)
Entry: TypeAlias = TrailRow | Row[*tuple[Any, ...]]
"""An entry, or the columns of one."""
# Any number that is ours: PostgreSQL's way for writers of the trail to take turns.
_TURN = 0x10B01F


class Head(NamedTuple):
    """The newest entry of the trail; 0 and `BEGINNING` where there is none."""

    entry: int
    sha256: str


def hash_of_entry(row: Entry, previous: str) -> str:
    """Return the SHA-256, as hexadecimal, of an entry and of the hash before it."""
    content = [_plain(getattr(row, name)) for name in COLUMNS]
    return hashlib.sha256(json.dumps([_plain(previous), *content]).encode()).hexdigest()


def hash_of_facts(row: ImageRow) -> str:
    """Return the SHA-256, as hexadecimal, of what is kept of an image but its name and pixels."""
    facts = [row.width, row.height, row.synthetic, row.magnification, row.overview]
    return hashlib.sha256(json.dumps([_plain(fact) for fact in facts]).encode()).hexdigest()


def hash_of_answer(row: AnswerRow) -> str:
    """Return the SHA-256, as hexadecimal, of all that is kept of an answer."""
    names = [column.key for column in AnswerRow.__mapper__.columns]
    content = {name: _plain(getattr(row, name)) for name in names if name not in {"id", "image_id"}}
    # Whole numbers come back from these columns as floating point ones.
    for name in ("probability", "um_per_px"):
        value = content[name]
        content[name] = float(value) if isinstance(value, int) else value
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value


def append(session: Session, row: TrailRow) -> None:
    """Add an entry behind the newest; nobody else adds one before the transaction has ended."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    last = head(session)
    row.id, row.previous = last.entry + 1, last.sha256
    row.sha256 = hash_of_entry(row, last.sha256)
    session.add(row)
    session.flush()


def head(session: Session) -> Head:
    """Return the newest entry of the trail."""
    newest = select(TrailRow.id, TrailRow.sha256).order_by(TrailRow.id.desc()).limit(1)
    last = session.execute(newest).first()
    return Head(*last) if last else Head(0, BEGINNING)
