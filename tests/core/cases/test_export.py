import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.cases.change import judge
from core.cases.export import cases_csv, cases_json
from core.cases.read import load_case
from core.cases.records import Actor, NewAnswer, NewImage, Verdict
from core.cases.save import add_answer, save_case
from core.cases.store import Store
from core.documents.letters import neutral

MakeImage = Callable[..., NewImage]
FORMULAS = (
    "；=1",
    "﹢1",
    "−1",
    "\u3164=1",
    ",=1",
    "a\r=1",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    "=cmd|' /C calc'!A0",
)


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_has_a_row_an_answer(
    store: Store, make_image: MakeImage, make_answer: Callable[..., NewAnswer]
) -> None:
    case_id = save_case(
        store,
        [make_image(1, "ä.png", magnification="200X"), make_image(2, um_per_px=None)],
        Actor("Anna"),
        patient="P",
    )
    case = load_case(store, case_id)
    judge(store, case, case.images[0], Actor("Ben"), Verdict.DISAGREE, note='a "b", c\nd')
    case = load_case(store, case_id)
    add_answer(store, case, case.images[0], make_answer(model="other"), Actor("Cy"))
    rows = rows_of(cases_csv(store, [case_id]))
    assert [(row["case"], row["image"], row["model"]) for row in rows] == [
        (case_id, "1", "idc"),
        (case_id, "1", "other"),
        (case_id, "2", "idc"),
    ]
    first, again, second = rows
    assert (first["patient"], first["name"], first["saved_by"]) == ("P", "ä.png", "Anna")
    assert (first["answer"], first["class"], first["probability"]) == ("IDC", "IDC", "0.7321")
    assert (first["verdict"], first["note"], first["judged_by"]) == (
        "disagree",
        'a "b", c\nd',
        "Ben",
    )
    assert (again["verdict"], again["note"], again["answered_by"]) == ("", "", "Cy")
    assert (first["um_per_px"], second["um_per_px"]) == ("4.0", "")
    assert (first["magnification"], second["magnification"]) == ("200X", "")
    assert first["image_sha256"] == case.images[0].sha256


@pytest.mark.parametrize("formula", FORMULAS)
def test_csv_holds_no_formula(store: Store, make_image: MakeImage, formula: str) -> None:
    image = make_image(1, formula, predicted=formula, shown_class=formula, model=formula)
    case_id = save_case(store, [image], Actor(f"{formula}"), patient=formula)
    case = load_case(store, case_id)
    judge(
        store,
        case,
        case.images[0],
        Actor("A"),
        Verdict.OTHER_SUBTYPE,
        subtype=formula,
        note=formula,
    )
    (row,) = rows_of(cases_csv(store, [case_id]))
    for cell in row.values():
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row["name"].replace("'", "") == formula.replace("'", "")


UNSEEN = (
    "".join(
        letter
        for letter in map(chr, range(0x3000))
        if letter.isspace() or unicodedata.category(letter) == "Cf"
    )
    + "\u3164\u2800\U0001d159"
)


@given(st.text() | st.text('=+-@;|\t\n\r" \u200b\ufeff\u00a0ab'))
@example("a;=1+1")
@example("\u200b=1")
@example("\u3164\u2800\U0001d159=1")
@example("；＝1，﹢1,−1,\u3164@a\u2028=1")
@example('";\u2060@SUM(A1)')
def test_neutral_text_is_text(text: str) -> None:
    shown = neutral(text)
    assert not shown.startswith(("\t", "\r", "\n"))
    # As the strictest reader may take them: wide and small forms are plain ones.
    for cell in re.split(r"[;|\t\n\r]", shown):
        plain = "".join(unicodedata.normalize("NFKC", letter) for letter in cell)
        assert not plain.lstrip(UNSEEN + '"').startswith(("=", "+", "-", "@", "−"))
    for cell in re.split(r"[;,|\t\n\r；，﹐﹔]", shown)[1:]:
        plain = "".join(unicodedata.normalize("NFKC", letter) for letter in cell)
        assert not plain.startswith(("=", "+", "-", "@", "−"))
    # Nothing but apostrophes was added.
    left = iter(shown)
    assert all(letter in left for letter in text)
    assert len(shown) - len(text) == shown.count("'") - text.count("'")


@pytest.mark.parametrize(
    "text", ["a word, -2 and x=3; fine", "ER+, PR-", "ER-, PR+; HER2 3+", "p = 0,5", "(-2) ＝ ≠"]
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert neutral(text) == text


def test_json_holds_everything(store: Store, make_image: MakeImage) -> None:
    name = "ä <b>\ud800 =1+1"
    case_id = save_case(store, [make_image(1, name)], Actor("Anna"))
    case = load_case(store, case_id)
    judge(store, case, case.images[0], Actor("Ben"), Verdict.CANNOT_TELL, note="dark")
    content = json.loads(cases_json(store, [case_id]))
    assert content["format"] == 1
    (written,) = content["cases"]
    (image,) = written["images"]
    assert (written["id"], image["name"]) == (case_id, "ä <b>\ufffd =1+1")
    assert (image["verdict"], image["note"]) == ("cannot tell", "dark")
    assert image["answers"][0]["content"] == {"version": 1, "result": {"seconds": 0.1 + 0.2}}
    assert [entry["action"] for entry in written["trail"]] == ["saved", "judged"]
    assert written["trail"][1]["at"].endswith("+00:00")


def test_nothing_is_a_header_and_an_empty_list(store: Store) -> None:
    assert rows_of(cases_csv(store, [])) == []
    content = json.loads(cases_json(store, []))
    assert (content["format"], content["cases"]) == (1, [])
