"""Distance from training features, against scikit-learn and SciPy."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.decomposition import PCA

from core.evaluation import scope_distance
from core.evaluation.scope_distance import (
    distances,
    false_alarms,
    fit_balanced,
    fit_reference,
    image_distances,
    left_out_distances,
    upper_quantile,
)

RANDOM = np.random.default_rng(3)
FEATURES = RANDOM.normal(5, 2, (400, 12)) @ RANDOM.normal(0, 1, (12, 12))


def test_is_mahalanobis_under_probabilistic_components(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope_distance, "COMPONENTS", 4)
    reference = fit_reference(FEATURES, np.ones(400))
    standard = (FEATURES - FEATURES.mean(axis=0)) / FEATURES.std(axis=0)
    # scikit-learn's PCA has Tipping and Bishop's model; it divides by N - 1.
    covariance = PCA(4).fit(standard).get_covariance() * 399 / 400
    inverse = np.linalg.inv(covariance)
    expected = [mahalanobis(row, np.zeros(12), inverse) / np.sqrt(12) for row in standard]
    np.testing.assert_allclose(distances(reference, FEATURES), expected, rtol=1e-6)
    assert reference.components.shape == (4, 12)
    np.testing.assert_allclose(reference.components @ reference.components.T, np.eye(4), atol=1e-9)


def test_training_lies_at_about_one_and_what_is_unlike_it_farther() -> None:
    reference = fit_reference(FEATURES, np.ones(400))
    assert np.square(distances(reference, FEATURES)).mean() == pytest.approx(1, rel=0.05)
    # The same variances without the correlations.
    shuffled = np.stack([RANDOM.permutation(column) for column in FEATURES.T], axis=1)
    assert np.median(distances(reference, shuffled)) > 2


def test_weights_stand_for_repeated_rows() -> None:
    weights = RANDOM.integers(1, 4, 400)
    weighted = fit_reference(FEATURES, weights)
    repeated = fit_reference(FEATURES.repeat(weights, axis=0), np.ones(weights.sum()))
    np.testing.assert_allclose(
        distances(weighted, FEATURES), distances(repeated, FEATURES), rtol=1e-9
    )


def test_a_patient_with_many_images_counts_no_more_than_another() -> None:
    features = np.concatenate([np.zeros((1, 1, 3)), np.ones((9, 1, 3))])
    patients = np.array(["a"] + ["b"] * 9, dtype=object)
    reference = fit_balanced(features, np.zeros(10, dtype=np.int64), patients)
    np.testing.assert_allclose(reference.mean, 0.5)


def test_features_that_never_vary_do_no_harm() -> None:
    features = np.concatenate([FEATURES, np.zeros((400, 1))], axis=1)
    found = distances(fit_reference(features, np.ones(400)), features)
    assert np.isfinite(found).all()
    alone = fit_reference(np.ones((5, 1)), np.ones(5))
    assert np.isfinite(distances(alone, np.ones((2, 1)))).all()


def test_many_features_get_fewer_components() -> None:
    wide = RANDOM.normal(0, 1, (40, 2048))
    assert fit_reference(wide, np.ones(40)).components.shape == (16, 2048)


def test_patients_left_out_are_not_in_their_own_reference() -> None:
    patients = np.repeat(np.array(["a", "b", "c"], dtype=object), 100)
    features = FEATURES[:300, None, :].copy()
    features[:100] += 40
    labels = np.zeros(300, dtype=np.int64)
    found = left_out_distances(features, labels, patients)
    rest = fit_balanced(features[100:], labels[100:], patients[100:])
    np.testing.assert_allclose(found[:100], image_distances(rest, features[:100]))
    within = image_distances(fit_balanced(features, labels, patients), features)
    assert np.median(found[:100]) > 3 * np.median(within[:100])


def test_the_distance_of_an_image_is_the_mean_over_its_crops() -> None:
    reference = fit_reference(FEATURES, np.ones(400))
    crops = FEATURES.reshape(200, 2, 12)
    expected = distances(reference, FEATURES).reshape(200, 2).mean(axis=1)
    np.testing.assert_allclose(image_distances(reference, crops), expected)


def test_quantile_and_false_alarms_by_hand() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    patients = np.array(["a", "a", "a", "a", "b"], dtype=object)
    # b alone is half of the weight.
    assert upper_quantile(values, patients, 0.5) == 4.0
    assert upper_quantile(values, patients, 0.49) == 10.0
    # Threshold for a is b's 10: no alarm; for b it is a's 4: an alarm. Mean of 0 and 1.
    assert false_alarms(values, patients, 0.05) == 0.5


def test_false_alarms_are_as_wished_where_patients_are_alike() -> None:
    values = RANDOM.normal(0, 1, 20_000)
    patients = RANDOM.integers(0, 50, 20_000).astype(str).astype(object)
    assert false_alarms(values, patients, 0.05) == pytest.approx(0.05, abs=0.005)
