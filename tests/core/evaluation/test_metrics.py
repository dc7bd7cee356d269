"""Every figure against scikit-learn, and what is averaged over models by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluation.metrics import HEADLINE, confusion, figures, main_figures
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import read_predictions
from core.evaluation.ranking import weighted_average_precision
from core.registry.package import load_package
from tests.core.evaluation.made_up import made_up


def once(predictions: Predictions, **settings: float) -> dict[str, np.ndarray]:
    found = figures(predictions, np.ones((1, len(predictions.labels))), **settings)
    return {name: values[0] for name, values in found.items()}


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_two_classes_are_scikit_learns(seed: int) -> None:
    p = made_up(patients=5, images=10, seed=seed)
    found = once(p)
    truth, chances, calls = p.labels, p.probabilities[:, 1], p.calls()
    expected = {
        "auroc": sk.roc_auc_score(truth, chances),
        "auprc": sk.average_precision_score(truth, chances),
        "accuracy": sk.accuracy_score(truth, calls),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, calls),
        "sensitivity": sk.recall_score(truth, calls),
        "specificity": sk.recall_score(truth, calls, pos_label=0),
        "f1": sk.f1_score(truth, calls),
        "macro_f1": sk.f1_score(truth, calls, average="macro"),
        "brier": sk.brier_score_loss(truth, chances),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    if calls.any():
        assert found["precision"] == pytest.approx(sk.precision_score(truth, calls))
    if len(np.unique(calls)) == 2:
        macro = sk.precision_score(truth, calls, average="macro")
        assert found["macro_precision"] == pytest.approx(macro)
    else:
        assert np.isnan(found["macro_precision"])
    np.testing.assert_array_equal(confusion(p), sk.confusion_matrix(truth, calls))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_several_classes_are_scikit_learns_report(seed: int) -> None:
    p = made_up(patients=6, images=20, classes=3, signal=3, seed=seed)
    found = once(p)
    report = sk.classification_report(p.labels, p.calls(), output_dict=True, zero_division=0)
    for label in range(3):
        for name, theirs in (("sensitivity", "recall"), ("f1", "f1-score")):
            assert found[f"{name} of class"][label] == pytest.approx(report[str(label)][theirs])
    assert found["macro_f1"] == pytest.approx(report["macro avg"]["f1-score"])
    macro = sk.precision_score(p.labels, p.calls(), average="macro", zero_division=np.nan)
    assert found["macro_precision"] == pytest.approx(macro)
    assert found["balanced_accuracy"] == pytest.approx(report["macro avg"]["recall"])
    assert found["accuracy"] == pytest.approx(report["accuracy"])
    assert found["auroc"] == pytest.approx(
        sk.roc_auc_score(p.labels, p.probabilities, multi_class="ovr")
    )
    assert found["brier"] == pytest.approx(sk.brier_score_loss(p.labels, p.probabilities))


@given(st.integers(0, 2**32 - 1), st.integers(4, 60), st.sampled_from([5, 10**6]))
def test_weighted_average_precision_is_that_of_scikit_learn(
    seed: int, images: int, levels: int
) -> None:
    random = np.random.default_rng(seed)
    positive = random.random(images) < 0.5
    positive[:2] = True, False
    scores = random.integers(0, levels, images) / levels
    weights = random.integers(0, 4, (3, images)).astype(float)
    weights[:, :2] = 1
    expected = [sk.average_precision_score(positive, scores, sample_weight=row) for row in weights]
    assert weighted_average_precision(positive, scores, weights) == pytest.approx(expected)


def test_weights_are_repetitions() -> None:
    p = made_up(patients=6, rounds=2, folds=2, protocol="folds")
    random = np.random.default_rng(0)
    times = random.integers(1, 4, len(p.labels))
    weighted = figures(p, times[None].astype(float))
    repeated = once(p.of(np.repeat(np.arange(len(times)), times)))
    for name, value in repeated.items():
        assert weighted[name][0] == pytest.approx(value), name


def test_rankings_are_within_a_fold_and_calls_within_a_round() -> None:
    p = made_up(rounds=3, folds=2, protocol="folds")
    found = once(p)
    parts = [p.of((p.rounds == r) & (p.folds == f)) for r in (1, 2, 3) for f in (1, 2)]
    aurocs = [sk.roc_auc_score(part.labels, part.probabilities[:, 1]) for part in parts]
    assert found["auroc"] == pytest.approx(np.mean(aurocs))
    rounds = [p.of(p.rounds == r) for r in (1, 2, 3)]
    balanced = [sk.balanced_accuracy_score(part.labels, part.calls()) for part in rounds]
    assert found["balanced_accuracy"] == pytest.approx(np.mean(balanced))
    assert confusion(p).sum() == p.image_count


def test_patients_left_out_singly_are_means_over_patients() -> None:
    p = made_up(protocol="patients")
    found = once(p)
    people = p.groups("patient").values()
    aurocs = [sk.roc_auc_score(each.labels, each.probabilities[:, 1]) for each in people]
    precisions = [sk.precision_score(each.labels, each.calls()) for each in people]
    assert found["auroc"] == pytest.approx(np.mean(aurocs))
    assert found["precision"] == pytest.approx(np.mean(precisions))
    assert found["brier"] == pytest.approx(sk.brier_score_loss(p.labels, p.probabilities[:, 1]))
    # A patient who is drawn twice counts twice in the mean.
    weights = np.where(p.patients == "p00", 2.0, 1.0)[None]
    expected = (sum(aurocs) + aurocs[0]) / (len(aurocs) + 1)
    assert main_figures(p, weights)["auroc"][0] == pytest.approx(expected)


def test_figures_that_do_not_exist_are_nan() -> None:
    p = made_up()
    none_called = once(p, threshold=1.0)
    assert np.isnan(none_called["precision"])
    assert np.isnan(none_called["macro_precision"])
    assert none_called["sensitivity"] == 0
    assert none_called["f1"] == 0
    one_class = once(p.of(p.labels == 1))
    for name in ("auroc", "auprc", "balanced_accuracy", "specificity"):
        assert np.isnan(one_class[name]), name
    assert one_class["sensitivity"] == one_class["accuracy"]


def test_the_shipped_models_card_says_the_same() -> None:
    """What is on the card can be worked out again from the table beside it."""
    package = load_package(Path(__file__).parents[3] / "models" / "idc")
    table = read_predictions(package.path / "predictions.csv", package.card.classes)
    evaluation = package.card.evaluation
    found = once(table.grouped(evaluation.estimand))
    assert found["auroc"] == pytest.approx(evaluation.auroc, abs=1e-5)
    assert found["balanced_accuracy"] == pytest.approx(evaluation.balanced_accuracy, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(0, 1))
def test_which_class_is_positive_mirrors_the_figures(seed: int, positive: int) -> None:
    p = made_up(seed=seed)
    p = replace(p, positive=positive, thresholds=None)
    found, mirrored = once(p), once(replace(p, positive=1 - positive))
    assert found["auroc"] == pytest.approx(mirrored["auroc"])
    assert found["sensitivity"] == pytest.approx(mirrored["specificity"])
    assert found["brier"] == pytest.approx(mirrored["brier"])


@given(st.integers(0, 2**32 - 1))
def test_another_order_of_the_classes_is_the_same_model(seed: int) -> None:
    p = made_up(seed=seed)
    turned = replace(
        p,
        classes=p.classes[::-1],
        positive=0,
        labels=1 - p.labels,
        probabilities=p.probabilities[:, ::-1],
    )
    assert (turned.calls() == 1 - p.calls()).all()
    found, mirrored = once(p), once(turned)
    for name in HEADLINE:
        assert mirrored[name] == pytest.approx(found[name], nan_ok=True), name


def test_at_the_threshold_itself_an_image_is_called_positive() -> None:
    p = made_up(patients=1, images=4)
    chances = np.array([0.3, 0.5, 0.5, 0.7])
    p = replace(p, probabilities=np.stack([1 - chances, chances], axis=1))
    assert p.calls(0.5).tolist() == [0, 1, 1, 1]
    assert replace(p, thresholds=chances).calls().tolist() == [1, 1, 1, 1]
