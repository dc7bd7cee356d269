import numpy as np
import pytest

from core.evaluation.few_patients import is_few, marked, warning
from core.evaluation.judge import evaluation_of
from core.evaluation.patients_behind import patients_behind
from tests.core.evaluation.made_up import made_up


def test_the_mark_begins_below_ten() -> None:
    assert [is_few(number) for number in (0, 9, 10, 200)] == [True, True, False, False]
    assert marked("0.9", 10) == "0.9"
    assert marked("0.9", 9) == "0.9 ▲\N{NO-BREAK SPACE}9\N{NO-BREAK SPACE}patients"
    assert marked("0.9", 1).endswith("1\N{NO-BREAK SPACE}patient")
    assert "from 5 patients, fewer than 10" in warning(5)


@pytest.mark.parametrize(("patients", "few"), [(9, True), (10, False)])
def test_an_evaluation_wears_it(patients: int, few: bool) -> None:  # noqa: FBT001
    found = evaluation_of(made_up(patients=patients, images=30), draws=0)
    assert found.few == few
    assert found.figures["auroc"].few == few
    assert found.others["patients"]["auroc"].few == few


def test_the_smaller_side_stands_behind_what_tells_two_apart() -> None:
    p = made_up(patients=20, mixed=False)
    some = p.of((p.labels == 0) | np.isin(p.patients, [f"p{each:02}" for each in range(6)]))
    assert patients_behind(some, "sensitivity") == patients_behind(some, "precision") == 3
    assert patients_behind(some, "specificity") == 10
    assert patients_behind(some, "auroc") == patients_behind(some, "balanced_accuracy") == 3
    assert patients_behind(some, "accuracy") == patients_behind(some, "ece") == 13
    assert patients_behind(some, "sensitivity", 0) == 10
    assert patients_behind(some.grouped("patients"), "auroc") == 0
    found = evaluation_of(some, draws=0)
    assert found.figures["sensitivity"].few
    assert not found.figures["specificity"].few
    assert not found.few
