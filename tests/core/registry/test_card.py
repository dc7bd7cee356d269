"""The card: what is refused, and that it comes back as it went."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from core.registry.card import Card

TRAINING = {
    "recipe": {},
    "dataset": "none",
    "dataset_fingerprint": "",
    "split": "patient",
    "leaky": False,
    "patients": {"train": ["1"], "validation": ["2"], "test": ["3"]},
    "images": {},
    "seed": 0,
    "seconds": 0.0,
    "command": "",
}


@pytest.fixture
def content(saved: Any) -> dict[str, Any]:
    """A sound card as it stands on disk."""
    found: dict[str, Any] = json.loads((saved / "card.json").read_text())
    return found


def test_card_comes_back_byte_for_byte(content: dict[str, Any], saved: Any) -> None:
    text = (saved / "card.json").read_text()
    assert Card.model_validate_json(text, strict=True).to_json() == text
    assert text.startswith('{\n  "schema_version": 1,\n')
    assert Card.model_validate(content).positive_index == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"surprise": 1}, "Extra inputs"),
        ({"name": "../up"}, "should match pattern"),
        ({"temperature": float("nan")}, "finite number"),
        ({"temperature": 0}, "greater than 0"),
        ({"training": TRAINING | {"recipe": {"rate": float("nan")}}}, "not JSON compliant"),
        ({"training": TRAINING | {"recipe": {"rate": object()}}}, "not JSON serializable"),
        ({"classes": ["a", "a"]}, "named twice"),
        ({"classes": ["a", "b", "c"]}, "two classes"),
        ({"task": "subtype", "head": "sigmoid", "operating_point": None}, "one output"),
        ({"task": "subtype"}, "belongs to a binary task"),
        ({"files": {"../../etc/passwd": "0" * 64}}, "not the name of a file"),
        ({"files": {"a/b": "0" * 64}}, "not the name of a file"),
        ({"files": {"card.json": "0" * 64}}, "not the name of a file"),
        ({"files": {"C:evil": "0" * 64}}, "not the name of a file"),
        ({"files": {".hidden": "0" * 64}}, "not the name of a file"),
        ({"files": {"model.keras": "not a hash"}}, "should match pattern"),
        ({"created": "2026-01-02T03:04:05"}, "timezone"),
        ({"training": TRAINING | {"split": "image"}}, "must be marked"),
        ({"training": TRAINING | {"patients": {"train": ["1"], "test": ["1"]}}}, "two parts"),
        ({"training": TRAINING | {"recipe": {"rate": float("inf")}}}, "not JSON compliant"),
        ({"training": TRAINING | {"patients": {"elsewhere": ["1"]}}}, "'train', 'validation'"),
    ],
)
def test_wrong_cards_are_refused(
    content: dict[str, Any], changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Card.model_validate(content | changes)


def test_scale_must_lie_in_its_range(content: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="outside"):
        Card.model_validate(content | {"input": content["input"] | {"um_per_px": 9.0}})


def test_operating_point_on_first_class_makes_it_positive(content: dict[str, Any]) -> None:
    point = content["operating_point"] | {"positive_class": "no IDC"}
    assert Card.model_validate(content | {"operating_point": point}).positive_index == 0
