"""Who wins, and what choosing a winner is worth, where the truth is known."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.errors import EvaluationError
from core.evaluation.folds import grouped_folds
from core.training.sweep.judge import judge_sweep
from core.training.sweep.result import SweepResult
from tests.core.training.sweep import made_sweeps

DATA = made_sweeps.patients()
LABELS = DATA.records["label"].to_numpy()
PEOPLE = DATA.records["patient"].to_numpy(dtype=object)
DEALS = np.stack([grouped_folds(LABELS, PEOPLE, 5, seed) for seed in (0, 1)])
COLOUR = made_sweeps.colour(DATA, DEALS)


def judged(*candidates: made_sweeps.TriedCandidate, **failed: str) -> SweepResult:
    return judge_sweep(candidates, DATA, DEALS, COLOUR, (0, 1), failed)[0]


def tried(name: str, strength: float, seed: int, shift: float = 0.0) -> made_sweeps.TriedCandidate:
    return made_sweeps.tried(name, DATA, DEALS, strength, seed, shift)


def test_the_winner_is_whom_validation_patients_choose_not_the_highest_figure() -> None:
    result = judged(tried("good", 1.0, 1), tried("lucky", 0.2, 2, shift=1.5))
    assert result.winner.name == "good"
    assert result.best == "lucky"
    assert result.best_auroc > result.winner.auroc
    assert [each.folds_chosen for each in result.candidates] == [10, 0]
    # Where one is chosen in every fold, nested figures are its own.
    assert result.nested_auroc.value == pytest.approx(result.winner.auroc)
    assert result.optimism.value == pytest.approx(result.best_auroc - result.nested_auroc.value)
    assert result.optimism.interval is not None
    assert result.optimism.interval[0] > 0
    behind = result.candidates[1].behind
    assert behind is not None
    assert behind.value == pytest.approx(result.winner.auroc - result.best_auroc)


def test_figures_are_scikit_learns() -> None:
    one = tried("one", 0.7, 3)
    result = judged(one)
    expected, chosen_by = [], []
    for deal, answers in zip(DEALS, one.answers, strict=True):
        chances = np.zeros(len(LABELS))
        for answer in answers:
            difference = answer.tested[:, 1] - answer.tested[:, 0]
            chances[deal == answer.fold] = difference / answer.decision.temperature
            seen = answer.chosen_on[:, 1] - answer.chosen_on[:, 0]
            following = LABELS[deal == (answer.fold + 1) % 5]
            chosen_by.append(roc_auc_score(following, seen))
        expected.append(roc_auc_score(LABELS, chances))
    # Every patient has as many images, so that each weighs the same.
    assert result.winner.auroc == pytest.approx(np.mean(expected))
    assert result.winner.validation_auroc == pytest.approx(np.mean(chosen_by))
    assert (result.images, result.patients, result.seeds) == (240, 40, (0, 1))
    assert result.optimism.value == 0
    low, high = result.nested_auroc.interval or (1, 0)
    assert low < result.nested_auroc.value < high


def test_the_best_of_many_that_know_nothing_is_worth_nothing() -> None:
    """Their truth is 0.5: the highest claims more, and the nested figure does not."""
    claimed, nested = [], []
    for start in range(5):
        result = judged(*(tried(f"c{n}", 0.0, 100 * start + n) for n in range(15)))
        claimed.append(result.best_auroc)
        nested.append(result.nested_auroc.value)
        assert result.optimism.value == pytest.approx(claimed[-1] - nested[-1])
    error = np.std(nested) / np.sqrt(len(nested))
    assert abs(np.mean(nested) - 0.5) < 3 * error + 0.005
    assert np.mean(claimed) > 0.53
    assert np.mean(np.subtract(claimed, nested)) > 0.02


def test_one_that_gave_no_answer_is_left_out_and_named() -> None:
    result = judged(tried("good", 1.0, 1), bad="out of memory")
    assert [each.name for each in result.candidates] == ["good"]
    assert result.failed == {"bad": "out of memory"}
    with pytest.raises(EvaluationError, match="bad: out of memory"):
        judged(bad="out of memory")


def test_images_that_one_cannot_be_judged_on_choose_nobody() -> None:
    good, other = tried("good", 1.0, 1), tried("other", 0.5, 2)
    other.answers[0][2].chosen_on[:5] = np.nan
    whole = judged(tried("good", 1.0, 1), tried("other", 0.5, 2))
    result = judged(good, other)
    assert result.winner.validation_auroc != whole.winner.validation_auroc
    assert result.winner.auroc == whole.winner.auroc
