import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from core.datasets.audit.colour import judge_colour
from core.evaluation.folds import grouped_folds


def drawn(seed: int, classes: int = 2, shift: float = 0.0) -> tuple[np.ndarray, ...]:
    """Colours of 12 patients, labels that shift them, patients that shift them too."""
    random = np.random.default_rng(seed)
    patients = np.repeat(np.arange(12), 20)
    labels = random.integers(0, classes, 240)
    own = random.normal(0, 1, (12, 21))[patients]
    colour = random.normal(0, 1, (240, 21)) + own
    colour[:, 0] += shift * labels
    return colour.astype(np.float32), labels, patients.astype(str).astype(object)


def test_figure_is_that_of_scikit_learns_own_fits_in_folds() -> None:
    """Without a class or patient that weighs more than another, it is plain logistic regression."""
    colour, _, patients = drawn(1)
    labels = np.tile([0, 1], 120)
    colour[:, 0] += 2 * labels
    found = judge_colour(colour, labels, patients, patients_known=True)
    folds = grouped_folds(labels, patients, 5, 0)
    scores = np.empty(240)
    for fold in range(5):
        train, test = folds != fold, folds == fold
        scaler = StandardScaler().fit(colour[train].astype(np.float64))
        model = LogisticRegression(C=1 / (0.01 * train.sum()), max_iter=500)
        model.fit(scaler.transform(colour[train]), labels[train])
        scores[test] = model.predict_proba(scaler.transform(colour[test]))[:, 1]
    assert found is not None
    # Each fold has a temperature of its own, which moves its ranks among the others' a little.
    assert found.auroc == pytest.approx(roc_auc_score(labels, scores), abs=1e-2)
    assert found.estimand == "alike"


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
