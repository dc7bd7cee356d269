"""Rows of the database as records: the one place where they are made, and looked at first.

SQLite keeps any value in any column, and whoever owns a database can put one there. What comes out
of here is of the kind that its record says; a case of which that is not true is told as damaged.
"""

import json
import math
import string
import zipfile
import zlib
from datetime import datetime
from functools import cache
from typing import Any

from core.cases.access import names_in
from core.cases.records import Answer, Case, CaseImage, Maps, TrailEntry, Verdict, unpack
from core.cases.schema import AnswerRow, Base, CaseRow, ImageRow, Moment, TrailRow
from core.errors import DamagedCaseError

_LONGEST = 40
_HEXADECIMAL = frozenset(string.hexdigits)
_SHA256_LETTERS = 64


def case_of(row: CaseRow) -> Case:
    """Return a case with its images and answers.

    Raises
    ------
    DamagedCaseError
        If one of its rows holds what Lobule never writes.
    """
    _look_at(row, row.id, "case")
    if row.deleted_at is None and not row.images:
        raise damaged(row.id, "it has no images")
    return Case(
        id=row.id,
        patient=row.patient,
        created_at=row.created_at,
        created_by=row.created_by,
        version=row.version,
        deleted_at=row.deleted_at,
        images=tuple(_image(image, row.id) for image in row.images),
        shared_with=names_in(row.shared_with),
    )


def _image(row: ImageRow, case_id: str) -> CaseImage:
    place = f"image {row.position}"
    _look_at(row, case_id, place)
    if row.verdict and row.verdict not in set(Verdict):
        raise damaged(case_id, f"the verdict of its {place} is {_short(row.verdict)}")
    if len(row.sha256) != _SHA256_LETTERS or not _HEXADECIMAL.issuperset(row.sha256):
        raise damaged(case_id, f"the sha256 of its {place} is {_short(row.sha256)}")
    if not row.answers:
        raise damaged(case_id, f"its {place} has no answer")
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
        answers=tuple(_answer(answer, case_id, place) for answer in row.answers),
        overview=row.overview,
    )


def _answer(row: AnswerRow, case_id: str, image: str) -> Answer:
    place = f"answer to {image}"
    _look_at(row, case_id, place)
    classes = _json(row.classes)
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise damaged(case_id, f"the classes of its {place} is {_short(row.classes)}")
    return Answer(
        id=row.id,
        model=row.model,
        model_sha256=row.model_sha256,
        classes=tuple(classes),
        predicted=row.predicted,
        said=row.said,
        shown_class=row.shown_class,
        probability=row.probability,
        um_per_px=row.um_per_px,
        at=row.answered_at,
        by=row.answered_by,
    )


def content_of(row: AnswerRow, case_id: str) -> dict[str, Any]:
    """Return the content of an answer.

    Raises
    ------
    DamagedCaseError
        If it is none.
    """
    content = _json(row.content)
    if not isinstance(content, dict):
        raise damaged(case_id, f"the content of an answer is {_short(row.content)}")
    return content


def maps_of(row: AnswerRow, case_id: str) -> Maps:
    """Return the maps of an answer.

    Raises
    ------
    DamagedCaseError
        If they cannot be read.
    """
    try:
        return unpack(row.maps)
    except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(case_id, f"the maps of an answer are {_short(row.maps)}") from error


def entry_of(row: TrailRow) -> TrailEntry:
    """Return an entry of the trail; what cannot be read in it stands in it as text."""
    return TrailEntry(
        at=row.at if isinstance(row.at, datetime) else None,
        who=str(row.who),
        signed_in=row.signed_in,
        action=str(row.action),
        image=row.image if isinstance(row.image, int) else None,
        model=None if row.model is None else str(row.model),
        model_sha256=None if row.model_sha256 is None else str(row.model_sha256),
        before=_change(row.before),
        after=_change(row.after),
    )


def _change(text: str) -> dict[str, Any]:
    content = _json(text)
    return content if isinstance(content, dict) else {"unreadable": _short(text)}


def damaged(case_id: str, fault: str) -> DamagedCaseError:
    """Return what to raise where a case holds what Lobule never writes."""
    return DamagedCaseError(
        f"Case {case_id} is damaged: {fault}, which Lobule never writes. Somebody changed the "
        "database itself. Look with `python -m core cases verify`, and bring the worklist back "
        "from a backup."
    )


def _look_at(row: Base, case_id: str, place: str) -> None:
    for name, kind, may_be_none in _kinds(type(row)):
        value = getattr(row, name)
        if value is None and may_be_none:
            continue
        sound = isinstance(value, (int, float) if kind is float else kind)
        if not sound or (kind is float and not math.isfinite(value)):
            raise damaged(case_id, f"the {name} of its {place} is {_short(value)}")


@cache
def _kinds(table: type[Base]) -> tuple[tuple[str, type, bool], ...]:
    """Name, kind and whether it may be None, of each column that is read at once."""
    return tuple(
        (
            each.key,
            datetime
            if isinstance(each.columns[0].type, Moment)
            else each.columns[0].type.python_type,
            bool(each.columns[0].nullable),
        )
        for each in table.__mapper__.column_attrs
        if not each.deferred
    )


def _json(text: Any) -> Any:
    """Read JSON as Lobule writes it; None where it is none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, TypeError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _short(value: object) -> str:
    words = repr(value)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
