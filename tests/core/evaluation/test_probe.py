import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.evaluation.probe import choose_penalty, fit_passes, fit_probe


@pytest.mark.parametrize("classes", [2, 3])
def test_linear_map_equals_the_scikit_learn_pipeline(classes: int) -> None:
    random = np.random.default_rng(0)
    features = random.normal(3, [1, 5, 0.2, 2], (200, 4))
    labels = np.digitize(features[:, 1] + random.normal(0, 2, 200), [1, 5][: classes - 1])
    weights = random.uniform(0.5, 2, 200)
    kernel, bias = fit_probe(features, labels, weights, penalty=0.05)
    pipeline = make_pipeline(
        StandardScaler(), LogisticRegression(C=1 / (0.05 * weights.sum()), tol=1e-8, max_iter=2000)
    )
    pipeline.fit(
        features,
        labels,
        standardscaler__sample_weight=weights,
        logisticregression__sample_weight=weights,
    )
    np.testing.assert_allclose(
        softmax(features @ kernel + bias, axis=1), pipeline.predict_proba(features), atol=2e-3
    )


def test_penalty_means_the_same_for_more_images() -> None:
    random = np.random.default_rng(0)
    features = random.normal(0, 1, (100, 3))
    labels = (features[:, 0] + random.normal(0, 1, 100) > 0).astype(int)
    once, _ = fit_probe(features, labels, np.ones(100), 0.1)
    thrice, _ = fit_probe(np.tile(features, (3, 1)), np.tile(labels, 3), np.ones(300), 0.1)
    np.testing.assert_allclose(once, thrice, atol=2e-3)


def test_a_class_without_images_gets_no_probability() -> None:
    random = np.random.default_rng(0)
    features = random.normal(0, 1, (60, 4)).astype(np.float32)
    labels = np.tile([0, 2], 30)
    kernel, bias = fit_probe(features, labels, np.ones(60), 0.1, classes=4)
    pair = fit_probe(features, (labels > 0).astype(np.int64), np.ones(60), 0.1)
    chances = softmax(features @ kernel + bias, axis=1)
    np.testing.assert_allclose(chances[:, [0, 2]], softmax(features @ pair[0] + pair[1], axis=1))
    assert chances[:, [1, 3]].max() < 1e-20


def test_the_penalty_is_the_one_that_serves_patients_held_out() -> None:
    """Of 120 features two tell of the class, the others of the patient: few weights serve best."""
    random = np.random.default_rng(1)
    patients = np.repeat(np.arange(12), 10).astype(str).astype(object)
    labels = np.tile([0, 1], 60)
    own = np.repeat(random.normal(0, 1, (12, 118)), 10, axis=0)
    features = np.hstack([labels[:, None] + random.normal(0, 0.8, (120, 2)), own])
    features = features[None, :, None, :].astype(np.float32)
    penalties = (1e-5, 1e-2, 1.0, 1e4)
    chosen = choose_penalty(
        features, labels, patients, "patient", penalties, np.arange(120), classes=2
    )
    folds = GroupKFold(3)
    losses = {}
    for penalty in penalties:
        pipeline = make_pipeline(
            StandardScaler(), LogisticRegression(C=1 / (penalty * 80), tol=1e-8, max_iter=5000)
        )
        parts = folds.split(features[0, :, 0], labels, patients)
        losses[penalty] = np.mean(
            [
                log_loss(
                    labels[test],
                    pipeline.fit(features[0, train, 0], labels[train]).predict_proba(
                        features[0, test, 0]
                    ),
                )
                for train, test in parts
            ]
        )
    assert chosen == min(losses, key=losses.__getitem__)
    assert chosen not in {penalties[0], penalties[-1]}


def test_where_nobody_can_be_held_out_the_most_careful_penalty_is_taken() -> None:
    features = np.random.default_rng(0).normal(size=(1, 4, 1, 2)).astype(np.float32)
    patients = np.array(["a", "a", "b", "b"], dtype=object)
    labels = np.array([0, 1, 0, 1])
    assert choose_penalty(features, labels, patients, "none", (0.1, 10.0), np.arange(4)) == 10


def test_newtons_method_gives_the_same_map_as_l_bfgs() -> None:
    random = np.random.default_rng(0)
    features = random.normal(0, 1, (1, 200, 1, 5)).astype(np.float32)
    labels = (features[0, :, 0, 0] + random.normal(0, 1, 200) > 0).astype(int)
    patients = np.repeat(np.arange(20), 10).astype(str).astype(object)
    rows = np.arange(200)
    one, _ = fit_passes(features, labels, patients, "none", (0.1,), rows)
    other, _ = fit_passes(features, labels, patients, "none", 0.1, rows)
    np.testing.assert_allclose(one, other, atol=2e-3)
