"""Evaluating and comparing held-out predictions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.errors import EvaluationError
from core.evaluation import intervals
from core.evaluation.compare import Comparison, compare
from core.evaluation.estimand import Protocol
from core.evaluation.judge import evaluation_of, main_values
from core.evaluation.metrics import HEADLINE
from core.evaluation.predictions import Predictions
from tests.core.evaluation.made_up import made_up


def beside_colour(predictions: Predictions, draws: int = 300) -> Comparison | None:
    return evaluation_of(predictions, predictions.colour(), draws=draws).colour


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["one model", "folds", "patients"]))
def test_every_figure_lies_in_its_range(seed: int, protocol: str) -> None:
    found = evaluation_of(made_up(protocol=protocol, folds=2, seed=seed), draws=50)
    assert list(found.figures) == list(HEADLINE)
    for figure in found.figures.values():
        if figure.value is None:
            assert figure.why
            continue
        assert 0 <= figure.value <= 1
        if figure.interval:
            assert 0 <= figure.interval[0] <= figure.interval[1] <= 1


def test_interval_of_a_mean_over_many_patients_is_scipys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "BOOTSTRAP_FROM", 100)
    p = made_up(patients=120, images=12, protocol="patients")
    found = evaluation_of(p, draws=4000).others["patients"]["balanced_accuracy"]
    values = [
        balanced_accuracy_score(q.labels, q.calls())
        for q in p.groups("patient").values()
        if 0 < q.labels.mean() < 1
    ]
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=10_000, rng=1
    ).confidence_interval
    assert found.value == pytest.approx(np.mean(values))
    assert found.interval == pytest.approx((expected.low, expected.high), abs=0.01)


def test_few_patients_get_the_reason_instead_of_an_interval() -> None:
    found = evaluation_of(made_up(patients=4))
    assert "fewer than 5" in found.no_interval
    figure = found.figures["auroc"]
    assert figure.value is not None
    assert figure.interval is None
    assert figure.why == found.no_interval
    assert evaluation_of(made_up(patients=4), draws=0).no_interval is None


def test_a_missing_figure_says_why() -> None:
    p = made_up()
    found = evaluation_of(p.of(p.labels == 1), draws=0)
    assert found.figures["auroc"].value is None
    assert "All images are class 1" in found.figures["auroc"].why
    never = evaluation_of(p, threshold=1.0, draws=0)
    assert "No image was called" in never.figures["precision"].why
    with pytest.raises(EvaluationError, match="no rows"):
        evaluation_of(p.of(p.labels == 9))


def test_counts_are_of_images_not_of_rows() -> None:
    p = made_up(rounds=3, folds=2, protocol="folds")
    found = evaluation_of(p, draws=0)
    assert (found.patients, found.images, found.rounds) == (8, 96, 3)
    assert sum(each.images for each in found.by_class) == 96
    assert found.confusion.sum() == 96


def test_a_better_model_is_told_from_colour_and_an_equal_one_is_not() -> None:
    p = made_up(patients=20, images=20, signal=3)
    better = beside_colour(p)
    assert better.auroc.higher
    assert better.auroc.difference == better.auroc.first - better.auroc.second
    assert (better.patients, better.images) == (20, 400)
    same = compare(p, p, draws=100)
    assert same.auroc.interval == (0, 0)
    assert not same.auroc.higher
    assert not same.auroc.lower
    assert compare(p.colour(), p, draws=300).auroc.lower
    assert beside_colour(p.colour()) is None


def test_pairing_narrows_the_interval() -> None:
    p = made_up(patients=15, images=20, signal=1)
    other = replace(p, probabilities=0.9 * p.probabilities + 0.05)
    width = np.ptp(compare(p, other, draws=300).auroc.interval)
    assert width < 0.1 * np.ptp(evaluation_of(p, draws=300).figures["auroc"].interval)


def test_models_are_compared_on_the_images_that_both_predicted() -> None:
    p = made_up(patients=10)
    second = p.of(np.arange(len(p.labels)) >= 24)
    found = compare(p, second, draws=50)
    assert (found.patients, found.images) == (8, 96)
    assert found.auroc.difference == 0
    # Another order of rows and of classes is the same model.
    turned = replace(
        p.of(np.arange(len(p.labels))[::-1]),
        classes=p.classes[::-1],
        positive=0,
    )
    turned = replace(turned, labels=1 - turned.labels, probabilities=turned.probabilities[:, ::-1])
    assert compare(p, turned, draws=50).auroc.interval == pytest.approx((0, 0), abs=1e-12)


def test_what_cannot_be_compared_is_refused() -> None:
    p = made_up()
    with pytest.raises(EvaluationError, match="same classes"):
        compare(p, replace(p, classes=("a", "b")))
    with pytest.raises(EvaluationError, match="share no image"):
        compare(p, replace(p, images=p.images + "x"))
    with pytest.raises(EvaluationError, match="disagree"):
        compare(p, replace(p, labels=1 - p.labels))
    with pytest.raises(EvaluationError, match="one class"):
        compare(p.of(p.labels == 1), p)
    few = made_up(patients=4)
    assert "fewer than 5" in beside_colour(few).no_interval
    assert beside_colour(few).auroc.interval is None


@pytest.mark.parametrize("protocol", ["one model", "folds", "patients"])
def test_each_name_stands_for_one_figure_whoever_predicted(protocol: Protocol) -> None:
    folds = 3 if protocol == "folds" else 1
    p = made_up(patients=12, images=20, protocol=protocol, folds=folds, rounds=2)
    found = evaluation_of(p)
    rounds = [p.rounds == each for each in (1, 2)]
    people = [
        rows & (p.patients == patient) for rows in rounds for patient in np.unique(p.patients)
    ]
    parts = [rows & (p.folds == fold) for rows in rounds for fold in np.unique(p.folds)]
    # Of each patient as many images, so that every patient alike is every image alike.
    expected = {
        estimand: np.mean(
            [roc_auc_score(p.labels[rows], p.probabilities[rows, 1]) for rows in group]
        )
        for estimand, group in (
            *(("alike", rounds), ("pooled", rounds)),
            *(("patients", people), ("folds", parts)),
        )
    }
    assert (found.estimand, set(found.others)) == ("alike", {"patients"})
    for estimand in ("alike", "patients"):
        figure = found.by(estimand)["auroc"]
        assert figure.value == pytest.approx(expected[estimand])
        assert figure.estimand == estimand
        assert figure.interval[0] < figure.value < figure.interval[1]
    assert found.figures["balanced_accuracy"].estimand == "alike"
    assert found.figures["ece"].estimand == found.figures["brier"].estimand == "alike"
    # What an older card says can be worked out again, whoever predicted.
    for estimand in ("pooled", "patients", *(("folds",) if protocol == "folds" else ())):
        older = evaluation_of(p, p.colour(), estimand=estimand, draws=0)
        assert older.figures["auroc"].value == pytest.approx(expected[estimand])
        assert older.colour.auroc.first == pytest.approx(expected[estimand])
        assert older.estimand == older.colour.estimand == estimand
        assert main_values(p, estimand)["auroc"] == pytest.approx(expected[estimand])
    assert older.figures["ece"].estimand == "pooled"


def test_that_no_patient_has_both_classes_is_said() -> None:
    found = evaluation_of(made_up(mixed=False), draws=50)
    figure = found.others["patients"]["auroc"]
    assert figure.value is None
    assert "No patient has images of this class and of others" in figure.why
