"""Cross-validation: nothing of a fold is used for it, be it of one patient or of several."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from core.evaluation.cross_validate import Changed, HeldOut, Predict, cross_validate, hold_out
from core.evaluation.folds import grouped_folds
from core.evaluation.probe import probe_fitter

PATIENTS = np.repeat([f"p{i}" for i in range(15)], 8).astype(object)
LABELS = (np.arange(120) // 8 % 3 > 0).astype(np.int64)
MIXED = np.tile([0, 1], 60)
SINGLY = np.array([[int(name[1:]) if int(name[1:]) < 6 else -1 for name in PATIENTS]])


def features(labels: np.ndarray, signal: float = 1.0) -> np.ndarray:
    """Two views (2, N, crops 1, 3): plain, and with noise."""
    random = np.random.default_rng(0)
    values = signal * np.eye(3)[labels] + random.normal(0, 1, (len(labels), 3))
    both = np.stack([values, values + random.normal(0, 2, values.shape)])
    return both[:, :, None].astype(np.float32)


def judged(fitted_on: np.ndarray, folds: np.ndarray, labels: np.ndarray) -> HeldOut:
    """`labels` are what is learnt; features are drawn for `fitted_on`."""
    views = features(fitted_on)
    fit = probe_fitter(views[:1], views, labels, PATIENTS, "patient", 0.1)
    return cross_validate(fit, labels, PATIENTS, folds)


@pytest.mark.parametrize(
    ("labels", "folds"),
    [
        pytest.param(LABELS, grouped_folds(LABELS, PATIENTS, 3, 0)[None], id="folds"),
        pytest.param(MIXED, SINGLY, id="patients"),
    ],
)
def test_nothing_of_a_tested_fold_reaches_its_predictions(
    labels: np.ndarray, folds: np.ndarray
) -> None:
    own = folds[0] == 1
    honest = judged(labels, folds, labels)
    touched = judged(labels, folds, np.where(own, 1 - labels, labels))
    np.testing.assert_array_equal(honest.logits[0][:, own], touched.logits[0][:, own])
    assert honest.decisions[0][1] == touched.decisions[0][1]
    assert honest.decisions[0][0] != touched.decisions[0][0]
    tested = (folds[0] >= 0) & ~own
    assert not np.array_equal(honest.logits[0][:, tested], touched.logits[0][:, tested])


def test_nothing_is_fitted_on_a_left_out_row() -> None:
    seen = []

    def fit(train: np.ndarray) -> Predict:
        def predict(rows: np.ndarray, *, plain: bool = False) -> np.ndarray:
            seen.append((set(PATIENTS[train]), set(PATIENTS[rows]), plain))
            return np.stack([np.zeros(len(rows)), features(MIXED)[0, rows, 0, 0]], axis=1)[None]

        return predict

    three = np.where(SINGLY < 3, SINGLY, -1)
    cross_validate(fit, MIXED, PATIENTS, three)
    assert all(not train & rows for train, rows, _ in seen)
    # Each pair of three is left out together and both are predicted; then each alone.
    assert [len(train) for train, _, _ in seen] == [13] * 6 + [14] * 3
    assert [plain for _, _, plain in seen] == [True] * 6 + [False] * 3
    assert all(len(rows) == 1 for _, rows, _ in seen)


def test_probabilities_and_thresholds_stand_where_the_images_do() -> None:
    folds = np.stack([grouped_folds(LABELS, PATIENTS, 3, seed) for seed in range(2)])
    held_out = judged(LABELS, folds, LABELS)
    rounds, images = held_out.places
    assert len(images) == 240
    chances, thresholds = held_out.probabilities(1), held_out.thresholds()
    for place in (0, 100, 239):
        decision = held_out.decisions[rounds[place]][folds[rounds[place], images[place]]]
        logits = held_out.logits[rounds[place], 1, images[place]]
        assert chances[place] == pytest.approx(softmax(logits / decision.temperature), abs=1e-6)
        assert thresholds[place] == pytest.approx(decision.thresholds)


def test_logits_are_those_of_scikit_learn_on_the_other_folds() -> None:
    folds = grouped_folds(LABELS, PATIENTS, 3, 0)[None]
    held_out = judged(LABELS, folds, LABELS)
    train, test = folds[0] != 2, folds[0] == 2
    values = features(LABELS)[0, :, 0].astype(np.float64)
    counts = {
        key: ((key[0] == PATIENTS) & (key[1] == LABELS) & train).sum()
        for key in {(p, label) for p, label in zip(PATIENTS[train], LABELS[train], strict=True)}
    }
    weights = np.array(
        [1 / counts[p, label] for p, label in zip(PATIENTS[train], LABELS[train], strict=True)]
    )
    for label in (0, 1):
        own = LABELS[train] == label
        weights[own] /= weights[own].sum()
    weights /= weights.mean()
    mean = np.average(values[train], axis=0, weights=weights)
    spread = np.sqrt(np.average((values[train] - mean) ** 2, axis=0, weights=weights))
    model = LogisticRegression(C=1 / (0.1 * train.sum()), max_iter=500)
    model.fit((values[train] - mean) / spread, LABELS[train], sample_weight=weights)
    expected = model.decision_function((values[test] - mean) / spread)
    np.testing.assert_allclose(held_out.logits[0, 0, test, 1], expected, atol=1e-3)


def test_changed_images_are_predicted_by_the_same_models() -> None:
    views = features(MIXED)[:1]
    rows = np.array([0, 9, 30])
    # One more in every feature is one step more in the logit, the same for every image of a model.
    changed = Changed(rows, views[0, rows, 0][None].astype(np.float64) + 1)
    fit = probe_fitter(views, views, MIXED, PATIENTS, "patient", 0.1, changed=changed)
    held_out = cross_validate(fit, MIXED, PATIENTS, SINGLY)
    plain, moved = held_out.logits[0, :, :, 1]
    step = fit(np.flatnonzero(SINGLY[0] != 0))
    twice = step(np.array([0, 0]))[:, 0, 1]
    assert moved[0] - plain[0] == pytest.approx(twice[1] - twice[0])
    assert np.isfinite(moved[rows]).all()
    assert np.isnan(np.delete(moved, rows)).all()


def test_one_test_part_is_tested_once_with_what_was_chosen_on_another() -> None:
    views = features(LABELS)
    fit = probe_fitter(views[:1], views, LABELS, PATIENTS, "patient", 0.1)
    train, chosen, tested = np.arange(48), np.arange(48, 80), np.arange(80, 120)
    held_out = hold_out(fit(train), LABELS, PATIENTS, chosen, tested)
    flipped = LABELS.copy()
    flipped[tested] = 1 - flipped[tested]
    assert hold_out(fit(train), flipped, PATIENTS, chosen, tested).decisions == held_out.decisions
    np.testing.assert_array_equal(held_out.places[1], tested)
    np.testing.assert_allclose(held_out.logits[0][:, tested], fit(train)(tested))


def test_the_prediction_of_an_image_is_the_mean_over_its_crops() -> None:
    crops = np.random.default_rng(0).normal(0, 1, (1, 120, 4, 3)).astype(np.float32)
    rows = np.arange(120)
    whole = probe_fitter(crops, crops, LABELS, PATIENTS, "patient", 1.0)(rows)(rows)[0]
    single = [
        probe_fitter(crops, crops[:, :, [crop]], LABELS, PATIENTS, "patient", 1.0)(rows)(rows)[0]
        for crop in range(4)
    ]
    np.testing.assert_allclose(whole, np.mean(single, axis=0), atol=1e-5)
