import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.evaluation.probe import fit_probe


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
