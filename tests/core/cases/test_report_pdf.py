"""The report of a case, turned into pages and read: every figure and every word is there."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from core.cases.change import delete_case, judge
from core.cases.files import kept_path
from core.cases.read import load_case
from core.cases.records import Actor, Case, NewAnswer, NewImage, Verdict
from core.cases.report_pdf import report_pdf
from core.cases.save import add_answer, save_case
from core.cases.store import Store
from core.documents.fonts import printable
from core.errors import CaseError
from tests.core.conftest import card_content
from tests.core.registry.test_card_page import EVALUATION

ANNA = Actor("Dr. Ángela Müller")
MADE = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)
SHA = "0123456789abcdef" * 4
HOSTILE = (
    "<script>alert(1)</script><img src=x>",
    '=HYPERLINK("http://x.test")',
    "'; DROP TABLE cases;--",
    "{nb} **bold** __x__ [a](b)",
    "a\u202egnp.exe",
    "a\x07b\tc",
    "../../etc/passwd",
    "محمد علي",
    "王小明 患者",
    "Наталья Ёлкина",
    "\U0001f9ec",
)


def kept(**changes: Any) -> NewAnswer:
    """An answer as a diagnosis leaves it, its figures written by hand."""
    result: dict[str, Any] = {
        "probabilities": [0.2679, 0.7321],
        "classes": ["no IDC", "IDC"],
        "predicted": "IDC",
        "reasons": ["Confident: IDC. The other class can be ruled out at 90 %."],
        "prediction_set": ["IDC"],
        "scope": {"inside": True},
        "uncertainty": {"about": "IDC", "views": 0.0153, "members": None},
        "operating_point": {"positive_class": "IDC", "threshold": 0.527},
        "tiles": 1234,
    }
    result |= changes.pop("result", {})
    answer = {
        "card": json.dumps(card_content(evaluation=EVALUATION, name="idc"), default=str),
        "model": "idc",
        "model_sha256": SHA,
        "classes": ("no IDC", "IDC"),
        "predicted": "IDC",
        "said": "IDC",
        "shown_class": "IDC",
        "probability": 0.7321,
        "um_per_px": 0.25,
        "maps": {"heatmap": np.array([[0.0, 1.0], [np.nan, 0.25]], np.float32)},
        "content": {
            "version": 1,
            "result": result,
            "diagnosis": {"heatmap_class": "IDC", "warnings": ["The image is blurred."]},
        },
    }
    return NewAnswer(**{**answer, **changes})


def picture(name: str = "a.png", seed: int = 1, **changes: Any) -> NewImage:
    pixels = np.random.default_rng(seed).integers(0, 256, (60, 80, 3), np.uint8)
    return NewImage(name, pixels, kept(**changes))


def keep(store: Store, *images: NewImage, patient: str = "") -> Case:
    return load_case(store, save_case(store, images, ANNA, patient=patient))


def report(store: Store, case: Case, **changes: Any) -> bytes:
    return report_pdf(store, case.id, made_at=MADE, made_by=ANNA, **changes)


def read(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    # pypdf puts NUL where text goes over to another font.
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\0", "").split())


# What is printed does not depend on where it was kept.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_every_figure_of_an_answer_is_in_the_text(store: Store) -> None:
    case = keep(store, replace(picture("Feld 1.png"), synthetic=True), patient="P-7")
    text = read(report(store, case))
    for words in (
        f"report of case {case.id}",
        "A synthetic image, of no patient.",
        "For research use only. Lobule is not a medical device",
        "Patient's pseudonym P-7",
        "1, 0 of them judged",
        "2026-11-21 16:05 UTC by Dr. Ángela Müller",
        "1 Feld 1.png IDC 73.2 % IDC none yet",
        "idc: IDC, 73.2 % probability of IDC",
        "decision threshold 52.7 %",
        "over flips and turns: 71.7 to 74.7 % probability of IDC",
        "(± 1.5 points, one standard deviation; not a confidence interval).",
        "Classes that cannot be ruled out: IDC.",
        "Confident: IDC. The other class can be ruled out at 90 %.",
        "The image is blurred.",
        "0.25 µm/px; 1,234 tiles",
        SHA,
        case.images[0].sha256,
        "5 µm",  # 80 px are 20 µm, and the bar is a quarter of them
        "page 1 of 3",
    ):
        assert words in text


def test_the_card_is_there_with_its_intervals_and_what_speaks_against_the_model(
    store: Store,
) -> None:
    card = card_content(evaluation={**EVALUATION, "beats_colour": False}, name="idc")
    text = read(report(store, keep(store, picture(card=json.dumps(card, default=str)))))
    for words in (
        "The model idc: Tiny",
        "does not clearly beat colour alone: AUROC 0.91, colour alone 0.76",
        "0.912 [0.871, 0.943]",
        "0.834 [0.801, 0.877]",
        "1,234 images of 6 patients",
        "Good for: tests",
        "Not for: people",
        "Nobody checked.",
        "When to believe it",
        "No prediction sets: it always names a class",
        f"SHA-256 of the network: {SHA}",
    ):
        assert words in text
    assert text.count("The model idc: Tiny") == 1


def test_the_spread_is_within_0_and_100_and_out_of_scope_in_brackets(store: Store) -> None:
    unsure = {"about": "no IDC", "views": 0.3, "members": None}
    wide = picture(result={"uncertainty": unsure})
    outside = picture(seed=2, said="out of scope", result={"scope": {"inside": False}})
    text = read(report(store, keep(store, wide, outside)))
    assert "0.0 to 56.8 % probability of no IDC (± 30.0 points" in text
    assert "(73.2 % IDC)" in text
    assert "the probability means nothing" in text


def test_the_pathologist_is_quoted_line_for_line(store: Store) -> None:
    case = keep(store, picture())
    note = "Pools of mucin.\nSee the second section: 患者さん"
    verdict = Verdict.OTHER_SUBTYPE
    judge(store, case, case.images[0], ANNA, verdict, subtype="mucinous", note=note)
    text = read(report(store, case))
    assert "Pathologist: mucinous (Dr. Ángela Müller, " in text
    assert "Pools of mucin. See the second section: 患者さん" in text
    assert "73.2 % IDC mucinous" in text  # in the table
    assert "1, 1 of them judged" in text


def test_answers_of_several_models_stand_under_each_other(store: Store) -> None:
    case = keep(store, picture())
    other = kept(
        card=json.dumps(card_content(name="other", title="Another"), default=str),
        model="other",
        model_sha256="f" * 64,
        said="no IDC",
        predicted="no IDC",
        probability=0.1234,
        result={"uncertainty": {"about": "IDC", "views": 0.2, "members": [0.1, 0.1468]}},
    )
    add_answer(store, case, case.images[0], other, ANNA)
    text = read(report(store, case))
    assert "other: no IDC, 12.3 % probability of IDC" in text
    assert "The ensemble's members: 10.0 %, 14.7 %." in text
    assert "The model idc: Tiny" in text
    assert "The model other: Another" in text
    assert "never judged on held-out" in text


def test_out_of_scope_the_probability_is_put_away(store: Store) -> None:
    outside = {"scope": {"inside": False}, "reasons": ["Too blurred."]}
    text = read(report(store, keep(store, picture(said="out of scope", result=outside))))
    assert "out of scope (73.2 % IDC)" in text
    assert "idc: out of scope (73.2 % probability of IDC all the same)" in text
    assert "Too blurred." in text
    assert "decision threshold 52.7 %" not in text


def test_the_case_is_answered_as_a_whole(store: Store) -> None:
    chances = (0.9, 0.8, 0.7, 0.85, 0.75, 0.75)  # the mean is 0.8 without the last one
    images = [
        picture(
            f"{number}.png",
            seed=min(number, 4),  # the last two are one image
            probability=chance,
            result={"probabilities": [1 - chance, chance]},
        )
        for number, chance in enumerate(chances)
    ]
    outside = picture("x.png", seed=9, said="out of scope", result={"scope": {"inside": False}})
    case = keep(store, *images, outside)
    text = read(report(store, case))
    found = re.search(
        r"idc: IDC \(5 IDC\)\. Mean probability of IDC 80\.0 % \((.+) to (.+) %, 95 %", text
    )
    assert found
    low, high = map(float, found.groups())
    assert 70 < low < 80 < high < 90
    assert "of 5 images; not counted: 1 out of scope, 1 the same as another." in text
    single = read(report(store, keep(store, picture())))
    assert "Mean probability" not in single
    few = read(report(store, keep(store, picture(), picture(seed=2))))
    assert "73.2 % (no interval below 5 images), of 2 images." in few


def test_a_page_of_summary_then_two_images_a_page_then_an_appendix(store: Store) -> None:
    case = keep(store, *(picture(f"field {number}.png", seed=number) for number in range(1, 6)))
    pages = [
        " ".join(page.extract_text().split())
        for page in PdfReader(io.BytesIO(report(store, case))).pages
    ]
    assert all(f"{number} field {number}.png IDC" in pages[0] for number in range(1, 6))
    assert "Pathologist:" not in pages[0]
    on = [[n for n in range(1, 6) if f"{n}. field {n}.png" in page] for page in pages]
    assert on[:5] == [[], [1, 2], [3, 4], [5], [1, 2, 3, 4, 5]]
    technical = ("SHA-256", "flips and turns", "tiles")
    assert not any(word in page for page in pages[:4] for word in technical)
    assert "Appendix" in pages[4]


def test_several_classes_are_listed_the_most_probable_first(store: Store) -> None:
    shares = {"classes": ["a", "b", "c"], "probabilities": [0.2, 0.5, 0.3], "predicted": "b"}
    unsure = {"about": "b", "views": 0.0153, "members": None}
    several = {**shares, "operating_point": None, "prediction_set": None, "uncertainty": unsure}
    text = read(report(store, keep(store, picture(classes=("a", "b", "c"), result=several))))
    assert "b 50.0 %, c 30.0 %, a 20.0 %." in text
    assert "ruled out:" not in text


def test_whatever_a_name_holds_comes_out_as_text(store: Store) -> None:
    case = keep(store, *map(picture, HOSTILE), patient=HOSTILE[0])
    for number, name in enumerate(HOSTILE):
        case = load_case(store, case.id)
        judge(store, case, case.images[number], Actor(name), Verdict.AGREE, note=name)
    content = report(store, case)
    reader = PdfReader(io.BytesIO(content))
    assert all("/Annots" not in page for page in reader.pages)
    assert reader.trailer["/Root"].keys() == {"/Type", "/Pages", "/OpenAction", "/PageLayout"}
    assert reader.trailer["/Root"]["/OpenAction"][1] == "/FitH"  # how large it opens
    text = "".join(read(content).split())
    for name in HOSTILE:
        letters = "".join(printable(name).split())
        if name == "محمد علي":  # read back in the order of drawing
            assert set(letters) <= set(text)
        else:  # in the table, over the pictures, as who judged, in the note
            assert text.count(letters) >= 4
    assert "\u202e" not in text
    assert "\x07" not in text


def pictures_in(content: bytes) -> list[tuple[int, int]]:
    return [
        image.image.size
        for page in PdfReader(io.BytesIO(content)).pages
        for image in page.images
        if image.image
    ]


def test_images_and_maps_are_pictures_of_the_same_shape(store: Store) -> None:
    chances = {"probability_map": np.array([[np.nan, 0.6]], np.float32)}
    maps = {"heatmap": np.full((3, 3), np.nan, np.float32), **chances}
    case = keep(store, picture(), picture(seed=2, maps=maps))
    # A map without values leaves the image as it is, and the file keeps equal pictures once.
    shown = pictures_in(report(store, case))
    assert [size for size in shown if size != (80, 60)] == [(640, 480)] * 4
    assert shown.count((80, 60)) == 2  # in the table


def test_a_missing_image_is_told_and_the_rest_is_there(store: Store) -> None:
    case = keep(store, picture())
    kept_path(store.images, case.images[0].sha256).unlink()
    content = report(store, case)
    text = read(content)
    assert "is missing" in text
    assert "73.2 % probability of IDC" in text
    assert pictures_in(content) == []


def test_the_same_report_is_the_same_file_and_progress_is_told(store: Store) -> None:
    case, told = keep(store, picture(), picture("b.png")), []
    one = report(store, case, progress=lambda share, words: told.append((share, words)))
    assert one == report(store, case)
    assert told[:2] == [(0.0, "Image 1 of 2"), (0.5, "Image 2 of 2")]
    assert told[-1][0] == 1.0


def test_what_cannot_be_reported_is_refused_in_words(
    store: Store, make_image: Callable[..., NewImage]
) -> None:
    gone = keep(store, picture())
    delete_case(store, gone, ANNA)
    with pytest.raises(CaseError, match="was deleted"):
        report(store, gone)
    newer = picture()
    content = {**newer.answer.content, "version": 2}
    with pytest.raises(CaseError, match="version 2"):
        report(store, keep(store, replace(newer, answer=replace(newer.answer, content=content))))
    strange = make_image(content=newer.answer.content, maps=newer.answer.maps)
    with pytest.raises(CaseError, match="another version of Lobule"):
        report(store, keep(store, strange))
