"""Reads cases: one whole, the list that passes a filter, and an answer as it was given."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload, undefer

from core.cases.access import refuse_hidden, visible
from core.cases.database import reading
from core.cases.records import (
    UNJUDGED,
    Case,
    CaseFilter,
    Damaged,
    FullAnswer,
    Shown,
)
from core.cases.rows import case_of, content_of, damaged, maps_of
from core.cases.schema import AnswerRow, CardRow, CaseRow, ImageRow
from core.cases.store import Store
from core.cases.words import folded
from core.errors import CaseError, DamagedCaseError

MOST = 200
"""Cases that a list holds; narrow the search for others."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest cases that pass a filter, at most as many as asked for."""

    cases: tuple[Case, ...]
    total: int
    """How many pass."""
    damaged: tuple[Damaged, ...] = ()
    """Those among them that cannot be read."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by."""

    said: tuple[str, ...]
    models: tuple[str, ...]


def load_case(store: Store, case_id: str) -> Case:
    """Return a case, or the tombstone of a deleted one.

    Raises
    ------
    DamagedCaseError
        If it holds what Lobule never writes.
    CaseError
        If there is none of that id for whoever acts, or the database cannot be used.
    """
    with reading(store.engine) as session:
        refuse_hidden(session, case_id)
        return case_of(session.get_one(CaseRow, case_id, options=[_WHOLE]))


def find_cases(store: Store, wanted: CaseFilter, *, most: int | None = MOST) -> Listing:
    """Return the cases that pass a filter, the newest first; deleted ones never do.

    Parameters
    ----------
    store, wanted
        Where, and which.
    most
        How many at most; None for all.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    conditions = _conditions(wanted)
    with reading(store.engine) as session:
        total = session.scalar(select(func.count()).select_from(CaseRow).where(*conditions)) or 0
        return _load(session, conditions, most, total)


def load_cases(store: Store, case_ids: Collection[str]) -> Listing:
    """Return some cases, the newest first.

    Raises
    ------
    CaseError
        If one is not there, was deleted or is not for whoever acts, or the database cannot be used.
    """
    conditions = [CaseRow.id.in_(case_ids), CaseRow.deleted_at.is_(None), visible()]
    with reading(store.engine) as session:
        existing = set(session.scalars(select(CaseRow.id).where(*conditions)))
        if gone := sorted(set(case_ids) - existing):
            raise CaseError(
                f"There is no case {gone[0]!r} any more that you may open. Reload the worklist."
            )
        return _load(session, conditions, None, len(existing))


def tombstones(store: Store, *, most: int = MOST) -> Listing:
    """Return what is left of deleted cases, the newest first.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    gone = [CaseRow.deleted_at.is_not(None), visible()]
    with reading(store.engine) as session:
        total = session.scalar(select(func.count()).select_from(CaseRow).where(*gone)) or 0
        return _load(session, gone, most, total)


def choices(store: Store) -> Choices:
    """Return everything that was answered and every model, by alphabet.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """

    def all_of(session: Session, column: InstrumentedAttribute[str]) -> tuple[str, ...]:
        known = select(column).join(ImageRow).join(CaseRow).where(visible()).distinct()
        return tuple(sorted(map(str, session.scalars(known))))

    with reading(store.engine) as session:
        return Choices(all_of(session, AnswerRow.said), all_of(session, AnswerRow.model))


def everything_shown(store: Store) -> tuple[Shown, ...]:
    """Return which image each case shows, of all cases that are not deleted, the oldest first.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """
    columns = (CaseRow.id, CaseRow.patient, ImageRow.sha256, ImageRow.synthetic)
    wanted = select(*columns).join(CaseRow.images).where(CaseRow.deleted_at.is_(None))
    with reading(store.engine) as session:
        rows = session.execute(wanted.order_by(CaseRow.created_at, ImageRow.id))
        return tuple(
            Shown(row.id, str(row.patient), str(row.sha256), row.synthetic) for row in rows
        )


def full_answer(store: Store, answer_id: int) -> FullAnswer:
    """Return all of an answer, exactly as it was saved.

    Raises
    ------
    DamagedCaseError
        If it holds what Lobule never writes, or the card is gone.
    CaseError
        If its case was deleted meanwhile, or the database cannot be used.
    """
    with reading(store.engine) as session:
        row, case_id = _answer(session, answer_id, AnswerRow.content, AnswerRow.maps)
        card = session.get(CardRow, row.card_sha256)
        if card is None:
            raise damaged(case_id, f"the card of its model {row.model} is gone")
        return FullAnswer(str(card.content), content_of(row, case_id), maps_of(row, case_id))


def answer_content(store: Store, answer_id: int) -> dict[str, Any]:
    """Return the content of an answer alone.

    Raises
    ------
    DamagedCaseError
        If it is none.
    CaseError
        If its case was deleted meanwhile, or the database cannot be used.
    """
    with reading(store.engine) as session:
        return content_of(*_answer(session, answer_id, AnswerRow.content))


def _answer(
    session: Session, answer_id: int, *large: InstrumentedAttribute[Any]
) -> tuple[AnswerRow, str]:
    """Return an answer that whoever acts may see, with its large columns, and its case's id."""
    row = session.get(AnswerRow, answer_id, options=[undefer(column) for column in large])
    if row is None:
        raise CaseError("This answer is gone: its case was deleted. Reload the worklist.")
    case_id = session.get_one(ImageRow, row.image_id).case_id
    refuse_hidden(session, case_id)
    return row, case_id


_WHOLE = selectinload(CaseRow.images).selectinload(ImageRow.answers)


def _load(
    session: Session, conditions: Iterable[ColumnElement[bool]], most: int | None, total: int
) -> Listing:
    newest = select(CaseRow).where(*conditions).order_by(CaseRow.created_at.desc(), CaseRow.id)
    cases, broken = [], []
    for row in session.scalars(newest.limit(most).options(_WHOLE)):
        try:
            cases.append(case_of(row))
        except DamagedCaseError as error:  # does not take the others away
            broken.append(Damaged(str(row.id), str(error)))
    return Listing(tuple(cases), total, tuple(broken))


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [CaseRow.deleted_at.is_(None), visible()]
    if text := folded(wanted.text.strip()).replace("\0", "\ufffd"):
        in_case = CaseRow.words.contains(text, autoescape=True)
        conditions.append(
            or_(in_case, CaseRow.images.any(ImageRow.words.contains(text, autoescape=True)))
        )
    wanted_values = {AnswerRow.said: wanted.said, AnswerRow.model: wanted.model}
    answered = [column == value for column, value in wanted_values.items() if value is not None]
    if answered:  # by one answer: this, from this model
        conditions.append(CaseRow.images.any(ImageRow.answers.any(and_(*answered))))
    if wanted.verdict is not None:
        value = None if wanted.verdict == UNJUDGED else wanted.verdict
        conditions.append(CaseRow.images.any(ImageRow.verdict == value))
    if wanted.since:
        conditions.append(CaseRow.created_at >= _midnight(wanted.since))
    if wanted.until:
        conditions.append(CaseRow.created_at < _midnight(wanted.until + timedelta(days=1)))
    return conditions


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
