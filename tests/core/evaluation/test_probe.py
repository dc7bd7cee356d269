from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.evaluation.cross_validate import choose_and_cross_validate
from core.evaluation.probe import fit_probe, predicting, probe_maps


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


def test_a_penalty_is_chosen_without_the_fold_that_it_answers() -> None:
    """Of 120 features two tell of the class, the others of the patient: few weights serve best.

    Against scikit-learn's models, fold by fold: the penalty for a fold from models that saw neither
    it nor the fold that they answer, the final one from all of these.
    """
    random = np.random.default_rng(1)
    people = np.repeat(np.arange(12), 10)
    labels, folds = np.tile([0, 1], 60), people % 4
    own = np.repeat(random.normal(0, 1, (12, 118)), 10, axis=0)
    given = np.hstack([labels[:, None] + random.normal(0, 0.8, (120, 2)), own])
    features = given[None, :, None, :].astype(np.float32)
    patients = people.astype(str).astype(object)
    penalties = (1e4, 1.0, 1e-2, 1e-4)
    fit = predicting(probe_maps(features, labels, patients, "patient", penalties), features)
    held_out, best = choose_and_cross_validate(fit, 4, labels, patients, folds[None])

    def chances(penalty: float, without: list[int], asked: NDArray[np.bool_]) -> NDArray:
        learnt = ~np.isin(folds, without)
        model = make_pipeline(
            StandardScaler(),
            LogisticRegression(C=1 / (penalty * learnt.sum()), tol=1e-8, max_iter=5000),
        )
        return model.fit(given[learnt], labels[learnt]).predict_proba(given[asked])

    losses = np.zeros((4, 4, 4))  # tested fold, answered fold, penalty
    for tested, answered in permutations(range(4), 2):
        rows = folds == answered
        for number, penalty in enumerate(penalties):
            losses[tested, answered, number] = log_loss(
                labels[rows], chances(penalty, [tested, answered], rows)
            )
    assert best == losses.sum(axis=(0, 1)).argmin()
    assert best in {1, 2}
    for tested in range(4):
        chosen = penalties[losses[tested].sum(axis=0).argmin()]
        rows = folds == tested
        np.testing.assert_allclose(
            softmax(held_out.logits[0, 0, rows], axis=1),
            chances(chosen, [tested], rows),
            atol=2e-3,
        )


def test_of_penalties_that_serve_alike_the_first_is_taken() -> None:
    labels, people = np.tile([0, 1], 20), np.repeat(np.arange(10), 4)
    features = np.zeros((1, 40, 1, 2), np.float32)
    patients = people.astype(str).astype(object)
    fit = predicting(probe_maps(features, labels, patients, "none", (10.0, 0.1)), features)
    assert choose_and_cross_validate(fit, 2, labels, patients, (people % 5)[None])[1] == 0
