"""What the page says of an answered slide."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

import core.slides.answering

AREA = {"mm2": 0.54, "answered_mm2": 2.1, "least_mm2": 0.51, "most_mm2": 0.57, "level": 0.9}


def draw() -> None:
    from types import SimpleNamespace  # noqa: PLC0415 - run on its own

    from pages.viewer.slide_says import show_summary  # noqa: PLC0415

    show_summary(SimpleNamespace(package=None), 0, "any")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["class", "out of scope"])
def test_of_a_slide_out_of_scope_nothing_is_said_in_large_type(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = {
        "outcome": {"kind": kind, "name": "IDC" if kind == "class" else kind, "reasons": []},
        "classes": ["no IDC", "IDC"],
        "shown_class": "IDC",
        "probabilities": [0.4, 0.6],
        "threshold": 0.5,
        "rule": "A rule.",
        "positive": AREA,
        "out_of_scope": {"mm2": 0.0, "share": 0.0},
        "warnings": [],
        "hot_spots": [],
    }
    given = SimpleNamespace(summary=summary)
    monkeypatch.setattr(core.slides.answering, "load_answer", lambda _: given)
    page = AppTest.from_function(draw).run()
    assert not page.exception
    large = "".join(element.proto.body for element in page.get("html"))
    assert ("60.0 %" in large) == (kind == "class")
    put_away = [text.value for each in page.expander for text in each.text]
    areas = [text.value for text in page.text if "0.54 of 2.1 mm² (26 %)" in text.value]
    assert len(areas) == 1
    assert (areas[0] in put_away) == (kind != "class")
    assert "the other class can be ruled out at 90 % on 0.51 mm²" in areas[0]
    assert "certain" not in areas[0]
