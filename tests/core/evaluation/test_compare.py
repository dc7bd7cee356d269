"""Models that were judged in different folds are compared within the folds that they share."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.errors import EvaluationError
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
    found = compare(WAYS[first], WAYS[second], draws=30)
    assert found.shared_folds == (first != second)
    assert (found.patients, found.images) == (9, 180)
    for figure in (found.auroc, found.balanced_accuracy):
        assert figure.difference == 0
        assert figure.interval == (0, 0)


def test_auroc_is_the_mean_over_pairs_of_folds() -> None:
    first = made_up(patients=9, images=20, rounds=2, folds=2, protocol="folds", seed=1)
    second = replace(PLAIN, labels=first.labels[:180], folds=np.repeat([4, 7, 8], 60))
    second = replace(second, protocol="folds")
    aurocs, balanced = [], []
    for number in (1, 2):
        own = first.of(first.rounds == number)
        for fold, other in product((1, 2), (4, 7, 8)):
            rows = (own.folds == fold) & (second.folds == other)
            aurocs += [
                [roc_auc_score(each.labels[rows], each.probabilities[rows, 1])]
                for each in (own, second)
                if rows.any()
            ]
        balanced += [[balanced_accuracy_score(e.labels, e.calls())] for e in (own, second)]
    turned = second.of(np.random.default_rng(0).permutation(180))
    found = compare(first, turned, draws=20)
    assert found.protocol == "folds"
    assert found.auroc.first == pytest.approx(np.mean(aurocs[::2]))
    assert found.auroc.second == pytest.approx(np.mean(aurocs[1::2]))
    assert found.balanced_accuracy.first == pytest.approx(np.mean(balanced[::2]))
    assert found.balanced_accuracy.second == pytest.approx(np.mean(balanced[1::2]))
    back = compare(turned, first, draws=20).auroc
    assert back.difference == pytest.approx(-found.auroc.difference)
    assert back.interval == pytest.approx(tuple(-each for each in found.auroc.interval[::-1]))


def test_interval_within_patients_is_scipys() -> None:
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
    expected = stats.bootstrap(
        (differences,), np.mean, method="percentile", n_resamples=10_000, rng=1
    ).confidence_interval
    found = compare(first, second, draws=4000)
    assert found.protocol == "patients"
    assert found.auroc.difference == pytest.approx(np.mean(differences))
    assert found.auroc.interval == pytest.approx((expected.low, expected.high), abs=0.01)


def test_other_numbers_of_the_same_folds_are_the_same_folds() -> None:
    folds = WAYS["folds"]
    renamed = replace(folds, folds=10 - folds.folds, rounds=folds.rounds + 4)
    assert not compare(folds, renamed, draws=10).shared_folds


def test_what_shares_no_round_or_no_fold_of_both_classes_is_refused() -> None:
    later = replace(WAYS["other rounds"], rounds=WAYS["other rounds"].rounds + 7)
    with pytest.raises(EvaluationError, match=r"rounds 1, 2, 3, the other 8, 9\. Number"):
        compare(WAYS["rounds"], later)
    single = made_up(patients=8, mixed=False)
    halves = replace(single, protocol="folds", folds=single.labels + 1)
    with pytest.raises(EvaluationError, match="no fold that they share has images of every class"):
        compare(single, halves)
