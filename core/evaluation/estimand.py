"""What a figure is a figure of: each name stands for one way to work it out, wherever it is shown.

The one that stands first is *pooled, every patient alike*: of a patient drawn at random, then one
of their images at random. All images are ranked together, so that it falls where a model is surer
of one patient than of another, as it is used: with one threshold for whoever comes. And no patient
has more say for having more images, for the next patient is a draw from the patients. Each image
weighs 1 over the number of its patient's images, in every figure alike, so that any of them is
scikit-learn's with that `sample_weight`. Predictions of several models, of folds for instance, are
pooled as well: each is calibrated on patients of other folds, and a threshold must hold for all.

The *mean within patients* stands beside it. It does not see whether patients shift against each
other, so the difference of the two shows how far they do.
"""

from typing import Literal

Protocol = Literal["one model", "folds", "patients"]
"""Who predicted what: one model everything; a model each fold; a model each patient."""
Estimand = Literal["alike", "patients", "pooled", "folds"]

ESTIMANDS: dict[Estimand, str] = {
    "alike": "pooled, every patient alike",
    "patients": "mean within patients",
    "pooled": "pooled over images",
    "folds": "mean within folds",
}
"""The names that figures are shown under. The last two are of cards written before there was the
first, and of nothing else: a card keeps the name that its figures were worked out by."""
FIRST: Estimand = "alike"
BESIDE: tuple[Estimand, ...] = ("patients",)
"""Which of them stands first, and which beside it."""
PROTOCOLS: dict[Protocol, str] = {
    "one model": "One model predicted every image.",
    "folds": "Each fold was predicted by a model that had not seen its patients.",
    "patients": "Each patient was predicted by a model of their own, that had not seen them.",
}
"""Who predicted what, in words."""
MEANINGS: dict[Estimand, str] = {
    "alike": (
        "All images of a round together, each weighing 1 over the number of its patient's images, "
        "then the mean over rounds; images of different patients are ranked against each other."
    ),
    "patients": (
        "Of each patient's own images, then the mean over the patients; Brier score, ECE and the "
        "confusion matrix are pooled."
    ),
    "pooled": (
        "All images together, so that images of different patients are ranked against each other; "
        "of several rounds, the mean."
    ),
    "folds": (
        "AUROC and AUPRC of the images of one fold, which one model predicted, then the mean over "
        "folds and rounds, because predictions of different models are not ranked against each "
        "other; other figures are pooled."
    ),
}
TITLES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "macro_precision": "Precision, mean of classes",
    "f1": "F1",
    "macro_f1": "F1, mean of classes",
    "brier": "Brier score",
    "ece": "ECE",
}
"""What each figure of all classes together is called. Of two classes auroc, auprc, sensitivity,
specificity, precision and f1 are the positive class's; of more the mean over the classes."""
_RANKINGS = ("auroc", "auprc")


def titled(figure: str, estimand: Estimand) -> str:
    """A figure's title with what it is a figure of: "AUROC, mean within patients".

    Parameters
    ----------
    figure : str
        A key of `TITLES`.
    estimand : "pooled", "folds" or "patients"
        What it goes by.
    """
    return f"{TITLES[figure]}, {ESTIMANDS[estimand]}"


def estimand_of(figure: str, estimand: Estimand) -> Estimand:
    """The estimand of one figure among others that go by the name `estimand`.

    Parameters
    ----------
    figure : str
        A key of `TITLES`.
    estimand : "alike", "patients", "pooled" or "folds"
    """
    if estimand == "patients" and figure in {"brier", "ece"}:
        return "pooled"
    if estimand == "folds" and figure not in _RANKINGS:
        return "pooled"
    return estimand
