"""Reads cases: one whole, the list that passes a filter, and an answer as it was given."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload, undefer

from core.cases.access import names_in, refuse_hidden, visible
from core.cases.database import reading
from core.cases.records import (
    UNJUDGED,
    Answer,
    Case,
    CaseFilter,
    CaseImage,
    FullAnswer,
    Shown,
    Verdict,
    unpack,
)
from core.cases.schema import AnswerRow, CardRow, CaseRow, ImageRow
from core.cases.store import Store
from core.cases.words import folded
from core.errors import CaseError

MOST = 200
"""Cases that a list holds; narrow the search for others."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest cases that pass a filter, at most as many as asked for."""

    cases: tuple[Case, ...]
    total: int
    """How many pass."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by."""

    said: tuple[str, ...]
    models: tuple[str, ...]


def load_case(store: Store, case_id: str) -> Case:
    """Return a case, or the tombstone of a deleted one.

    Raises
    ------
    CaseError
        If there is none of that id for whoever acts, or the database cannot be used.
    """
    with reading(store.engine) as session:
        refuse_hidden(session, case_id)
        return _case(session.get_one(CaseRow, case_id, options=[_WHOLE]))


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
        return Listing(_load(session, conditions, most), total)


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
        return Listing(_load(session, gone, most), total)


def choices(store: Store) -> Choices:
    """Return everything that was answered and every model, by alphabet.

    Raises
    ------
    CaseError
        If the database cannot be used.
    """

    def all_of(session: Session, column: InstrumentedAttribute[str]) -> tuple[str, ...]:
        known = select(column).join(ImageRow).join(CaseRow).where(visible()).distinct()
        return tuple(sorted(session.scalars(known)))

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
        return tuple(Shown(*row) for row in rows)


def full_answer(store: Store, answer_id: int) -> FullAnswer:
    """Return all of an answer, exactly as it was saved.

    Raises
    ------
    CaseError
        If its case was deleted meanwhile, or the database cannot be used.
    """
    with reading(store.engine) as session:
        everything = [undefer(AnswerRow.content), undefer(AnswerRow.maps)]
        row = session.get(AnswerRow, answer_id, options=everything)
        if row is None:
            raise CaseError("This answer is gone: its case was deleted. Reload the worklist.")
        refuse_hidden(session, session.get_one(ImageRow, row.image_id).case_id)
        card = session.get_one(CardRow, row.card_sha256).content
        return FullAnswer(card, json.loads(row.content), unpack(row.maps))


_WHOLE = selectinload(CaseRow.images).selectinload(ImageRow.answers)


def _load(
    session: Session, conditions: Iterable[ColumnElement[bool]], most: int | None
) -> tuple[Case, ...]:
    newest = select(CaseRow).where(*conditions).order_by(CaseRow.created_at.desc(), CaseRow.id)
    return tuple(map(_case, session.scalars(newest.limit(most).options(_WHOLE))))


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [CaseRow.deleted_at.is_(None), visible()]
    if text := folded(wanted.text.strip()).replace("\0", "\ufffd"):
        in_case = CaseRow.words.contains(text, autoescape=True)
        conditions.append(
            or_(in_case, CaseRow.images.any(ImageRow.words.contains(text, autoescape=True)))
        )
    asked = {AnswerRow.said: wanted.said, AnswerRow.model: wanted.model}
    answered = [column == value for column, value in asked.items() if value is not None]
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


def _case(row: CaseRow) -> Case:
    return Case(
        id=row.id,
        patient=row.patient,
        created_at=row.created_at,
        created_by=row.created_by,
        version=row.version,
        deleted_at=row.deleted_at,
        images=tuple(map(_image, row.images)),
        shared_with=names_in(row.shared_with),
    )


def _image(row: ImageRow) -> CaseImage:
    return CaseImage(
        id=row.id,
        position=row.position,
        sha256=row.sha256,
        name=row.name,
        width=row.width,
        height=row.height,
        synthetic=row.synthetic,
        magnification=row.magnification,
        verdict=Verdict(row.verdict) if row.verdict else None,
        subtype=row.subtype,
        note=row.note,
        judged_at=row.judged_at,
        judged_by=row.judged_by,
        answers=tuple(map(_answer, row.answers)),
        overview=row.overview,
    )


def _answer(row: AnswerRow) -> Answer:
    return Answer(
        id=row.id,
        model=row.model,
        model_sha256=row.model_sha256,
        classes=tuple(json.loads(row.classes)),
        predicted=row.predicted,
        said=row.said,
        shown_class=row.shown_class,
        probability=row.probability,
        um_per_px=row.um_per_px,
        at=row.answered_at,
        by=row.answered_by,
    )
