"""Which cases somebody may open: those that they saved, and those that are shared with them."""

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from core.cases.schema import CaseRow, ImageRow
from core.errors import CaseError
from core.rights import EVERYBODY, Deed, who_acts

_MOST_NAMES = 50
_LONGEST = 200  # characters; no address has as many


def listed(names: list[str]) -> str:
    """Return names as `CaseRow.shared_with` holds them: each on a line of its own.

    Raises
    ------
    CaseError
        If there are too many, or one holds what no address or group does.
    """
    distinct = sorted({name.strip().casefold() for name in names} - {""})
    if len(distinct) > _MOST_NAMES or any(
        not name.isprintable() or len(name) > _LONGEST for name in distinct
    ):
        raise CaseError(
            f"A case can be shared with up to {_MOST_NAMES} addresses, @domains or groups, "
            "divided by commas. Nothing was changed."
        )
    return "".join(f"\n{name}\n" for name in distinct)


def names_in(shared_with: str) -> tuple[str, ...]:
    """Return the names that `listed` has put together."""
    return tuple(filter(None, shared_with.split("\n")))


def visible() -> ColumnElement[bool]:
    """Return the condition on cases that whoever acts may open."""
    person = who_acts()
    if person.may(Deed.SEE_ALL):
        return true()
    shared = (
        CaseRow.shared_with.contains(f"\n{name}\n", autoescape=True)
        for name in sorted({EVERYBODY, *person.names})
    )
    return or_(func.lower(CaseRow.created_by) == person.name.casefold(), *shared)


def refuse_hidden(session: Session, case_id: str) -> None:
    """Refuse a case that is not for whoever acts, in the words for one that is not there.

    Raises
    ------
    CaseError
        If it is not.
    """
    if session.scalar(select(CaseRow.id).where(CaseRow.id == case_id, visible())) is None:
        raise CaseError(
            f"There is no case {case_id!r} that you may open. Look for it in the worklist."
        )


def image_in(session: Session, case_id: str, image_id: int) -> ImageRow:
    """Return an image of a case.

    Raises
    ------
    CaseError
        If it is of another case, or of none.
    """
    query = select(ImageRow).where(ImageRow.id == image_id, ImageRow.case_id == case_id)
    row = session.scalar(query)
    if row is None:
        raise CaseError(
            f"The case {case_id} has no such image. Nothing was changed. Reload the case."
        )
    return row


def is_owner(created_by: str) -> bool:
    """Tell whether whoever acts has saved a case, or may do with all what they want."""
    person = who_acts()
    return person.may(Deed.SEE_ALL) or person.name.casefold() == created_by.casefold()
