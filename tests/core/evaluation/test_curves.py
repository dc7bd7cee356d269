"""Curves against scikit-learn; areas under mean curves against mean areas."""

import numpy as np
import pytest
from sklearn import metrics as sk

from core.evaluation.curves import precision_recall_curve, roc_curve
from tests.core.evaluation.made_up import made_up


def test_one_models_curves_are_scikit_learns() -> None:
    p = made_up(patients=10, images=30)  # of each as many, so that all weigh the same
    truth, chances = p.labels == 1, p.probabilities[:, 1]
    curve = roc_curve(p)
    assert sk.auc(curve.x, curve.y) == pytest.approx(sk.roc_auc_score(truth, chances))
    assert curve.rounds == 1
    assert curve.share == pytest.approx(truth.mean())
    curve = precision_recall_curve(p)
    steps = (np.diff(curve.x) * curve.y[1:]).sum()
    assert steps == pytest.approx(sk.average_precision_score(truth, chances))
    other = roc_curve(p, 0)
    assert sk.auc(other.x, other.y) == pytest.approx(sk.roc_auc_score(~truth, 1 - chances))


def test_area_under_the_mean_curve_is_the_mean_area() -> None:
    p = made_up(patients=12, images=60, rounds=2, folds=3, protocol="folds")
    parts = [p.of(p.rounds == number) for number in (1, 2)]
    curve = roc_curve(p)
    assert curve.rounds == 2
    expected = np.mean([sk.roc_auc_score(q.labels, q.probabilities[:, 1]) for q in parts])
    assert sk.auc(curve.x, curve.y) == pytest.approx(expected, abs=0.002)
    curve = precision_recall_curve(p)
    expected = np.mean([sk.average_precision_score(q.labels, q.probabilities[:, 1]) for q in parts])
    assert curve.y.mean() == pytest.approx(expected, abs=0.005)


def test_a_patient_with_more_images_has_no_more_say() -> None:
    p = made_up(patients=6, images=20)
    twice = p.of(np.concatenate([np.arange(120), np.flatnonzero(p.patients == "p03")]))
    for curve in (roc_curve, precision_recall_curve):
        first, second = curve(p), curve(twice)
        assert second.share == pytest.approx(first.share)
        grid = np.linspace(0, 1, 21)
        np.testing.assert_allclose(
            np.interp(grid, second.x, second.y), np.interp(grid, first.x, first.y)
        )


def test_one_class_has_no_curve() -> None:
    p = made_up()
    assert roc_curve(p.of(p.labels == 1)) is None
    assert precision_recall_curve(p.of(p.labels == 1)) is None
