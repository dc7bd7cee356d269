"""The trail of a case: written with each change, in its transaction, and read."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.cases.access import refuse_hidden
from core.cases.chain import append
from core.cases.database import reading
from core.cases.records import Actor, Case, TrailEntry
from core.cases.rows import entry_of
from core.cases.schema import CaseRow, TrailRow
from core.cases.store import Store
from core.cases.words import as_json, storable
from core.errors import CaseConflictError, CaseError
from core.rights import Deed, who_acts

LOCAL_USER = "local user"


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


def name_of(actor: Actor) -> str:
    """Return who it is, as the trail names them."""
    return storable(actor.name.strip(), "user's name") or LOCAL_USER


def note_down(
    session: Session,
    case_id: str,
    actor: Actor,
    action: str,
    *,
    image: int | None = None,
    model: tuple[str, str] | None = None,
    change: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
) -> None:
    """Add an entry to the trail.

    Parameters
    ----------
    session
        The transaction that makes the change.
    case_id, actor, action
        Of what, who, and what was done in a word.
    image
        The position of the image that it is about, counted from 1.
    model
        Name and hash of the model that it is about.
    change
        What it was and what it became.
    """
    row = TrailRow(
        case_id=case_id,
        at=now(),
        who=name_of(actor),
        signed_in=actor.signed_in,
        action=action,
        image=image,
        model=model and model[0],
        model_sha256=model and model[1],
        before=as_json(change[0]),
        after=as_json(change[1]),
    )
    append(session, row)


def step(session: Session, case: Case) -> CaseRow:
    """Raise the version of a case, which fails if somebody else did so since it was read.

    Of `case`, its id and version count. Whatever else is decided or written is decided by the row
    that is returned: what a caller hands over may be of another case, or made up.

    Raises
    ------
    CaseConflictError
        If the case was changed meanwhile; says by whom.
    CaseError
        If there is no such case for whoever acts, or it was deleted.
    """
    refuse_hidden(session, case.id)
    taken = session.execute(
        update(CaseRow)
        .where(CaseRow.id == case.id, CaseRow.version == case.version, CaseRow.deleted_at.is_(None))
        .values(version=case.version + 1)
        .returning(CaseRow.id)
    ).first()
    if taken is None:
        raise _refusal(session, case)
    return session.get_one(CaseRow, case.id)


def _refusal(session: Session, case: Case) -> CaseError:
    row = session.get_one(CaseRow, case.id)
    last = session.scalars(
        select(TrailRow).where(TrailRow.case_id == case.id).order_by(TrailRow.id.desc()).limit(1)
    ).first()
    by = ""
    if last and isinstance(last.at, datetime):
        by = f" by {last.who} on {last.at:%Y-%m-%d %H:%M:%S} UTC"
    if row.deleted_at is not None:
        return CaseError(f"The case {case.id} was deleted{by}.")
    return CaseConflictError(
        f"The case {case.id} was changed in the meantime{by and f',{by},'} in another "
        "window. Your change was not saved. Reload the case, then decide again."
    )


def read_trail(store: Store, case_id: str) -> list[TrailEntry]:
    """Return the trail of a case, also of a deleted one, the oldest entry first.

    Raises
    ------
    CaseError
        If there is none for whoever acts, or the database cannot be used.
    """
    with reading(store.engine) as session:
        if not who_acts().may(Deed.SEE_ALL):  # whose rows are gone has a trail all the same
            refuse_hidden(session, case_id)
        rows = session.scalars(
            select(TrailRow).where(TrailRow.case_id == case_id).order_by(TrailRow.id)
        ).all()
    return [entry_of(row) for row in rows]
