"""Every figure of the shipped cards, worked out again from what their packages hold.

What cannot be, because it is of other images, of changed ones, or of logits that no package keeps:

- `temperature` and the thresholds of the operating points: chosen on logits at one temperature for
  all held-out images; the table has probabilities at the temperatures of each fold.
- `stain_shift` and `robustness` but for its first entry: of images that were changed.
- `tried`: of other ways to train.
- `scope`: of features and sharpness of the training images; `scope.json` keeps their summary only.
- `explanations` and `located`: of maps.
"""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score, roc_auc_score

from core.evaluation.balance import sample
from core.evaluation.conformal import decided
from core.evaluation.judge import Evaluation, evaluation_of, main_values
from core.evaluation.operating_point import RULES
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import read_predictions
from core.registry.card_results import ROBUSTNESS_IMAGES
from core.registry.card_words import reservations
from core.registry.package import PREDICTIONS_FILE, Package, load_package
from core.training.judging.results import card_evaluation

MODELS = Path(__file__).resolve().parents[2] / "models"
NAMES = ("idc", "breakhis-binary")
EXACT = 1e-6
WITHIN = "_within_patients"


@pytest.fixture(scope="module", params=NAMES)
def package(request: pytest.FixtureRequest) -> Package:
    return load_package(MODELS / request.param)


@pytest.fixture(scope="module")
def predictions(package: Package) -> Predictions:
    return read_predictions(package.path / PREDICTIONS_FILE, package.card.classes)


@pytest.fixture(scope="module")
def evaluation(predictions: Predictions) -> Evaluation:
    return evaluation_of(predictions, predictions.colour())


def test_main_figures(package: Package, predictions: Predictions, evaluation: Evaluation) -> None:
    card = package.card.evaluation
    assert (evaluation.patients, evaluation.images) == (card.patients, card.images)
    within = evaluation.others["patients"]
    for figure in ("auroc", "balanced_accuracy"):
        for again, suffix in ((evaluation.figures[figure], ""), (within[figure], WITHIN)):
            assert again.value == pytest.approx(getattr(card, f"{figure}{suffix}"), abs=EXACT)
            interval = getattr(card, f"{figure}{suffix}_interval")
            assert again.interval == pytest.approx(interval, abs=EXACT)
    beside = evaluation.colour
    assert beside.auroc.second == pytest.approx(card.colour_auroc, abs=EXACT)
    assert beside.auroc.interval == pytest.approx(card.difference_interval, abs=EXACT)
    assert beside.balanced_accuracy.second == pytest.approx(
        card.colour_balanced_accuracy, abs=EXACT
    )
    assert beside.auroc.higher == card.beats_colour
    decides = decided(predictions.probabilities, predictions.labels, predictions.patients)
    assert (card.decided, card.decided_rightly) == pytest.approx((decides.share, decides.right))
    assert card.auroc_is == "pooled, every patient alike"


def test_figures_of_the_next_patient_and_of_each_magnification(
    package: Package, predictions: Predictions
) -> None:
    card = package.card.evaluation
    again = card_evaluation(predictions, "Again.")
    for name in ("next_patient", "by_magnification"):
        assert len(getattr(again, name)) == len(getattr(card, name))
        for mine, own in zip(getattr(again, name), getattr(card, name), strict=True):
            for field, value in own:
                expected = value if isinstance(value, str) else pytest.approx(value, abs=EXACT)
                assert getattr(mine, field) == expected, field
    assert len(card.next_patient) == 2
    assert len(card.by_magnification) == (4 if package.card.name == "breakhis-binary" else 0)


def test_figures_at_the_operating_points(package: Package, predictions: Predictions) -> None:
    points = package.card.operating_points
    assert len(points) == (len(RULES) if predictions.binary else 0)
    chosen = (predictions.thresholds, *predictions.other_thresholds.T) if points else ()
    for rows, own in zip(chosen, points, strict=True):
        again = evaluation_of(replace(predictions, thresholds=rows)).figures
        for figure in ("sensitivity", "specificity"):
            assert again[figure].value == pytest.approx(getattr(own, figure), abs=EXACT)
            interval = getattr(own, f"{figure}_interval")
            assert again[figure].interval == pytest.approx(interval, abs=EXACT)


def test_prediction_sets_by_leaving_patients_out(
    package: Package, predictions: Predictions
) -> None:
    """A class's cut-off, patient by patient: the others' images that are surer than each."""
    card = package.card.conformal
    for label, cut_off in enumerate(card.cut_offs):
        rows = predictions.labels == label
        chances = predictions.probabilities[rows, label]
        people, codes = np.unique(predictions.patients[rows].astype(str), return_inverse=True)
        ascending = [np.sort(chances[codes == code]) for code in range(len(people))]
        surer = np.zeros(len(chances))
        for code, own in enumerate(ascending):
            share = 1 - np.searchsorted(own, chances, side="right") / len(own)
            surer += np.where(codes == code, 0, share) / (len(people) - 1)
        quantile = weighted_quantile(surer, codes, 0.9)
        expected = -weighted_quantile(-chances, codes, quantile, above=True)
        assert cut_off == pytest.approx(expected, abs=2e-4)
        (own,) = [each for each in card.by_class if each.name == predictions.classes[label]]
        assert own.coverage == pytest.approx(0.9, abs=0.03)
        assert (own.patients, own.images) == (
            len(people),
            len(np.unique(predictions.images[rows].astype(str))),
        )


def weighted_quantile(
    values: np.ndarray, codes: np.ndarray, share: float, *, above: bool = False
) -> float:
    """The value that this share of the images is not above, every patient counting the same."""
    weights = 1 / np.bincount(codes)[codes] / (codes.max() + 1)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    if above:
        place = np.searchsorted(reached, share + 1e-9, side="right")
    else:
        place = np.searchsorted(reached, share - 1e-9)
    return float(values[order][min(int(place), len(order) - 1)])


def test_curves_of_robustness_begin_where_they_should(
    package: Package, predictions: Predictions
) -> None:
    first = package.card.evaluation.robustness[0]
    # The images are drawn in the order of the dataset, which is that of their paths.
    images, rows = np.unique(predictions.images.astype(str), return_index=True)
    chosen = sample(predictions.labels[rows], predictions.patients[rows], ROBUSTNESS_IMAGES)
    sampled = predictions.of(np.isin(predictions.images.astype(str), images[chosen]))
    values = main_values(sampled)
    for name in ("auroc", "balanced_accuracy", "colour_auroc"):
        assert values[name] == pytest.approx(getattr(first, name), abs=EXACT)


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


@pytest.mark.parametrize(("name", "positive"), [("idc", "IDC"), ("breakhis-binary", "malignant")])
def test_by_scikit_learn_alone(name: str, positive: str) -> None:
    """Nothing of Lobule but the file and the card."""
    card = load_package(MODELS / name).card
    with (MODELS / name / PREDICTIONS_FILE).open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    rounds = []
    for number in sorted({row["round"] for row in table}):
        rows = [row for row in table if row["round"] == number]
        images = Counter(row["patient"] for row in rows)
        weights = [1 / images[row["patient"]] for row in rows]
        rounds.append((rows, [row["label"] == positive for row in rows], weights))
    for prefix, auroc, balanced in (
        ("", card.evaluation.auroc, card.evaluation.balanced_accuracy),
        ("colour ", card.evaluation.colour_auroc, card.evaluation.colour_balanced_accuracy),
    ):
        chances, threshold = f"{prefix}probability {positive}", f"{prefix}threshold"
        aurocs = [
            roc_auc_score(truth, column(rows, chances), sample_weight=weights)
            for rows, truth, weights in rounds
        ]
        assert np.mean(aurocs) == pytest.approx(auroc, abs=EXACT)
        accuracies = [
            balanced_accuracy_score(
                truth, column(rows, chances) >= column(rows, threshold), sample_weight=weights
            )
            for rows, truth, weights in rounds
        ]
        assert np.mean(accuracies) == pytest.approx(balanced, abs=EXACT)
    for rule, point in zip(RULES, card.operating_points, strict=True):
        for figure, label in (("sensitivity", True), ("specificity", False)):
            shares = [
                recall_score(
                    truth,
                    column(rows, f"probability {positive}") >= column(rows, rule.column),
                    pos_label=label,
                    sample_weight=weights,
                )
                for rows, truth, weights in rounds
            ]
            assert np.mean(shares) == pytest.approx(getattr(point, figure), abs=EXACT)


def test_a_patient_is_in_one_fold_of_a_round_and_judged_in_each(package: Package) -> None:
    with (package.path / PREDICTIONS_FILE).open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    folds = {(row["round"], row["patient"], row["fold"]) for row in table}
    people = {row["patient"] for row in table}
    assert (
        len(folds)
        == len({each[:2] for each in folds})
        == (1 if len(people) >= 100 else 3) * len(people)
    )
    assert len({(row["round"], row["image"]) for row in table}) == len(table)
    assert people == set(package.card.training.patients["train"])
    assert not any("FEW PATIENTS" in text for text in reservations(package.card))
