"""A model card on one page, as Markdown and as PDF, with the figures of the card."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from core.registry.card import Card
from core.registry.card_page import card_markdown, card_pdf
from core.registry.card_results import CardEvaluation
from core.registry.card_words import next_patient_in_short
from tests.core.conftest import card_content

SHA = "0123456789abcdef" * 4
SECTIONS = (
    *("Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data"),
    *("Quantitative analyses", "When to believe it", "Ethical considerations"),
    "Caveats and recommendations",
)
EVALUATION: dict[str, Any] = {
    "protocol": "Leave one patient out.",
    "leaky": False,
    "patients": 6,
    "images": 1234,
    "auroc": 0.912,
    "auroc_interval": (0.871, 0.943),
    "balanced_accuracy": 0.834,
    "balanced_accuracy_interval": (0.801, 0.877),
    "colour_auroc": 0.756,
    "colour_balanced_accuracy": 0.678,
    "beats_colour": True,
    "difference_interval": (0.1, 0.2),
    "by_patient": (
        {
            "patient": "33",
            "images": 567,
            "positives": 321,
            "auroc": 0.888,
            "balanced_accuracy": 0.834,
            "threshold": 0.37,
            "colour_auroc": 0.777,
            "colour_balanced_accuracy": 0.678,
        },
    ),
    "notes": ("Nobody checked.",),
}


def card(**changes: Any) -> Card:
    return Card.model_validate(card_content(evaluation=EVALUATION, **changes))


def read(content: bytes) -> tuple[int, str]:
    reader = PdfReader(io.BytesIO(content))
    text = " ".join(page.extract_text() for page in reader.pages)
    return len(reader.pages), " ".join(text.split())


FIGURES = ("0.912 [0.871, 0.943]", "0.834 [0.801, 0.877]", "0.756", "0.678", "0.888", "0.777")


def test_the_pdf_is_one_page_and_has_every_section_and_figure() -> None:
    pages, text = read(card_pdf(card(), SHA))
    assert pages == 1
    for words in (*SECTIONS, *FIGURES, SHA, "1,234 images of 6 patients", "Nobody checked."):
        assert words in text
    assert "AUROC above colour alone: 0.156 [0.100, 0.200], clearly better" in text
    assert card_pdf(card(), SHA) == card_pdf(card(), SHA)


def test_the_markdown_has_every_section_in_the_order_of_the_paper_and_every_figure() -> None:
    text = card_markdown(card(), SHA)
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == list(SECTIONS)
    for figure in FIGURES:
        assert figure.replace("[", "\\[").replace("]", "\\]") in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"leaky": True}, "Leaky split"),
        ({"beats_colour": False}, "does not clearly beat colour alone: AUROC 0.91"),
    ],
)
def test_what_speaks_against_a_model_stands_on_top(changes: dict[str, Any], words: str) -> None:
    marked = Card.model_validate(card_content(evaluation={**EVALUATION, **changes}))
    _, text = read(card_pdf(marked, SHA))
    assert text.index(words) < text.index("Model details")
    markdown = card_markdown(marked, SHA)
    assert markdown.index(words) < markdown.index("## Model details")


def test_a_model_that_nobody_judged_says_so() -> None:
    bare = Card.model_validate(card_content())
    assert "never judged" in read(card_pdf(bare, SHA))[1]
    assert "never judged" in card_markdown(bare, SHA)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_longest_card_still_fits_a_page() -> None:
    long = "wide words " * 400
    classes = tuple(f"a class with a rather long name {number}" for number in range(8))
    results = tuple(
        {
            "name": name,
            "patients": 1,
            "images": 20,
            "auroc": 0.5,
            "auroc_interval": (0.4, 0.6),
            "sensitivity": 0.5,
            "colour_auroc": 0.5,
            "withheld": None if number else "One patient only.",
        }
        for number, name in enumerate(classes)
    )
    huge = card(
        title=long,
        summary=long,
        task="subtype",
        classes=classes,
        operating_point=None,
        good_for=(long,) * 9,
        not_for=(long,) * 9,
        licence=long,
        citations=(long,) * 9,
    )
    evaluation = {
        **EVALUATION,
        "protocol": long,
        "notes": (long,) * 20,
        "by_patient": EVALUATION["by_patient"] * 90,
        "by_class": results,
    }
    huge = Card.model_validate({**huge.model_dump(), "evaluation": evaluation})
    pages, text = read(card_pdf(huge, SHA))
    assert pages == 1
    assert "more figures are in card.json" in text
    assert "Caveats and recommendations" in text


def test_words_of_a_card_are_never_markup() -> None:
    hostile = card(title="<script>x</script> *b*", summary="# not a heading\n| a | b |")
    text = card_markdown(hostile, SHA)
    assert "\\<script\\>" in text
    assert "\n# not" not in text
    assert "\\# not a heading⟨U+000A⟩\\| a" in text


def test_the_date_is_that_of_the_card() -> None:
    dated = card(created=datetime(2031, 5, 6, tzinfo=UTC))
    assert "2031-05-06" in card_markdown(dated, SHA)


def test_the_next_patient_in_a_line_keeps_sizes_and_marks() -> None:
    rest = {"images_at_least": 10, "lowest": 0.2, "floor": 0.7, "below": 0.3}
    expected = (
        {"name": "benign", "patients": 9, "range": (0.16, 1.0), **rest},
        {"name": "malignant", "patients": 1234, "range": (0.614, 0.994), **rest},
        {"name": "unsure", "patients": 1, "range": None, **rest},
    )
    result = card().model_dump()["evaluation"] | {"next_patient": expected}
    evaluation = CardEvaluation.model_validate(result)
    assert next_patient_in_short(evaluation) == (
        "Next patient, share called correctly in 8 of 10: benign 0.16 to 1.00 (▲ 9 patients), "
        "malignant 0.61 to 0.99 (1,234 patients), unsure no range (▲ 1 patient)."
    )
    assert next_patient_in_short(evaluation.model_copy(update={"next_patient": ()})) == ""
