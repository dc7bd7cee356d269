"""Pooled, every patient alike: scikit-learn's figures with weights."""

import numpy as np
import pytest
from sklearn import metrics as sk

from core.evaluation.estimand import BESIDE, ESTIMANDS, FIRST, MEANINGS, Protocol, estimand_of
from core.evaluation.judge import evaluation_of, main_values
from core.evaluation.metrics import HEADLINE
from core.evaluation.predictions import Predictions
from core.evaluation.reliability import reliability
from tests.core.evaluation.made_up import made_up


def uneven(protocol: Protocol = "one model", rounds: int = 1, classes: int = 2) -> Predictions:
    """Patients with ever fewer images."""
    p = made_up(
        patients=12, images=40, protocol=protocol, folds=3, rounds=rounds, classes=classes, seed=5
    )
    person = np.array([int(name[1:]) for name in p.patients])
    number = np.array([int(name[:3]) for name in p.images]) % 40
    return p.of(number < 40 - 3 * person)


def weights_of(p: Predictions) -> np.ndarray:
    return np.array([1 / (p.patients == name).sum() for name in p.patients])


@pytest.mark.parametrize("protocol", ["one model", "folds", "patients"])
def test_every_figure_is_scikit_learns_with_sample_weight(protocol: Protocol) -> None:
    p = uneven(protocol, rounds=2)
    expected: dict[str, list[float]] = {}
    for number in (1, 2):
        own = p.of(p.rounds == number)
        truth, chances, calls, weights = (
            *(own.labels, own.probabilities[:, 1]),
            *(own.calls(), weights_of(own)),
        )
        for name, value in {
            "auroc": sk.roc_auc_score(truth, chances, sample_weight=weights),
            "auprc": sk.average_precision_score(truth, chances, sample_weight=weights),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, calls, sample_weight=weights),
            "accuracy": sk.accuracy_score(truth, calls, sample_weight=weights),
            "sensitivity": sk.recall_score(truth, calls, sample_weight=weights),
            "specificity": sk.recall_score(truth, calls, pos_label=0, sample_weight=weights),
            "precision": sk.precision_score(truth, calls, sample_weight=weights),
            "f1": sk.f1_score(truth, calls, sample_weight=weights),
            "macro_f1": sk.f1_score(truth, calls, average="macro", sample_weight=weights),
            "macro_precision": sk.precision_score(
                truth, calls, average="macro", sample_weight=weights
            ),
            "brier": sk.brier_score_loss(truth, chances, sample_weight=weights),
        }.items():
            expected.setdefault(name, []).append(value)
    found = evaluation_of(p, draws=0)
    for name, values in expected.items():
        assert found.figures[name].value == pytest.approx(np.mean(values)), name
        assert found.figures[name].estimand == FIRST
    assert set(HEADLINE) - set(expected) == {"ece"}
    assert main_values(p)["auroc"] == pytest.approx(np.mean(expected["auroc"]))


def test_of_more_classes_too() -> None:
    p = uneven(classes=3)
    weights = weights_of(p)
    expected = [
        sk.roc_auc_score(p.labels == label, p.probabilities[:, label], sample_weight=weights)
        for label in range(3)
    ]
    found = evaluation_of(p, draws=0)
    assert found.figures["auroc"].value == pytest.approx(np.mean(expected))
    assert [each.figures["auroc"].value for each in found.by_class] == pytest.approx(expected)


def test_ece_is_the_distance_in_the_diagram_beside_it() -> None:
    p = uneven()
    weights, said = weights_of(p), p.probabilities[:, 1]
    bins = reliability(said, (p.labels == 1).astype(float), weights)
    held = np.array(
        [
            weights[(said >= low) & (said < high)].sum()
            for low, high in zip(bins.low, bins.high, strict=True)
        ]
    )
    expected = (held * abs(bins.predicted - bins.observed)).sum() / held.sum()
    assert evaluation_of(p, draws=0).figures["ece"].value == pytest.approx(expected)


def test_a_patient_with_copies_of_each_image_changes_nothing() -> None:
    p = uneven()
    again = np.concatenate([np.arange(len(p.labels)), *[np.flatnonzero(p.patients == "p11")] * 3])
    first, second = (evaluation_of(each, draws=0).figures for each in (p, p.of(again)))
    for name, figure in first.items():
        assert second[name].value == pytest.approx(figure.value), name


def test_each_name_has_a_meaning_and_older_ones_keep_theirs() -> None:
    assert set(ESTIMANDS) == set(MEANINGS) == {"alike", "patients", "pooled", "folds"}
    assert (FIRST, BESIDE) == ("alike", ("patients",))
    assert estimand_of("ece", "patients") == estimand_of("accuracy", "folds") == "pooled"
    assert {estimand_of(name, FIRST) for name in HEADLINE} == {FIRST}
