import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.datasets.audit.colour import _Pairs, _resamples, _some_of_each, _weights, judge_colour
from core.datasets.balance import balance_weights
from core.evaluation.bootstrap import bootstrap_pooled


def drawn(seed: int, classes: int = 2, shift: float = 0.0) -> tuple[np.ndarray, ...]:
    """Colours of 12 patients, labels that shift them, patients that shift them too."""
    random = np.random.default_rng(seed)
    patients = np.repeat(np.arange(12), 20)
    labels = random.integers(0, classes, 240)
    own = random.normal(0, 1, (12, 21))[patients]
    colour = random.normal(0, 1, (240, 21)) + own
    colour[:, 0] += shift * labels
    return colour.astype(np.float32), labels, patients.astype(str).astype(object)


def test_shares_and_interval_are_those_of_ranking_anew() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 7, 300)
    labels = random.integers(0, 2, 300)
    scores = np.round(random.normal(labels, 1.5), 1)  # rounded, so that there are ties
    pairs = _Pairs(scores, labels == 1, codes)
    assert pairs.share(np.ones((1, 7)))[0] == pytest.approx(roc_auc_score(labels, scores))
    for patient, share in enumerate(pairs.share(np.eye(7))):
        own = codes == patient
        assert share == pytest.approx(roc_auc_score(labels[own], scores[own]))
    expected = bootstrap_pooled(roc_auc_score, labels, scores, codes.astype(object))
    found = np.quantile(pairs.share(_resamples(7)), [0.025, 0.975])
    np.testing.assert_allclose(found, expected)


def test_weights_are_those_of_training() -> None:
    _, labels, patients = drawn(1, classes=3)
    expected = balance_weights(labels, patients, "patient")
    np.testing.assert_allclose(_weights(labels, patients.astype(int)), expected, rtol=1e-5)


def test_colour_that_tells_and_colour_that_does_not() -> None:
    telling = judge_colour(*drawn(2, shift=6), patients_known=True)
    silent = judge_colour(*drawn(2, shift=0), patients_known=True)
    assert telling is not None
    assert silent is not None
    assert telling.auroc > 0.95
    assert 0.35 < silent.auroc < 0.65
    assert telling.interval is not None
    assert telling.interval[0] < telling.auroc < telling.interval[1]
    assert (telling.folds, telling.patients_with_every_class) == (5, 12)


def test_more_than_two_classes_are_each_told_from_the_rest() -> None:
    found = judge_colour(*drawn(3, classes=3, shift=8), patients_known=True)
    assert found is not None
    assert found.auroc > 0.85


def test_a_patient_is_never_judged_by_a_model_that_saw_it() -> None:
    """Colour that tells patients and nothing else, with one class a patient, tells nothing."""
    random = np.random.default_rng(4)
    patients = np.repeat(np.arange(40), 10)
    labels = (np.arange(40) % 2)[patients]
    colour = random.normal(0, 0.01, (400, 21)) + random.normal(0, 1, (40, 21))[patients]
    people = patients.astype(str).astype(object)
    by_patient = judge_colour(colour.astype(np.float32), labels, people, patients_known=True)
    by_image = judge_colour(colour.astype(np.float32), labels, people, patients_known=False)
    assert by_patient is not None
    assert by_image is not None
    assert by_patient.auroc < 0.75
    assert by_image.auroc > 0.9
    assert by_patient.within_patients is None
    assert (by_image.interval, by_image.by_patient) == (None, False)


@pytest.mark.parametrize("labels", [np.zeros(240, int), np.repeat([0, 1], [220, 20])])
def test_nothing_is_said_where_a_class_cannot_be_held_out(labels: np.ndarray) -> None:
    colour, _, patients = drawn(5)
    assert judge_colour(colour, labels, patients, patients_known=True) is None


def test_at_most_a_hundred_images_of_a_patient_and_class_are_fitted() -> None:
    labels = np.repeat([0, 1, 0], [300, 20, 150])
    codes = np.repeat([0, 0, 1], [300, 20, 150])
    rows = _some_of_each(np.arange(470), labels, codes)
    assert np.bincount(codes[rows] * 2 + labels[rows]).tolist() == [100, 20, 100]
    assert len(set(rows)) == 220
