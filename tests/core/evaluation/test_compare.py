"""However two models were judged, figures are by one estimand: the same answers are equal."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.errors import EvaluationError
from core.evaluation import intervals
from core.evaluation.compare import compare
from core.evaluation.predictions import Predictions, Protocol
from tests.core.evaluation.made_up import made_up

PLAIN = made_up(patients=9, images=20)


def as_judged(protocol: Protocol, rounds: int = 1, folds: int = 1, seed: int = 0) -> Predictions:
    """`PLAIN`'s very probabilities and thresholds, as if they had been come by in another way."""
    made = made_up(
        patients=9, images=20, protocol=protocol, rounds=rounds, folds=folds, seed=7 + seed
    )
    rows = np.tile(np.arange(len(PLAIN.labels)), rounds)
    return replace(PLAIN.of(rows), protocol=protocol, rounds=made.rounds, folds=made.folds)


WAYS = {
    "one model": as_judged("one model"),
    "folds": as_judged("folds", folds=3),
    "other folds": as_judged("folds", folds=2, seed=1),
    "rounds": as_judged("folds", rounds=3, folds=3, seed=2),
    "other rounds": as_judged("folds", rounds=2, folds=3, seed=3),
    "patients": as_judged("patients"),
}


@pytest.mark.parametrize(("first", "second"), list(product(WAYS, WAYS)))
def test_the_same_answers_never_differ_however_they_were_judged(first: str, second: str) -> None:
    found = compare(WAYS[first], WAYS[second])
    assert (found.patients, found.images, found.estimand) == (9, 180, "alike")
    for figure in (found.auroc, found.balanced_accuracy):
        assert figure.difference == pytest.approx(0, abs=1e-12)
        assert figure.interval == pytest.approx((0, 0), abs=1e-12)


def test_rounds_are_averaged_on_each_side() -> None:
    first = made_up(patients=9, images=20, rounds=2, folds=2, protocol="folds", seed=1)
    second = replace(PLAIN, labels=first.labels[:180], folds=np.repeat([4, 7, 8], 60))
    second = replace(second, protocol="folds")
    rounds = [first.of(first.rounds == number) for number in (1, 2)]
    auroc = np.mean([roc_auc_score(own.labels, own.probabilities[:, 1]) for own in rounds])
    balanced = np.mean([balanced_accuracy_score(own.labels, own.calls()) for own in rounds])
    turned = second.of(np.random.default_rng(0).permutation(180))
    found = compare(first, turned)
    assert found.auroc.first == pytest.approx(auroc)
    assert found.auroc.second == pytest.approx(
        roc_auc_score(second.labels, second.probabilities[:, 1])
    )
    assert found.balanced_accuracy.first == pytest.approx(balanced)
    back = compare(turned, first).auroc
    assert back.difference == pytest.approx(-found.auroc.difference)
    assert back.interval == pytest.approx(tuple(-each for each in found.auroc.interval[::-1]))


def test_interval_of_few_patients_is_students() -> None:
    """Within patients the figures are means, whose jackknife is their standard error."""
    first = made_up(patients=14, images=30, protocol="patients")
    one = np.ones_like(first.folds)
    second = replace(
        first, protocol="one model", folds=one, probabilities=first.colour_probabilities
    )
    differences = [
        roc_auc_score(own.labels, own.probabilities[:, 1])
        - roc_auc_score(own.labels, own.colour_probabilities[:, 1])
        for own in first.groups("patient").values()
    ]
    found = compare(first, second, estimand="patients").auroc
    expected = stats.t.interval(0.95, 13, np.mean(differences), stats.sem(differences))
    assert found.difference == pytest.approx(np.mean(differences))
    assert found.interval == pytest.approx(expected)


def test_interval_of_many_patients_is_scipys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "BOOTSTRAP_FROM", 100)
    first = made_up(patients=120, images=12, protocol="patients")
    second = replace(first, probabilities=first.colour_probabilities)
    differences = [
        roc_auc_score(own.labels, own.probabilities[:, 1])
        - roc_auc_score(own.labels, own.colour_probabilities[:, 1])
        for own in first.groups("patient").values()
        if 0 < own.labels.mean() < 1
    ]
    expected = stats.bootstrap(
        (differences,), np.mean, method="percentile", n_resamples=10_000, rng=1
    ).confidence_interval
    found = compare(first, second, estimand="patients", draws=4000).auroc
    assert found.difference == pytest.approx(np.mean(differences))
    assert found.interval == pytest.approx((expected.low, expected.high), abs=0.01)


def test_within_patients_somebody_must_have_both_classes() -> None:
    single = made_up(patients=8, mixed=False)
    with pytest.raises(EvaluationError, match="no patient has images of every class"):
        compare(single, single, estimand="patients")
    assert compare(single, single).auroc.difference == 0
