"""Every figure of the shipped cards, worked out again from what their packages hold.

What cannot be, because it is of other images, of changed ones, or of logits that no package keeps:

- `temperature` and the thresholds of the operating points: chosen on logits at one temperature for
  all held-out images; the table has probabilities at the temperatures of each fold or patient.
- `stain_shift` and `robustness` but for its first entry: of images that were changed.
- `robustness` of breakhis-subtype, colour alone, unchanged: of probabilities before calibration.
- `tried`: of other ways to train.
- `scope`: of features and sharpness of the training images; `scope.json` keeps their summary only.
- `explanations`: of maps under random weights.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score, roc_auc_score

from core.evaluation.balance import sample
from core.evaluation.judge import Evaluation, evaluation_of, main_values
from core.evaluation.operating_point import RULES
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import read_predictions
from core.registry.card_results import ROBUSTNESS_IMAGES
from core.registry.package import PREDICTIONS_FILE, Package, load_package
from core.training.judging.results import card_evaluation, operating_points
from core.training.judging.trust import fit_sets

MODELS = Path(__file__).resolve().parents[2] / "models"
NAMES = ("idc", "breakhis-binary", "breakhis-subtype")
# At a temperature of 20 probabilities of eight classes lie so close together that some are equal in
# six decimals; what ranks them moves by so much. Nothing else may.
ROUNDED = {
    ("breakhis-subtype", "phyllodes tumour"): 2.5e-4,
    ("breakhis-subtype", "auroc"): 5e-5,
    ("breakhis-subtype", "colour"): 2e-5,
}
EXACT = 1e-6


def close(name: str, what: str) -> float:
    return ROUNDED.get((name, what), EXACT)


@pytest.fixture(scope="module", params=NAMES)
def package(request: pytest.FixtureRequest) -> Package:
    return load_package(MODELS / request.param)


@pytest.fixture(scope="module")
def predictions(package: Package) -> Predictions:
    return read_predictions(package.path / PREDICTIONS_FILE, package.card.classes)


@pytest.fixture(scope="module")
def evaluation(predictions: Predictions) -> Evaluation:
    return evaluation_of(predictions, predictions.colour())


def test_main_figures(package: Package, evaluation: Evaluation) -> None:
    card, name = package.card.evaluation, package.card.name
    assert (evaluation.patients, evaluation.images) == (card.patients, card.images)
    auroc, balanced = evaluation.figures["auroc"], evaluation.figures["balanced_accuracy"]
    assert auroc.value == pytest.approx(card.auroc, abs=close(name, "auroc"))
    assert auroc.interval == pytest.approx(card.auroc_interval, abs=close(name, "auroc"))
    assert balanced.value == pytest.approx(card.balanced_accuracy, abs=EXACT)
    assert balanced.interval == pytest.approx(card.balanced_accuracy_interval, abs=EXACT)
    beside = evaluation.colour
    assert beside.auroc.second == pytest.approx(card.colour_auroc, abs=close(name, "colour"))
    assert beside.auroc.interval == pytest.approx(
        card.difference_interval, abs=close(name, "colour")
    )
    assert beside.balanced_accuracy.second == pytest.approx(
        card.colour_balanced_accuracy, abs=EXACT
    )
    assert beside.auroc.higher == card.beats_colour
    assert card.auroc_is.endswith(
        "within patients" if evaluation.estimand == "patients" else "within folds"
    )


def test_figures_of_patients_and_classes(package: Package, predictions: Predictions) -> None:
    card, name = package.card.evaluation, package.card.name
    again = card_evaluation(predictions, "Again.")
    rows = {row.patient: row for row in again.by_patient}
    assert len(rows) == len(card.by_patient) == (5 if name == "idc" else 0)
    for row in card.by_patient:
        assert rows[row.patient].model_dump() == pytest.approx(row.model_dump(), abs=EXACT)
    assert [each.name for each in again.by_class] == [each.name for each in card.by_class]
    assert len(card.by_class) == (8 if name == "breakhis-subtype" else 0)
    for mine, own in zip(again.by_class, card.by_class, strict=True):
        tolerance = close(name, own.name)
        assert (mine.patients, mine.images) == (own.patients, own.images)
        assert mine.auroc == pytest.approx(own.auroc, abs=tolerance)
        assert mine.auroc_interval == pytest.approx(own.auroc_interval, abs=tolerance)
        assert mine.sensitivity == pytest.approx(own.sensitivity, abs=EXACT)
        assert mine.colour_auroc == pytest.approx(own.colour_auroc, abs=2e-4)


def test_figures_at_the_operating_points(package: Package, predictions: Predictions) -> None:
    card = package.card
    thresholds = [point.threshold for point in card.operating_points] or None
    again = operating_points(predictions, thresholds, "the same")
    assert len(again) == len(card.operating_points) == (len(RULES) if predictions.binary else 0)
    for mine, own in zip(again, card.operating_points, strict=True):
        assert mine.rule == own.rule
        for figure in ("sensitivity", "specificity"):
            assert getattr(mine, figure) == pytest.approx(getattr(own, figure), abs=EXACT)
            interval = f"{figure}_interval"
            assert getattr(mine, interval) == pytest.approx(getattr(own, interval), abs=EXACT)


def test_prediction_sets(package: Package, predictions: Predictions) -> None:
    p, own = predictions, package.card.conformal
    again = fit_sets(p.probabilities, p.labels, p.patients, p.classes, p.image_count, "left-out")
    assert again.cut_offs == pytest.approx(own.cut_offs, abs=EXACT)
    assert again.fitted_on == own.fitted_on
    for mine, theirs in zip(again.by_class, own.by_class, strict=True):
        assert (mine.name, mine.patients, mine.images) == (
            *(theirs.name, theirs.patients),
            theirs.images,
        )
        # A probability of six decimals may fall on the other side of a cut-off of six decimals.
        assert mine.coverage == pytest.approx(theirs.coverage, abs=EXACT)
        assert mine.single == pytest.approx(theirs.single, abs=EXACT)
        if theirs.interval is None:
            assert mine.interval is None
        else:
            assert mine.interval == pytest.approx(theirs.interval, abs=EXACT)


def test_curves_of_robustness_begin_where_they_should(
    package: Package, predictions: Predictions
) -> None:
    first, name = package.card.evaluation.robustness[0], package.card.name
    # The images are drawn in the order of the dataset, which is that of their paths.
    images, rows = np.unique(predictions.images.astype(str), return_index=True)
    chosen = sample(predictions.labels[rows], predictions.patients[rows], ROBUSTNESS_IMAGES)
    values = main_values(predictions.of(np.isin(predictions.images.astype(str), images[chosen])))
    assert values["auroc"] == pytest.approx(first.auroc, abs=close(name, "auroc"))
    assert values["balanced_accuracy"] == pytest.approx(first.balanced_accuracy, abs=EXACT)
    if name != "breakhis-subtype":
        assert values["colour_auroc"] == pytest.approx(first.colour_auroc, abs=EXACT)


def groups(table: list[dict[str, str]], *keys: str) -> Iterator[list[dict[str, str]]]:
    names = {tuple(row[key] for key in keys) for row in table}
    for name in sorted(names):
        yield [row for row in table if tuple(row[key] for key in keys) == name]


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


@pytest.mark.parametrize(
    ("name", "positive", "keys", "of_calls"),
    [
        ("idc", "IDC", ("patient",), ("patient",)),
        ("breakhis-binary", "malignant", ("round", "fold"), ("round",)),
    ],
)
def test_by_scikit_learn_alone(
    name: str, positive: str, keys: tuple[str, ...], of_calls: tuple[str, ...]
) -> None:
    """Nothing of Lobule but the file and the card."""
    card = load_package(MODELS / name).card
    with (MODELS / name / PREDICTIONS_FILE).open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    for prefix, auroc, balanced in (
        ("", card.evaluation.auroc, card.evaluation.balanced_accuracy),
        ("colour ", card.evaluation.colour_auroc, card.evaluation.colour_balanced_accuracy),
    ):
        chances, threshold = f"{prefix}probability {positive}", f"{prefix}threshold"
        aurocs = [
            roc_auc_score([row["label"] == positive for row in rows], column(rows, chances))
            for rows in groups(table, *keys)
        ]
        assert np.mean(aurocs) == pytest.approx(auroc, abs=EXACT)
        accuracies = [
            balanced_accuracy_score(
                [row["label"] == positive for row in rows],
                column(rows, chances) >= column(rows, threshold),
            )
            for rows in groups(table, *of_calls)
        ]
        assert np.mean(accuracies) == pytest.approx(balanced, abs=EXACT)
    for rule, point in zip(RULES, card.operating_points, strict=True):
        for figure, label in (("sensitivity", True), ("specificity", False)):
            shares = [
                recall_score(
                    [row["label"] == positive for row in rows],
                    column(rows, f"probability {positive}") >= column(rows, rule.column),
                    pos_label=label,
                )
                for rows in groups(table, *of_calls)
            ]
            assert np.mean(shares) == pytest.approx(getattr(point, figure), abs=EXACT)


def test_pooled_and_within_patients_are_two_figures_of_one_table() -> None:
    with (MODELS / "idc" / PREDICTIONS_FILE).open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    evaluation = evaluation_of(read_predictions(MODELS / "idc" / PREDICTIONS_FILE), draws=0)
    truth = [row["label"] == "IDC" for row in table]
    pooled = evaluation.others["pooled"]["auroc"]
    assert pooled.value == pytest.approx(roc_auc_score(truth, column(table, "probability IDC")))
    assert evaluation.figures["auroc"].value > pooled.value + 0.01
