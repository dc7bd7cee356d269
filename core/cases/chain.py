"""The trail's chain: each entry holds the hash of its content and of the entry before it.

Whoever may write to the database can still drop its triggers and change, remove, insert or date
back a row. Then the chain breaks there, or the trail no longer tells how the case came to stand as
it does. Somebody who also hashes every later entry anew is found by a head kept elsewhere
(`core.cases.anchor`): the scheme of Haber and Stornetta, "How to time-stamp a digital document",
J. Cryptology 3 (1991).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session, undefer

from core.cases.database import reading
from core.cases.schema import AnswerRow, CaseRow, ImageRow, TrailRow
from core.cases.store import Store

BEGINNING = "0" * 64
"""What the first entry holds in place of the hash before it."""
_COLUMNS = (
    *("id", "case_id", "at", "who", "signed_in", "action", "image", "model", "model_sha256"),
    *("before", "after"),
)
Entry: TypeAlias = TrailRow | Row[Any]
"""An entry, or the columns of one."""
_AT_ONCE = 1000
# A save of many images waits for its turn between a verdict's moment and its entry's.
_WRITTEN_WITHIN = timedelta(minutes=15)
# Any number that is ours: PostgreSQL's way for writers of the trail to take turns.
_TURN = 0x10B01F


class Head(NamedTuple):
    """The newest entry of the trail; 0 and `BEGINNING` where there is none."""

    entry: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the trail does not hold."""

    case: str | None
    entry: int | None
    """Number of the trail's entry; None where it is about how a case stands now."""
    words: str


@dataclass(frozen=True, slots=True)
class Check:
    """What a look at the whole trail found."""

    entries: int
    head: Head
    breaks: tuple[Break, ...]

    @property
    def words(self) -> str:
        """What was found, in a sentence or two."""
        if not self.breaks:
            return f"The trail holds: {self.entries:,} entries, the last {self.head.sha256[:12]}."
        more = len(self.breaks) - 1
        others = f" {more:,} more: `python -m core cases verify` lists them." if more else ""
        return f"The trail does not hold. {self.breaks[0].words}{others}"


def hash_of_entry(row: Entry, previous: str) -> str:
    """Return the SHA-256, as hexadecimal, of an entry and of the hash before it."""
    content = [_plain(getattr(row, name)) for name in _COLUMNS]
    return hashlib.sha256(json.dumps([previous, *content]).encode()).hexdigest()


def hash_of_answer(row: AnswerRow) -> str:
    """Return the SHA-256, as hexadecimal, of all that is kept of an answer."""
    names = [column.key for column in AnswerRow.__mapper__.columns]
    content = {name: _plain(getattr(row, name)) for name in names if name not in {"id", "image_id"}}
    # Whole numbers come back from these columns as floating point ones.
    for name in ("probability", "um_per_px"):
        content[name] = None if content[name] is None else float(getattr(row, name))
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


def check_trail(store: Store, case_id: str | None = None) -> Check:
    """Look whether the trail holds, and whether cases stand as it tells.

    Parameters
    ----------
    store
        Where.
    case_id
        The case whose images, answers and verdicts are compared with its entries; None for all.
        The chain is looked at from end to end in any case.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    told: dict[str, _Told] = defaultdict(_Told)
    with reading(store.engine) as session:
        breaks, last, entries = [], Head(0, BEGINNING), 0
        # Columns, not objects: a fifth of the time, and a case is not opened before this has ended.
        columns = [getattr(TrailRow, name) for name in (*_COLUMNS, "previous", "sha256")]
        rows = session.execute(
            select(*columns).order_by(TrailRow.id).execution_options(yield_per=_AT_ONCE)
        )
        for row in rows:
            entries += 1
            if words := _why_broken(row, last):
                breaks.append(Break(row.case_id, row.id, f"Entry {row.id} {words}"))
            last = Head(row.id, row.sha256)
            if case_id in {None, row.case_id}:
                told[row.case_id].hear(row)
        breaks += _compare(session, told, case_id)
    return Check(entries, last, tuple(breaks))


def _why_broken(row: Entry, before: Head) -> str | None:
    if hash_of_entry(row, row.previous) != row.sha256:
        fault = "was changed after it was written."
    elif row.previous != before.sha256:
        what = f"entry {before.entry}" if before.entry else "the beginning"
        fault = f"does not follow {what}: an entry was removed or put in between."
    else:
        return None
    return f"(case {row.case_id}, {row.action}, {row.at:%Y-%m-%d %H:%M} UTC) {fault}"


@dataclass(slots=True)
class _Told:
    """How a case must stand, by its entries."""

    saved: Entry | None = None
    patient: str | None = None
    deleted: bool = False
    files: dict[int, str] = field(default_factory=dict)
    answers: dict[int, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    judged: dict[int, Entry] = field(default_factory=dict)

    def hear(self, row: Entry) -> None:
        after, image = json.loads(row.after), row.image or 0
        if row.action in {"saved", "answered again"}:
            self.answers[image].append(after.get("answer_sha256"))
        if row.action == "saved":
            self.files[image] = after.get("image_sha256", "")
            self.saved = self.saved or row
        elif row.action == "judged":
            self.judged[image] = row
        elif row.action == "deleted":
            self.deleted = True
        self.patient = after.get("patient", self.patient)


def _compare(session: Session, told: dict[str, _Told], case_id: str | None) -> Iterator[Break]:
    ids = sorted({case_id} if case_id else told.keys() | set(session.scalars(select(CaseRow.id))))
    for each in ids:
        row = session.get(CaseRow, each)
        for words in _differences(session, row, told.get(each)):
            yield Break(each, None, f"Case {each} {words}")
        session.expunge_all()


def _differences(session: Session, case: CaseRow | None, told: _Told | None) -> Iterable[str]:
    if told is None:
        yield "has no entry in the trail."
        return
    if case is None:
        yield "stands in the trail and is not there."
        return
    if told.deleted != (case.deleted_at is not None):
        yield (
            "was deleted without an entry." if case.deleted_at else "came back after its deletion."
        )
    if told.saved is None or not _same_hand(told.saved, case.created_by, case.created_at):
        yield "was saved by somebody else or at another time, by its trail."
    if case.deleted_at is not None:
        return
    if told.patient is not None and told.patient != case.patient:
        yield "has another pseudonym than its trail tells."
    images = session.scalars(
        select(ImageRow).where(ImageRow.case_id == case.id).order_by(ImageRow.position)
    ).all()
    if [image.position for image in images] != sorted(told.files):
        yield f"has {len(images)} images; its trail tells of {len(told.files)}."
    for image in images:
        yield from (
            f"does not stand as its trail tells: image {image.position} {words}"
            for words in _differences_of_image(session, image, told)
        )


def _same_hand(entry: Entry, who: str | None, at: datetime | None) -> bool:
    return entry.who == who and at is not None and abs(entry.at - at) < _WRITTEN_WITHIN


def _differences_of_image(session: Session, image: ImageRow, told: _Told) -> Iterable[str]:
    place = image.position
    if told.files.get(place) != image.sha256:
        yield "is another."
    entry = told.judged.get(place)
    said = json.loads(entry.after) if entry else {}
    if entry and not _same_hand(entry, image.judged_by, image.judged_at):
        yield "was judged by somebody else or at another time."
    for name in ("verdict", "subtype", "note"):
        if (said.get(name) or "") != (getattr(image, name) or ""):
            yield f"has another {name}."
    answers = session.scalars(
        select(AnswerRow)
        .where(AnswerRow.image_id == image.id)
        .order_by(AnswerRow.id)
        .options(undefer(AnswerRow.content), undefer(AnswerRow.maps))
    )
    now = [hash_of_answer(answer) for answer in answers]
    then = told.answers[place]
    # Entries that were written before the chain was there hold no hash of the answer.
    if len(now) != len(then) or any(
        old is not None and old != new for old, new in zip(then, now, strict=False)
    ):
        yield "has other answers."
