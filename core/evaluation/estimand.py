"""What a figure is a figure of: each name stands for one way to work it out, wherever it is shown.

"Pooled" ranks images of all patients against each other, so that it falls where a model is surer of
one patient than of another; the mean within patients does not see that. Their difference shows how
far patients shift.
"""

from typing import Literal

Protocol = Literal["one model", "folds", "patients"]
"""Who predicted what: one model everything; a model each fold; a model each patient."""
Estimand = Literal["pooled", "folds", "patients"]

ESTIMANDS: dict[Estimand, str] = {
    "pooled": "pooled over images",
    "folds": "mean within folds",
    "patients": "mean within patients",
}
"""The names that figures are shown under."""
FIRST: dict[Protocol, Estimand] = {"one model": "pooled", "folds": "folds", "patients": "patients"}
"""Which of them stands first, by who predicted what."""
PROTOCOLS: dict[Protocol, str] = {
    "one model": "One model predicted every image.",
    "folds": "Each fold was predicted by a model that had not seen its patients.",
    "patients": "Each patient was predicted by a model of their own, that had not seen them.",
}
"""Who predicted what, in words."""
MEANINGS: dict[Estimand, str] = {
    "pooled": (
        "All images together, so that images of different patients are ranked against each other; "
        "of several rounds, the mean."
    ),
    "folds": (
        "AUROC and AUPRC of the images of one fold, which one model predicted, then the mean over "
        "folds and rounds, because predictions of different models are not ranked against each "
        "other; other figures are pooled."
    ),
    "patients": (
        "Of each patient's own images, then the mean over the patients; Brier score, ECE and the "
        "confusion matrix are pooled."
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
    estimand : "pooled", "folds" or "patients"
    """
    if figure in {"brier", "ece"} or (estimand == "folds" and figure not in _RANKINGS):
        return "pooled"
    return estimand
