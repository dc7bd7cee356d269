"""What the figures are called, mean and are worked out of, in words."""

from typing import TYPE_CHECKING

from core.counts import counted
from core.evaluation.estimand import FIRST
from core.evaluation.few_patients import marked
from pages.figures.evaluated import EvaluatedModel

if TYPE_CHECKING:
    from core.evaluation.estimand import Estimand
    from core.evaluation.judge import Figure
    from core.evaluation.predictions import Predictions

HELP = (
    "AUROC: how often an image of the class ranks above another; 0.5 is guessing. AUPRC: "
    "mean precision over all recalls. Sensitivity: share of the class called so. "
    "Specificity: share of the others not called so. Precision: share of right calls. F1: "
    "harmonic mean of precision and sensitivity. Balanced accuracy: mean sensitivity. Brier "
    "score: mean squared error of the probability. ECE: mean gap between stated and observed "
    "probability. Brackets: 95 % interval over patients; ▲ from fewer than ten of them. "
    "Colour alone: the same task from colours only."
)
_WEIGHED = (
    "the rows of each round with sample_weight = 1 / the number of the patient's rows in it, then "
    "the mean"
)
_WITHIN: "dict[Estimand, str]" = {
    "alike": _WEIGHED,
    "patients": "the rows of each patient, then the mean over patients who have what it needs",
}


def words(figure: "Figure") -> str:
    """A figure with its interval; a dash where there is none."""
    if figure.value is None:
        return "–"
    low, high = figure.interval or (None, None)
    # An interval is not broken over two lines.
    between = f" [{low:.3f},\N{NO-BREAK SPACE}{high:.3f}]" if figure.interval else ""
    return marked(f"{figure.value:.3f}{between}", figure.patients)


def of_whom(predictions: "Predictions") -> str:
    """The class that figures are about, in words."""
    if predictions.binary:
        return predictions.classes[predictions.positive]
    return "Mean of the classes, each against the others"


def several_rounds(rounds: int) -> str:
    """How the curves of several rounds become one, in words; empty of a single round."""
    if rounds == 1:
        return ""
    return f"The mean of {rounds} curves, one a round, at each false-positive rate (Fawcett 2006). "


def ranking_rule(
    predictions: "Predictions",
    function: str,
    column: str | None = None,
    estimand: "Estimand" = FIRST,
) -> str:
    """How to work out a ranking figure or a curve."""
    column = column or predictions.classes[predictions.positive]
    within = _WITHIN[estimand]
    return (
        f"scikit-learn's {function} of label = {column} and the column “probability {column}”, on "
        f"{within}."
    )


def calling_rule(predictions: "Predictions", estimand: "Estimand" = FIRST) -> str:
    """How to get from the table to who was called what."""
    within = _WITHIN[estimand]
    if not predictions.binary:
        return f"the class with the highest probability is called; {within}."
    positive = predictions.classes[predictions.positive]
    return f"{positive} is called where “probability {positive}” is at least “threshold”; {within}."


def images_and_patients(model: EvaluatedModel) -> str:
    """On how many images of how many patients."""
    predictions = model.predictions
    return (
        f"{counted(predictions.image_count, 'image')} of "
        f"{counted(predictions.patient_count, 'patient')}"
    )


def of_each(rules: list[tuple[str, str]]) -> str:
    """What is so for each name; said once where it is the same for all."""
    names: dict[str, list[str]] = {}
    for name, rule in rules:
        names.setdefault(rule, []).append(name)
    if len(names) == 1:
        return rules[0][1]
    return " ".join(f"{', '.join(alike)}: {rule}" for rule, alike in names.items())
