"""Colour alone is judged where that can be done, and is the same wherever it is shown."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.assessment.table import predictions_table
from core.datasets.audit.colour import judge_colour
from core.evaluation.colour_alone import FOLDS, ColourAlone, colour_alone, colour_fitter
from core.evaluation.cross_validate import cross_validate
from core.evaluation.folds import grouped_folds
from core.evaluation.judge import evaluation_of
from core.registry.card import Card
from core.training.judging.held_out import held_out_predictions
from core.training.judging.results import card_evaluation
from tests.core.conftest import card_content
from tests.core.evaluation.made_up import made_up
from tests.core.training.judging.made_up import dataset as dataset_of


def baseline(*patients_of_class: int, classes: int = 2, images: int = 4) -> ColourAlone | str:
    """Of so many patients of each class, with so many images of that class each."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.repeat(np.arange(len(patients_of_class)), patients_of_class), images)
    patients = np.repeat([f"p{number}" for number in range(sum(patients_of_class))], images)
    views = (random.normal(0, 1, (2, len(labels), 21)) + labels[:, None]).astype(np.float32)
    return colour_alone(views, labels, patients.astype(object), classes)


@pytest.mark.parametrize("few", [1, 2])
@pytest.mark.parametrize("many", [2, 3, 9])
def test_a_class_of_two_with_fewer_than_three_patients_is_said(few: int, many: int) -> None:
    for found in (baseline(few, many), baseline(many, few)):
        assert isinstance(found, str)
        assert found.startswith("Colour alone was not judged")
    if many == 9:
        assert f"class 0 has 9 patient(s), class 1 has {few} patient(s)" in found


def test_three_patients_of_each_class_are_enough() -> None:
    found = baseline(3, 3)
    assert isinstance(found, ColourAlone)
    assert (found.folds > 0).all()
    assert np.isfinite(found.probabilities).all()
    assert ((found.thresholds > 0) & (found.thresholds < 1)).all()


def test_fewer_images_of_each_class_than_folds_is_said() -> None:
    found = baseline(4, 3, images=1)
    assert isinstance(found, str)
    assert "No class has more than 4 image(s)" in found


def test_of_several_classes_one_may_have_a_single_patient() -> None:
    found = baseline(4, 4, 1, classes=3)
    assert isinstance(found, ColourAlone)
    assert (found.folds[-4:] == 0).all()
    assert np.isfinite(found.probabilities[:, found.folds > 0]).all()
    assert found.thresholds is None


@pytest.mark.parametrize("classes", [2, 3])
def test_audit_evaluation_and_training_say_the_same_of_the_same_images(classes: int) -> None:
    random = np.random.default_rng(0)
    patients = np.repeat([f"p{number:02}" for number in range(20)], 12).astype(object)
    labels = random.integers(0, classes, 240)
    statistics = (random.normal(0, 1, (240, 21)) + 0.6 * labels[:, None]).astype(np.float32)
    names = tuple(f"class {label}" for label in range(classes))
    images = dataset_of(labels, patients, names)

    audited = judge_colour(statistics, labels, patients, patients_known=True)
    alone = colour_alone(statistics[None], labels, patients, classes)
    card = Card.model_validate(
        card_content(
            classes=names,
            task="binary" if classes == 2 else "subtype",
            operating_point=None,
        )
    )
    chances = random.dirichlet(np.ones(classes), 240)
    judged = predictions_table(card, images, chances, alone)
    evaluation = evaluation_of(judged, judged.colour())
    folds = grouped_folds(labels, patients, FOLDS, 0)[None]
    fit = colour_fitter(statistics[None, :, None], labels, patients, classes)
    colour = cross_validate(fit, labels, patients, folds)
    trained = card_evaluation(held_out_predictions(colour, colour, images, "folds"), "Folds.")

    assert audited is not None
    assert audited.auroc == pytest.approx(trained.colour_auroc, abs=1e-12)
    assert evaluation.colour is not None
    assert evaluation.colour.auroc.second == pytest.approx(trained.colour_auroc, abs=1e-12)
    assert evaluation.colour.balanced_accuracy.second == pytest.approx(
        trained.colour_balanced_accuracy, abs=1e-12
    )
    assert audited.interval == pytest.approx(trained.auroc_interval, abs=1e-12)
    assert audited.estimand == evaluation.colour.estimand == trained.estimand
    # And by hand: scikit-learn's AUROC of each class, every patient alike, then the mean.
    rows = alone.folds > 0
    weights = [1 / (patients[rows] == name).sum() for name in patients[rows]]
    by_class = [
        roc_auc_score(
            labels[rows] == label, alone.probabilities[0, rows, label], sample_weight=weights
        )
        for label in range(classes)
    ]
    assert audited.auroc == pytest.approx(np.mean(by_class))


def test_every_patient_counts_the_same_and_only_images_as_they_are_are_fitted_on() -> None:
    random = np.random.default_rng(1)
    patients = np.repeat([f"p{number:02}" for number in range(12)], 6).astype(object)
    labels = random.integers(0, 2, 72)
    views = (random.normal(0, 1, (2, 72, 21)) + 0.5 * labels[:, None]).astype(np.float32)
    folds = np.array([int(name[1:]) % 3 for name in patients])
    found = colour_alone(views, labels, patients, 2, folds)
    assert isinstance(found, ColourAlone)
    np.testing.assert_array_equal(found.folds, folds + 1)
    times = np.where(patients == "p00", 20, 1)
    many = colour_alone(
        views.repeat(times, axis=1),
        labels.repeat(times),
        patients.repeat(times),
        2,
        folds.repeat(times),
    )
    assert isinstance(many, ColourAlone)
    first = np.cumsum(times) - times
    np.testing.assert_allclose(many.probabilities[:, first], found.probabilities, atol=1e-3)
    changed = colour_alone(np.stack([views[0], -views[1]]), labels, patients, 2, folds)
    assert isinstance(changed, ColourAlone)
    np.testing.assert_array_equal(changed.probabilities[0], found.probabilities[0])
    assert not np.allclose(changed.probabilities[1], found.probabilities[1], atol=0.05)


def test_it_is_judged_on_the_images_that_it_predicted() -> None:
    whole = made_up(patients=9, images=10)
    folds = np.where(np.arange(90) % 4 == 0, 0, 1 + np.arange(90) % 3)
    chances = np.where(folds[:, None] == 0, np.nan, whole.colour_probabilities)
    colour = replace(whole, colour_folds=folds, colour_probabilities=chances).colour()
    assert colour is not None
    assert list(colour.images) == list(whole.images[folds > 0])
    figure = evaluation_of(colour, estimand="pooled", draws=0).figures["auroc"]
    rows = folds > 0
    assert figure.value == pytest.approx(roc_auc_score(whole.labels[rows], chances[rows, 1]))
