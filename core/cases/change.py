"""What may be done to a case: judge an image's answer, name the patient, delete all of it."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.cases.access import image_in, is_owner, listed, names_in
from core.cases.database import writing
from core.cases.records import Actor, Case, CaseImage, Verdict
from core.cases.schema import AnswerRow, CaseRow, ImageRow
from core.cases.store import Store
from core.cases.trail import name_of, note_down, now, step
from core.cases.words import folded, storable
from core.errors import CaseError, NotAllowedError
from core.rights import Deed, require


def judge(
    store: Store,
    case: Case,
    image: CaseImage,
    actor: Actor,
    verdict: Verdict | None,
    *,
    subtype: str = "",
    note: str = "",
) -> None:
    """Keep the pathologist's verdict on the first answer of an image; the former is in the trail.

    Parameters
    ----------
    store, case, image, actor
        Where, on what as it was read, and who.
    verdict
        None takes a verdict back.
    subtype
        What it is instead, where the verdict is "other subtype".
    note
        In the pathologist's words.

    Raises
    ------
    CaseConflictError
        If the case was changed since it was read.
    CaseError
        If a subtype is missing, the case was deleted, or the database cannot be used.
    """
    require(Deed.JUDGE)
    subtype = storable(subtype.strip(), "subtype") if verdict == Verdict.OTHER_SUBTYPE else ""
    note = storable(note.strip(), "note")
    if verdict == Verdict.OTHER_SUBTYPE and not subtype:
        raise CaseError("The verdict is another subtype, but it is not named. Name it, then save.")
    with writing(store.engine) as session:
        step(session, case)
        row = image_in(session, case.id, image.id)
        first = row.answers[0] if row.answers else None
        before = {"verdict": row.verdict, "subtype": row.subtype, "note": row.note}
        after = {"verdict": verdict and verdict.value, "subtype": subtype, "note": note}
        row.verdict, row.subtype, row.note = after["verdict"], subtype, note
        row.words = folded(row.name, subtype, note)
        row.judged_at, row.judged_by = now(), name_of(actor)
        note_down(
            session,
            case.id,
            actor,
            "judged",
            image=row.position,
            model=(first.model, first.model_sha256) if first else None,
            change=(before, after),
        )


def name_patient(store: Store, case: Case, actor: Actor, patient: str) -> None:
    """Give the pseudonym that the cases of one patient share; empty takes it back.

    Raises
    ------
    CaseConflictError
        If the case was changed since it was read.
    CaseError
        If it was deleted, or the database cannot be used.
    """
    require(Deed.SAVE)
    patient = storable(patient.strip(), "patient's pseudonym")
    with writing(store.engine) as session:
        before = step(session, case).patient
        session.execute(
            update(CaseRow)
            .where(CaseRow.id == case.id)
            .values(patient=patient, words=folded(case.id, patient))
        )
        change = ({"patient": before}, {"patient": patient})
        note_down(session, case.id, actor, "patient named", change=change)


def share_case(store: Store, case: Case, actor: Actor, names: list[str]) -> None:
    """Let others open a case and, if they are pathologists, judge it; an empty list takes it back.

    Parameters
    ----------
    store, case, actor
        Where, which as it was read, and who.
    names
        Addresses, "@domain", groups, or `core.rights.EVERYBODY`.

    Raises
    ------
    CaseConflictError
        If the case was changed since it was read.
    CaseError
        If there are too many names, the case was deleted, or the database cannot be used.
    NotAllowedError
        If somebody else saved it.
    """
    require(Deed.SAVE)
    shared_with = listed(names)
    with writing(store.engine) as session:
        row = step(session, case)
        _require_owner(row)
        before = names_in(row.shared_with)
        session.execute(
            update(CaseRow).where(CaseRow.id == case.id).values(shared_with=shared_with)
        )
        then, now_ = ({"shared_with": list(each)} for each in (before, names_in(shared_with)))
        note_down(session, case.id, actor, "shared", change=(then, now_))


def _require_owner(case: CaseRow) -> None:
    if not is_owner(case.created_by):
        raise NotAllowedError(
            f"{case.created_by} saved the case {case.id}: only they, or an administrator, may "
            "share or delete it."
        )


def delete_case(store: Store, case: Case, actor: Actor) -> None:
    """Delete a case: images, answers and names go; its tombstone and its trail stay.

    Image files go after the rows: if the process ends between the two, the next start's sweep
    removes them. Files that another case shows stay.

    Raises
    ------
    CaseConflictError
        If the case was changed since it was read.
    CaseError
        If it was deleted already, or the database cannot be used; nothing is changed then. Or if
        the case is deleted but its image files could not be removed, which the message says.
    """
    require(Deed.SAVE)
    with writing(store.engine) as session:
        _require_owner(step(session, case))
        count_query = select(func.count()).select_from(ImageRow).where(ImageRow.case_id == case.id)
        note_down(
            session,
            case.id,
            actor,
            "deleted",
            change=({"images": session.scalar(count_query)}, {}),
        )
        _bury(session, case.id)
    _remove_files(store, case)


def _remove_files(store: Store, case: Case) -> None:
    """Remove the files of a deleted case; who asked for it must know if they are still there."""
    try:
        store.sweep()
    except (CaseError, OSError) as error:
        # The words of a CaseError end in "Nothing was changed": no longer true.
        why = isinstance(error, OSError) and (error.strerror or str(error))
        raise CaseError(
            f"Case {case.id} is deleted, but its image files are still in {store.images}: "
            f"{why or 'the worklist is busy, or its database cannot be reached'}. They will "
            "be removed with the next deletion, or when Lobule restarts."
        ) from error


def _bury(session: Session, case_id: str) -> None:
    """Leave the tombstone; the database lets go of the rest only once there is one."""
    session.execute(
        update(CaseRow)
        .where(CaseRow.id == case_id)
        .values(deleted_at=now(), patient="", words=folded(case_id))
    )
    images = select(ImageRow.id).where(ImageRow.case_id == case_id)
    session.execute(delete(AnswerRow).where(AnswerRow.image_id.in_(images)))
    session.execute(delete(ImageRow).where(ImageRow.case_id == case_id))
