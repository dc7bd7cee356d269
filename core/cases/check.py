"""Whether the trail holds, and whether every case stands as it tells."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.cases.access import names_in
from core.cases.chain import (
    BEGINNING,
    COLUMNS,
    Entry,
    Head,
    hash_of_answer,
    hash_of_entry,
    hash_of_facts,
)
from core.cases.database import reading
from core.cases.files import kept_path
from core.cases.rows import case_of
from core.cases.schema import AnswerRow, CardRow, CaseRow, ImageRow, TrailRow
from core.cases.store import Store
from core.cases.words import moment
from core.errors import DamagedCaseError
from core.hashing import sha256_of

_AT_ONCE = 1000
# A row and its entry are written in one transaction, one after the other.
_WRITTEN_WITHIN = timedelta(minutes=2)


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


def check_trail(store: Store, case_ids: Collection[str] | None = None) -> Check:
    """Look whether the trail holds, and whether cases stand as it tells.

    Parameters
    ----------
    store
        Where.
    case_ids
        Of the cases whose images, answers and verdicts are compared with their entries; None for
        all. The chain is looked at from end to end in any case.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    histories: dict[str, _Told] = defaultdict(_Told)
    with reading(store.engine) as session:
        breaks, last, entries = [], Head(0, BEGINNING), 0
        # Columns, not objects: a fifth of the time, and a case is not opened before this has ended.
        columns = [getattr(TrailRow, name) for name in (*COLUMNS, "previous", "sha256")]
        rows = session.execute(
            select(*columns).order_by(TrailRow.id).execution_options(yield_per=_AT_ONCE)
        )
        for row in rows:
            entries += 1
            if words := _why_broken(row, last):
                breaks.append(Break(str(row.case_id), row.id, f"Entry {row.id} {words}"))
            last = Head(row.id, str(row.sha256))
            if case_ids is None or row.case_id in case_ids:
                histories[row.case_id].hear(row)
        breaks += _compare(session, histories, case_ids)
    return Check(entries, last, tuple(breaks))


def check_files(store: Store) -> tuple[Break, ...]:
    """Look whether the file of each image is what was saved, which reads them all.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    with reading(store.engine) as session:
        saved = session.execute(select(ImageRow.sha256, ImageRow.case_id)).all()
    breaks = []
    for sha256, case_id in {row.sha256: row.case_id for row in saved}.items():
        path = kept_path(store.images, str(sha256))
        try:
            digest = sha256_of(path)
        except (OSError, ValueError):  # a name that no file can have
            digest = ""
        if digest != sha256:
            fault = "was changed" if digest else "is missing"
            words = f"The file {path} of an image of case {case_id} {fault}."
            breaks.append(Break(str(case_id), None, words))
    return tuple(breaks)


def _why_broken(row: Entry, before: Head) -> str | None:
    if hash_of_entry(row, row.previous) != row.sha256:
        fault = "was changed after it was written."
    elif row.previous != before.sha256:
        predecessor = f"entry {before.entry}" if before.entry else "the beginning"
        fault = f"does not follow {predecessor}: an entry was removed or put in between."
    else:
        return None
    when = moment(row.at) if isinstance(row.at, datetime) else f"{row.at!r} for a moment"
    return f"(case {row.case_id}, {row.action}, {when}) {fault}"


@dataclass(slots=True)
class _Told:
    """How a case must stand, by its entries."""

    saved: Entry | None = None
    patient: str | None = None
    shared_with: tuple[str, ...] = ()
    deleted: Entry | None = None
    files: dict[int, str] = field(default_factory=dict)
    facts: dict[int, str | None] = field(default_factory=dict)
    answers: dict[int, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    judged: dict[int, Entry] = field(default_factory=dict)

    def hear(self, row: Entry) -> None:
        after, image = _content(row.after), row.image if isinstance(row.image, int) else 0
        if row.action in {"saved", "answered again"}:
            self.answers[image].append(after.get("answer_sha256"))
        if row.action == "saved":
            self.files[image] = str(after.get("image_sha256", ""))
            self.facts[image] = after.get("facts_sha256")
            if self.facts[image] and self.patient is None:
                self.patient = ""  # since it is written down here, its absence says something
            self.saved = self.saved or row
        elif row.action == "judged":
            self.judged[image] = row
        elif row.action == "shared":
            names = after.get("shared_with")
            self.shared_with = tuple(map(str, names)) if isinstance(names, list) else ()
        elif row.action == "deleted":
            self.deleted = row
        self.patient = after.get("patient", self.patient)


def _content(text: str) -> dict[str, Any]:
    """What an entry holds as JSON; nothing where it was made into something else."""
    try:
        content = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _compare(
    session: Session, histories: dict[str, _Told], case_ids: Collection[str] | None
) -> Iterator[Break]:
    if case_ids is None:
        case_ids = histories.keys() | set(session.scalars(select(CaseRow.id)))
    for each in sorted(set(case_ids), key=str):
        row = session.get(CaseRow, each)
        differences = list(_differences(session, row, histories.get(each)))
        for words in differences:
            yield Break(str(each), None, f"Case {each} {words}")
        if row is not None and not differences:
            try:
                case_of(row)
            except DamagedCaseError as error:  # in what the trail does not tell of
                yield Break(str(each), None, str(error))
        session.expunge_all()


def _differences(session: Session, case: CaseRow | None, history: _Told | None) -> Iterable[str]:
    if history is None:
        yield "has no entry in the trail."
        return
    if case is None:
        yield "stands in the trail and is not there."
        return
    if (history.deleted is None) != (case.deleted_at is None):
        yield (
            "was deleted without an entry." if case.deleted_at else "came back after its deletion."
        )
    if history.saved is None or not _same_hand(history.saved, case.created_by, case.created_at):
        yield "was saved by somebody else or at another time, by its trail."
    if case.deleted_at is not None:
        yield from _differences_of_tombstone(session, case, history)
        return
    if history.patient is not None and history.patient != case.patient:
        yield "has another pseudonym than its trail tells."
    if history.shared_with != names_in(str(case.shared_with)):
        yield "is shared with others than its trail tells."
    images = session.scalars(
        select(ImageRow).where(ImageRow.case_id == case.id).order_by(ImageRow.position)
    ).all()
    if [image.position for image in images] != sorted(history.files):
        yield f"has {len(images)} images; its trail tells of {len(history.files)}."
    for image in images:
        yield from (
            f"does not stand as its trail tells: image {image.position} {words}"
            for words in _differences_of_image(session, image, history)
        )


def _differences_of_tombstone(session: Session, case: CaseRow, history: _Told) -> Iterable[str]:
    if history.deleted is not None and not _same_hand(
        history.deleted, history.deleted.who, case.deleted_at
    ):
        yield "was deleted at another time, by its trail."
    if case.patient or session.scalar(select(ImageRow.id).where(ImageRow.case_id == case.id)):
        yield "was deleted and holds something again."


def _same_hand(entry: Entry, who: str | None, at: datetime | None) -> bool:
    if entry.who != who or not isinstance(at, datetime) or not isinstance(entry.at, datetime):
        return False
    return abs(entry.at - at) < _WRITTEN_WITHIN


def _differences_of_image(session: Session, image: ImageRow, history: _Told) -> Iterable[str]:
    place = image.position
    if history.files.get(place) != image.sha256:
        yield "is another."
    facts = history.facts.get(place)
    if facts is not None and facts != hash_of_facts(image):
        yield "has another size, magnification or kind."
    entry = history.judged.get(place)
    judgement = _content(entry.after) if entry else {}
    if entry and not _same_hand(entry, image.judged_by, image.judged_at):
        yield "was judged by somebody else or at another time."
    if not entry and (image.judged_by or image.judged_at):
        yield "was judged without an entry."
    for name in ("verdict", "subtype", "note"):
        if (judgement.get(name) or "") != (getattr(image, name) or ""):
            yield f"has another {name}."
    answers = session.scalars(
        select(AnswerRow)
        .where(AnswerRow.image_id == image.id)
        .order_by(AnswerRow.id)
        .options(undefer(AnswerRow.content), undefer(AnswerRow.maps))
    ).all()
    now = [hash_of_answer(answer) for answer in answers]
    then = history.answers[place]
    # Entries that were written before the chain was there hold no hash of the answer.
    if len(now) != len(then) or any(
        old is not None and old != new for old, new in zip(then, now, strict=False)
    ):
        yield "has other answers."
    wanted = {answer.card_sha256 for answer in answers}
    cards = session.scalars(select(CardRow).where(CardRow.sha256.in_(wanted))).all()
    if any(hashlib.sha256(str(card.content).encode()).hexdigest() != card.sha256 for card in cards):
        yield "was answered by a model whose card is another now."
    if len(cards) < len(wanted):
        yield "was answered by a model whose card is gone."
