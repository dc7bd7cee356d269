"""Cases as CSV and as JSON."""

import csv
import io
import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any

from core.cases.broken import in_words_where_broken
from core.cases.check import Check, check_trail
from core.cases.read import answer_content, load_cases
from core.cases.records import Answer, Case, CaseImage, Damaged
from core.cases.store import Store
from core.cases.trail import read_trail
from core.documents.letters import neutral
from core.errors import DamagedCaseError

FORMAT = 1
"""Version of the JSON; it grows when a reader must change."""

_COLUMNS = (
    *("case", "patient", "saved_utc", "saved_by", "image", "name", "image_sha256"),
    *("width_px", "height_px", "synthetic", "magnification", "um_per_px", "model", "model_sha256"),
    *("answered_utc", "answered_by", "answer", "class", "probability"),
    *("verdict", "subtype", "note", "judged_utc", "judged_by", "trail"),
)


def cases_csv(store: Store, case_ids: Collection[str]) -> bytes:
    """Write one row an answer, UTF-8 with a byte order mark, as spreadsheets want it.

    `probability` is of `class`; the verdict is on the first answer of an image and stands in
    its row alone. `trail` is "holds", or where it does not: the chain from end to end, and how
    these cases stand, no others. A case that cannot be read has a row of its id and why. Text that
    a spreadsheet would take for a formula gets an apostrophe in front.

    Raises
    ------
    CaseError
        If a case was deleted meanwhile or is not for whoever acts, or the database cannot be used.
    """
    check = check_trail(store, set(case_ids))
    with in_words_where_broken(check, "The table"):
        return _csv(store, case_ids, check)


def _csv(store: Store, case_ids: Collection[str], check: Check) -> bytes:
    listing = load_cases(store, case_ids)
    buffer = io.StringIO()
    # Text is quoted, all of it: a lone carriage return would begin a row otherwise.
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(_COLUMNS)
    for each in listing.damaged:
        why = f"{each.words} {_of_trail(check, each)}"
        writer.writerow([each.id, *[""] * (len(_COLUMNS) - 2), neutral(why)])
    for case in listing.cases:
        for image in case.images:
            for number, answer in enumerate(image.answers):
                row = [*_of_case(case), *_of_image(image), *_of_answer(answer)]
                row += _of_verdict(image) if number == 0 else [""] * 5
                row.append(_of_trail(check, case))
                writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def cases_json(store: Store, case_ids: Collection[str]) -> bytes:
    """Write everything that is kept of cases but pixels and maps, with their trails, in UTF-8.

    A case or an answer that cannot be read says so under `damaged`.

    Raises
    ------
    CaseError
        If a case was deleted meanwhile or is not for whoever acts, or the database cannot be used.
    """
    check = check_trail(store, set(case_ids))
    with in_words_where_broken(check, "The JSON"):
        return _json(store, case_ids, check)


def _json(store: Store, case_ids: Collection[str], check: Check) -> bytes:
    listing = load_cases(store, case_ids)
    content = {
        "format": FORMAT,
        "trail": {
            "holds": not check.breaks,
            "looked_at": "the chain from end to end, and how these cases stand",
            "entries": check.entries,
            "head": check.head._asdict(),
            "breaks": [asdict(each) for each in check.breaks],
        },
        "cases": [
            *(
                {"id": each.id, "damaged": each.words, **_trail(store, each)}
                for each in listing.damaged
            ),
            *(_everything(store, case) for case in listing.cases),
        ],
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode("utf-8", "replace")  # a name may hold half a surrogate pair


def _everything(store: Store, case: Case) -> dict[str, Any]:
    content = asdict(case)
    for image, written in zip(case.images, content["images"], strict=True):
        for answer, lines in zip(image.answers, written["answers"], strict=True):
            try:
                lines["content"] = answer_content(store, answer.id)
            except DamagedCaseError as error:
                lines |= {"content": None, "damaged": str(error)}
    return content | _trail(store, case)


def _trail(store: Store, case: Case | Damaged) -> dict[str, Any]:
    return {"trail": [asdict(entry) for entry in read_trail(store, case.id)]}


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    raise TypeError(f"{type(value).__name__} has no place in a case")


def _of_trail(check: Check, case: Case | Damaged) -> str:
    """Breaks of the case itself, else the first of any other."""
    breaks_of_case = [each for each in check.breaks if each.case == case.id] or check.breaks[:1]
    return " ".join(each.words for each in breaks_of_case) or "holds"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _of_case(case: Case) -> list[object]:
    return [case.id, case.patient, _time(case.created_at), case.created_by]


def _of_image(image: CaseImage) -> list[object]:
    size = [image.width, image.height, "yes" if image.synthetic else "no"]
    return [image.position, image.name, image.sha256, *size, image.magnification]


def _of_answer(answer: Answer) -> list[object]:
    scale = "" if answer.um_per_px is None else answer.um_per_px
    who = [answer.model, answer.model_sha256, _time(answer.at), answer.by]
    return [scale, *who, answer.said, answer.shown_class, round(answer.probability, 6)]


def _of_verdict(image: CaseImage) -> list[object]:
    cells = [image.verdict.value if image.verdict else "", image.subtype, image.note]
    return [*cells, _time(image.judged_at), image.judged_by or ""]
