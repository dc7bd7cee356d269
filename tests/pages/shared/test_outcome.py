"""One verdict in words: a class, undecided, or out of scope with the probability put away."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core.diagnosis
from core.inference.outcome import Outcome, ScopeCheck, Uncertainty
from tests.pages.conftest import upload_images
from tests.pages.test_diagnose import html, open_page, tissue

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shelf")]
CLASS, OTHER = "carcinoma *seen*", "no <b>carcinoma</b>"
ANYWAY = "Show the answer anyway"


@pytest.fixture
def answer_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have every image answered with these fields changed."""
    real = core.diagnosis.diagnose

    def change(**fields: Any) -> None:
        monkeypatch.setattr(
            core.diagnosis,
            "diagnose",
            lambda source, **settings: replace(real(source, **settings), **fields),
        )

    return change


def opened() -> AppTest:
    return upload_images(open_page(), ("a.png", tissue(1)))


def headline(page: AppTest) -> str:
    return next(text for text in html(page).split("<h2>")[1:] if "aria-hidden" in text)


def test_out_of_scope_puts_the_probability_behind_a_click(
    answer_with: Callable[..., None],
) -> None:
    reasons = ("It is a <i>cat</i>.", "It is not sharp.")
    answer_with(
        outcome=Outcome("out of scope", "out of scope", reasons, ()),
        scope=ScopeCheck(tested=True, distance=2.0, sharpness=0.5, tissue=0.9, reasons=reasons),
    )
    page = opened()
    assert headline(page).startswith('<span aria-hidden="true">⊘</span>Out of scope</h2>')
    assert "It is a &lt;i&gt;cat&lt;/i&gt;." in html(page)
    (hidden,) = [box for box in page.expander if box.label == ANYWAY]
    assert not hidden.proto.expanded
    inside = "\n".join(element.proto.body for element in hidden.get("html"))
    assert "decision threshold 37.0 %" in inside
    outside = html(page).replace(inside, "")
    assert "<output>" not in outside
    assert "%</output>" not in outside


def test_undecided_keeps_the_probability_and_says_why(answer_with: Callable[..., None]) -> None:
    why = f"Both {OTHER} and {CLASS} fit."
    answer_with(outcome=Outcome("undecided", "undecided", (why,), (OTHER, CLASS)))
    page = opened()
    assert "◆</span><bdi>Undecided</bdi>" in headline(page)
    assert "Both no &lt;b&gt;carcinoma" in html(page)
    assert "decision threshold 37.0 %" in html(page)
    assert ANYWAY not in [box.label for box in page.expander]


def test_a_class_of_a_model_without_tests_says_that_it_has_none() -> None:
    page = opened()
    assert CLASS in headline(page)
    assert "This model has no scope test" in html(page)
    assert "points over flips and turns" in " ".join(text.value for text in page.text)


def test_members_of_an_ensemble_are_listed(answer_with: Callable[..., None]) -> None:
    answer_with(uncertainty=Uncertainty(about=CLASS, views=0.0312, tiles=1, members=(0.25, 0.7501)))
    shown = " ".join(text.value for text in opened().text)
    assert "± 3.1 points over flips and turns · members: 25.0 %, 75.0 %" in shown


def test_the_list_of_images_shows_outcomes(answer_with: Callable[..., None]) -> None:
    answer_with(outcome=Outcome("undecided", "undecided", ("Both fit.",), (OTHER, CLASS)))
    page = upload_images(open_page(), ("a.png", tissue(1)), ("b.png", tissue(2)))
    assert list(page.dataframe[0].value["Outcome"]) == ["◆ undecided", "◆ undecided"]
