"""What a card says of held-out predictions, against scikit-learn and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score, roc_auc_score

from core.errors import EvaluationError
from core.evaluation.estimand import Protocol
from core.evaluation.folds import grouped_folds
from core.evaluation.operating_point import RULES
from core.evaluation.predictions import Predictions
from core.registry.card_results import CardEvaluation, ClassResult
from core.training.by_fit import train_by_fit
from core.training.judging.changes import CHANGES
from core.training.judging.held_out import held_out_predictions
from core.training.judging.results import (
    card_evaluation,
    operating_points,
    robustness,
    stain_shift,
)
from core.training.trained import Trained
from core.training.watch import Watch
from tests.core.training import small_fits
from tests.core.training.judging.made_up import dataset, held_out

PATIENTS = np.repeat([f"p{i}" for i in range(15)], 8).astype(object)
LABELS = np.tile([0, 1], 60)
FOLDS = np.stack([grouped_folds(LABELS, PATIENTS, 3, seed) for seed in range(2)])
SINGLY = np.arange(120)[None] // 8
ONE_PART = np.where(SINGLY < 6, -1, 0)
SUBTYPES = np.repeat([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2], 8)


def predictions(
    folds: np.ndarray,
    protocol: Protocol,
    signal: float = 1.5,
    view: int = 0,
    labels: np.ndarray = LABELS,
    colour: float = 0.3,
) -> Predictions:
    names = tuple(f"class {each}" for each in range(labels.max() + 1))
    return held_out_predictions(
        held_out(labels, folds, signal),
        held_out(labels, folds, colour, seed=1),
        dataset(labels, PATIENTS, names),
        protocol,
        view,
    )


@pytest.mark.parametrize(
    ("folds", "protocol"),
    [
        pytest.param(FOLDS, "folds", id="folds"),
        pytest.param(SINGLY, "patients", id="patients"),
        pytest.param(ONE_PART, "one model", id="one test part"),
    ],
)
def test_figures_are_those_of_scikit_learn(folds: np.ndarray, protocol: Protocol) -> None:
    own = predictions(folds, protocol)
    card = card_evaluation(own, "So it was.")
    for table, auroc, balanced in (
        (own, card.auroc, card.balanced_accuracy),
        (own.colour(), card.colour_auroc, card.colour_balanced_accuracy),
    ):
        # Of each patient as many images, so that every patient alike is every image alike.
        rounds = [table.rounds == each for each in np.unique(table.rounds)]
        chances, calls = table.probabilities[:, 1], table.probabilities[:, 1] >= table.thresholds
        assert auroc == pytest.approx(
            np.mean([roc_auc_score(table.labels[rows], chances[rows]) for rows in rounds])
        )
        expected = [balanced_accuracy_score(table.labels[rows], calls[rows]) for rows in rounds]
        assert balanced == pytest.approx(np.mean(expected))
    assert card.auroc_interval[0] < card.auroc < card.auroc_interval[1]
    assert card.beats_colour
    assert 0 < card.difference_interval[0] < card.auroc - card.colour_auroc
    assert card.protocol.startswith("So it was. ")
    assert (card.images, card.patients) == ((folds[0] >= 0).sum(), len(set(own.patients)))
    assert len(card.by_patient) == (0 if protocol == "folds" else card.patients)
    for row in card.by_patient:
        rows = own.patients == row.patient
        assert row.auroc == pytest.approx(
            roc_auc_score(own.labels[rows], own.probabilities[rows, 1])
        )


def test_the_mean_within_patients_and_the_next_one_stand_beside() -> None:
    own = predictions(FOLDS, "folds")
    card = card_evaluation(own, "So.")
    people = [(own.rounds == each) & (own.patients == name) for each in (1, 2) for name in PATIENTS]
    aurocs = [roc_auc_score(own.labels[rows], own.probabilities[rows, 1]) for rows in people]
    assert (card.estimand, card.titled("auroc")) == ("alike", "AUROC, pooled, every patient alike")
    assert card.auroc_within_patients == pytest.approx(np.mean(aurocs))
    assert card.auroc_within_patients_interval[0] < card.auroc_within_patients
    # Four images of each class are too few to say how a patient does.
    assert [(each.name, each.patients) for each in card.next_patient] == [
        ("class 0", 0),
        ("class 1", 0),
    ]
    assert not card.few


def test_a_model_that_predicts_as_colour_does_not_beat_it() -> None:
    own = predictions(FOLDS, "folds")
    same = replace(own, colour_probabilities=own.probabilities, colour_thresholds=own.thresholds)
    card = card_evaluation(same, "So.")
    assert card.difference_interval == (0, 0)
    assert not card.beats_colour


def test_few_patients_get_no_interval_and_the_reason() -> None:
    card = card_evaluation(predictions(np.where(SINGLY < 4, SINGLY, -1), "patients"), "So.")
    assert (card.patients, card.images) == (4, 32)
    assert card.auroc_interval is None
    assert card.difference_interval is None
    assert not card.beats_colour
    assert "fewer than 5" in card.notes[0]


def test_without_colour_or_of_one_class_there_is_no_card() -> None:
    own = predictions(FOLDS, "folds")
    with pytest.raises(EvaluationError, match="colour alone"):
        card_evaluation(replace(own, colour_probabilities=None), "So.")
    with pytest.raises(EvaluationError, match="All images are class 1"):
        card_evaluation(own.of(own.labels == 1), "So.")


def of_classes(labels: np.ndarray, withheld: dict[str, ClassResult]) -> CardEvaluation:
    folds = grouped_folds(labels, PATIENTS, 3, 0)[None]
    own = predictions(folds, "folds", labels=labels)
    return card_evaluation(own, "So.", withheld=withheld)


def test_figures_of_a_class_with_one_patient_are_withheld() -> None:
    labels = np.where(PATIENTS == "p7", 3, SUBTYPES)
    nothing = dict.fromkeys(("auroc", "auroc_interval", "sensitivity", "colour_auroc"))
    why = ClassResult(name="class 3", patients=1, images=8, withheld="one patient", **nothing)
    card = of_classes(labels, {"class 3": why})
    assert [result.withheld is None for result in card.by_class] == [True, True, True, False]
    assert card.by_class[3] == why
    assert card.auroc == pytest.approx(np.mean([result.auroc for result in card.by_class[:3]]))
    assert card.images == (labels != 3).sum()


def test_views_are_judged_as_the_images_are() -> None:
    views = [predictions(FOLDS, "folds", view=view) for view in (0, 1)]
    card = card_evaluation(views[0], "So.")
    plain, noisy = stain_shift(zip((0.0, 0.25), views, strict=True))
    assert (plain.auroc, plain.colour_auroc) == pytest.approx((card.auroc, card.colour_auroc))
    assert noisy.auroc < plain.auroc - 0.05
    changed = robustness(zip(CHANGES[:2], views, strict=True))
    assert [(each.change, each.amount) for each in changed] == [("none", 0.0), ("stain", 0.05)]
    assert changed[0].balanced_accuracy == pytest.approx(card.balanced_accuracy)
    assert changed[1].auroc == pytest.approx(noisy.auroc)
    one_class = views[0].of(views[0].labels == 1)
    assert robustness([(CHANGES[0], one_class)]) == ()


def test_figures_of_points_are_of_calls_chosen_without_the_patient() -> None:
    own = predictions(FOLDS, "folds")
    points = operating_points(own, (0.5, 0.2, 0.7), "these")
    every = (own.thresholds, *own.other_thresholds.T)
    for rule, thresholds, point in zip(RULES, every, points, strict=True):
        assert (point.rule, point.fitted_on, point.positive_class) == (
            *(rule.text, "these"),
            "class 1",
        )
        called = own.probabilities[:, 1] >= thresholds
        for figure, label in (("sensitivity", 1), ("specificity", 0)):
            rounds = [
                recall_score(own.labels[rows], called[rows], pos_label=label)
                for rows in (own.rounds == 1, own.rounds == 2)
            ]
            assert getattr(point, figure) == pytest.approx(np.mean(rounds))
            low, high = getattr(point, f"{figure}_interval")
            assert low <= getattr(point, figure) <= high
    assert [point.threshold for point in points] == [0.5, 0.2, 0.7]
    assert points[1].sensitivity > points[0].sensitivity > points[2].sensitivity
    assert operating_points(own, None, "") == ()


def fitted(labels: np.ndarray) -> Trained:
    chosen = small_fits.recipe({"epochs": 2, "frozen_base": False})
    return train_by_fit(
        small_fits.network(),
        chosen,
        chosen.train,
        dataset(labels, small_fits.PATIENTS),
        small_fits.PIXELS,
        small_fits.SPLIT,
        Watch(),
    )


@pytest.fixture(scope="module")
def honest() -> Trained:
    return fitted(small_fits.LABELS)


def test_labels_of_the_test_part_change_neither_temperature_nor_thresholds(
    honest: Trained,
) -> None:
    flipped = small_fits.LABELS.copy()
    flipped[small_fits.SPLIT.test] = 1 - flipped[small_fits.SPLIT.test]
    touched = fitted(flipped)
    assert honest.temperature == touched.temperature
    assert [point.threshold for point in honest.operating_points] == [
        point.threshold for point in touched.operating_points
    ]
    for left, right in zip(
        honest.network.get_weights(), touched.network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(left, right)
    # The labels do reach the figures, so the comparison above means something.
    assert honest.evaluation.auroc == pytest.approx(1 - touched.evaluation.auroc)
    # Labels of the validation part do reach the decision.
    chosen_on = small_fits.LABELS.copy()
    chosen_on[small_fits.SPLIT.validation[:5]] = 1 - chosen_on[small_fits.SPLIT.validation[:5]]
    assert fitted(chosen_on).temperature != honest.temperature


def test_points_of_one_test_part(honest: Trained) -> None:
    assert [point.rule for point in honest.operating_points] == [rule.text for rule in RULES]
    thresholds = (honest.predictions.thresholds, *honest.predictions.other_thresholds.T)
    for own, point in zip(thresholds, honest.operating_points, strict=True):
        assert set(own) == {point.threshold}
        assert "15 images of 3 validation patients" in point.fitted_on
        assert point.sensitivity_interval is None  # two test patients


def test_each_magnification_is_judged_by_itself_beside_colour() -> None:
    rows = predictions(FOLDS, "folds")
    numbers = np.array([int(str(name)[:3]) for name in rows.images])
    at = np.where(numbers % 4 < 2, "40X", "100X")
    rows = replace(rows, magnifications=at.astype(object))
    card = card_evaluation(rows, "Folds.")
    assert [each.name for each in card.by_magnification] == ["40X", "100X"]
    for each in card.by_magnification:
        assert (each.patients, each.images) == (15, 60)
        here = at == each.name
        rounds, labels = rows.rounds[here], rows.labels[here]
        for values, expected in (
            (rows.probabilities, each.auroc),
            (rows.colour_probabilities, each.colour_auroc),
        ):
            assert values is not None
            scores = values[here, 1]
            aurocs = [
                roc_auc_score(labels[rounds == number], scores[rounds == number])
                for number in (1, 2)
            ]
            assert expected == pytest.approx(np.mean(aurocs))
    alone = replace(rows, magnifications=np.full(len(at), "40X", dtype=object))
    assert card_evaluation(alone, "Folds.").by_magnification == ()


def test_a_magnification_of_one_class_has_no_figures() -> None:
    rows = predictions(FOLDS, "folds")
    at = np.where(rows.labels == 0, "400X", "40X").astype(object)
    at[0] = "40X"
    withheld, judged = sorted(
        card_evaluation(replace(rows, magnifications=at), "Folds.").by_magnification,
        key=lambda each: each.auroc is not None,
    )
    assert (withheld.auroc, withheld.colour_auroc, withheld.balanced_accuracy) == (None,) * 3
    assert withheld.withheld
    assert judged.auroc is not None
