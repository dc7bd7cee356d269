"""When to believe a model: a card by hand, and the shipped ones beside their `card.json`."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from core.registry.card import Card
from core.registry.card_limits import TITLE, when_to_believe
from core.registry.card_page import card_markdown, card_pdf
from core.registry.card_sections import MOST_ROWS, card_sections
from tests.core.conftest import card_content

SHA = "0123456789abcdef" * 4
MODELS = sorted((Path(__file__).parents[3] / "models").glob("*/card.json"))
POINT = {
    "positive_class": "IDC",
    "threshold": 0.4,
    "rule": "fixed by hand",
    "fitted_on": "90 images of 7 patients",
    "sensitivity": 0.81,
    "sensitivity_interval": (0.71, 0.91),
    "specificity": 0.62,
    "specificity_interval": (0.52, 0.72),
}
OTHER = {
    "positive_class": "IDC",
    "threshold": 0.15,
    "rule": "another rule",
    "fitted_on": "80 images of 6 patients",
}
SCOPE = {
    "file": "scope.json",
    "threshold": 1.2344,
    "wished_false_alarms": 0.05,
    "false_alarms": 0.0831,
    "fitted_on": "70 images of 5 patients",
}
CONFORMAL: dict[str, Any] = {
    "level": 0.9,
    "cut_offs": (0.3, 0.4),
    "fitted_on": "60 images of 4 patients",
    "by_class": (
        {
            "name": "no IDC",
            "patients": 4,
            "images": 1035,
            "coverage": 0.871,
            "interval": (0.771, 0.971),
            "single": 0.253,
        },
        {
            "name": "IDC",
            "patients": 1,
            "images": 1,
            "coverage": 0.5,
            "interval": None,
            "single": 1.0,
        },
    ),
}
# Change, amount, AUROC; the strongest of each is not the last.
TRIED = (
    *(("none", 0, 0.91), ("stain", 0.25, 0.82), ("stain", 0.1, 0.83), ("blur", 2, 0.84)),
    *(("jpeg", 20, 0.85), ("jpeg", 80, 0.86), ("brightness", -30, 0.87)),
    *(("brightness", -15, 0.88), ("brightness", 15, 0.89), ("brightness", 30, 0.9)),
    *(("scale", 25, 0.81), ("scale", -25, 0.8), ("dust", 3, 0.79)),
)


def card(**changes: Any) -> Card:
    tried = [
        {
            "change": change,
            "amount": amount,
            "unit": {"blur": "px of the input", "dust": "grains"}.get(change, ""),
            "auroc": auroc,
            "balanced_accuracy": None,
            "colour_auroc": None,
        }
        for change, amount, auroc in TRIED
    ]
    evaluation = {
        "protocol": "By hand.",
        "leaky": False,
        "patients": 7,
        "images": 90,
        "auroc": 0.9,
        "auroc_interval": None,
        "balanced_accuracy": 0.8,
        "balanced_accuracy_interval": None,
        "colour_auroc": 0.7,
        "colour_balanced_accuracy": 0.6,
        "beats_colour": True,
        "difference_interval": None,
        "by_patient": (),
        "notes": (),
        "robustness": tried,
    }
    whole = {
        "operating_point": POINT,
        "operating_points": (OTHER, POINT),
        "scope": SCOPE,
        "conformal": CONFORMAL,
        "evaluation": evaluation,
    }
    return Card.model_validate(card_content(**(whole | changes)))


def test_every_fact_of_a_card_by_hand() -> None:
    scope, sets, changed, points = when_to_believe(card()).lines
    assert "farther than 1.234 from the training images" in scope
    assert "though like them): 8.3 %, target 5.0 %; on 70 images of 5 patients." in scope
    assert "Level 90 %" in sets
    assert "on 60 images of 4 patients" in sets
    assert changed.endswith(
        "0.910 (unchanged); 0.820 (stain shifted by up to 25 %); 0.840 (blurred by 2 px of the "
        "input); 0.850 (JPEG of quality 20); 0.870 (30 % darker); 0.900 (30 % brighter); "
        "0.810 (25 % larger); 0.800 (25 % smaller); 0.790 (dust 3 grains)."
    )
    assert points.startswith("Decision thresholds")
    assert when_to_believe(card()).rows == (
        (
            "Decision threshold in use, IDC from 0.400 on: fixed by hand",
            "sensitivity 0.810 [0.710, 0.910], specificity 0.620 [0.520, 0.720]",
            "90 images of 7 patients",
        ),
        (
            "Another threshold, IDC from 0.150 on: another rule",
            "sensitivity –, specificity –",
            "80 images of 6 patients",
        ),
        (
            "Prediction sets, no IDC",
            "coverage 0.871 [0.771, 0.971]; one class alone 25.3 %",
            "1,035 images of 4 patients",
        ),
        (
            "Prediction sets, IDC",
            "coverage 0.500; one class alone 100 %",
            "1 image of 1 patient",
        ),
    )


def test_a_card_that_has_none_of_it_says_so() -> None:
    bare = card(
        operating_point=None, operating_points=(), scope=None, conformal=None, evaluation=None
    )
    found = when_to_believe(bare)
    assert found.rows == ()
    assert [line.partition(":")[0] for line in found.lines[:2]] == [
        "No scope test",
        "No prediction sets",
    ]
    assert "was not measured on held-out images" in found.lines[2]
    assert len(found.lines) == 3
    assert "No prediction sets" in card_markdown(bare, SHA)


def test_sets_that_were_not_measured_and_a_card_of_one_point() -> None:
    found = when_to_believe(
        card(operating_points=(), conformal={**CONFORMAL, "by_class": ()}, evaluation=None)
    )
    assert "not measured; cut-offs fitted on 60 images of 4 patients" in found.lines[1]
    assert [row[0].partition(",")[0] for row in found.rows] == ["Decision threshold in use"]


def test_a_page_has_room_for_so_many_rows() -> None:
    many = {**CONFORMAL, "by_class": CONFORMAL["by_class"] * MOST_ROWS}
    whole = card(conformal=many)
    (section,) = [each for each in card_sections(whole, SHA) if each.title == TITLE]
    assert len(section.rows) == MOST_ROWS
    left = 2 + 2 * MOST_ROWS - MOST_ROWS
    assert section.lines[-1] == f"{left} more figures are in card.json."
    assert len(when_to_believe(whole).rows) == 2 + 2 * MOST_ROWS


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parent.name)
def test_the_page_of_a_shipped_model_states_what_its_card_does(path: Path) -> None:
    content = json.loads(path.read_text())
    reader = PdfReader(io.BytesIO(card_pdf(Card.model_validate(content), SHA)))
    assert len(reader.pages) == 1
    page = " ".join(reader.pages[0].extract_text().split())
    assert "image (none)" not in page  # the unchanged image is no factor
    begins, ends = page.index(TITLE), page.index("Ethical considerations")
    told = page[begins:ends]
    expected = [f"Level {round(100 * content['conformal']['level'])} %"]
    scope = content["scope"]
    expected += [f"farther than {scope['threshold']:.3f}", scope["fitted_on"]]
    expected.append(f"though like them): {100 * scope['false_alarms']:.1f} %, target 5.0 %")
    for own in content["conformal"]["by_class"]:
        low_high = own["interval"] and f" [{own['interval'][0]:.3f}, {own['interval'][1]:.3f}]"
        expected.append(f"coverage {own['coverage']:.3f}{low_high or ';'}")
        expected.append(f"{own['images']:,} images of {own['patients']} patients")
    for point in content["operating_points"]:
        for name in ("sensitivity", "specificity"):
            bounds = point[f"{name}_interval"]
            between = f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else ""
            expected.append(f"{name} {point[name]:.3f}{between}")
        expected.append(f"from {point['threshold']:.3f} on")
    tried = {
        (row["change"], row["amount"]): row["auroc"] for row in content["evaluation"]["robustness"]
    }
    for strongest, words in {
        ("none", 0): "unchanged",
        ("stain", 0.25): "stain shifted by up to 25 %",
        ("blur", 2): "blurred by 2 px of the input",
        ("jpeg", 20): "JPEG of quality 20",
        ("brightness", -30): "30 % darker",
        ("brightness", 30): "30 % brighter",
        ("scale", -25): "25 % smaller",
        ("scale", 25): "25 % larger",
    }.items():
        expected.append(f"{tried[strongest]:.3f} ({words})")
    for words in expected:
        assert words in told


def test_a_class_that_is_never_ruled_out_is_named() -> None:
    own = card()
    assert own.conformal is not None
    sets = own.conformal.model_copy(update={"cut_offs": (0.0, *own.conformal.cut_offs[1:])})
    lines = " ".join(when_to_believe(own.model_copy(update={"conformal": sets})).lines)
    assert f"when to leave it out: {own.classes[0]}." in lines
    assert "to leave it out" not in " ".join(when_to_believe(own).lines)
