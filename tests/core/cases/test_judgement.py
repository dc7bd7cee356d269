"""What a pathologist calls an image, as a verdict and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cases.judgement import judgement, label_of
from core.cases.records import Answer, CaseImage, Verdict

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
TWO, THREE = ("benign", "malignant"), ("ductal", "lobular", "mucinous")


def judged(verdict: Verdict, subtype: str, said: str, classes: tuple[str, ...]) -> CaseImage:
    predicted = said if said in classes else classes[0]
    answer = Answer(1, "m", "a" * 64, classes, predicted, said, predicted, 0.5, None, MOMENT, "A")
    image = (1, 1, "0" * 64, "a", 9, 9, False, "")
    return CaseImage(*image, verdict, subtype, "", MOMENT, "A", (answer,))


@pytest.mark.parametrize(
    ("named", "said", "classes", "verdict"),
    [
        ("benign", "benign", TWO, (Verdict.AGREE, "")),
        ("benign", "malignant", TWO, (Verdict.DISAGREE, "")),
        ("benign", "undecided", TWO, (Verdict.OTHER_SUBTYPE, "benign")),
        ("lobular", "ductal", THREE, (Verdict.OTHER_SUBTYPE, "lobular")),
        ("lobular", "out of scope", THREE, (Verdict.OTHER_SUBTYPE, "lobular")),
        (None, "benign", TWO, (Verdict.CANNOT_TELL, "")),
    ],
)
def test_a_class_is_a_verdict_on_what_was_said(
    named: str | None, said: str, classes: tuple[str, ...], verdict: tuple[Verdict, str]
) -> None:
    assert judgement(named, said, classes) == verdict


CLASSES = st.lists(st.text(min_size=1), min_size=2, max_size=8, unique=True)


@given(CLASSES, st.data())
def test_what_was_named_is_the_label(classes: list[str], data: st.DataObject) -> None:
    """Whatever the model said, and however the classes are called."""
    named = data.draw(st.sampled_from([*classes, None]))
    said = data.draw(st.sampled_from([*classes, "undecided", "out of scope"]))
    verdict, subtype = judgement(named, said, classes)
    assert label_of(judged(verdict, subtype, said, tuple(classes))) == named
