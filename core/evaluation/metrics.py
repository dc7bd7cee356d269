"""Every figure of held-out predictions, for many weightings of the images at once.

Checked against scikit-learn; what is of its own here is that one call serves a whole bootstrap. How
images weigh, and which are ranked together, is the estimand's part (`core.evaluation.estimand`).
"""

import numpy as np
from numpy.typing import NDArray

from core.evaluation.confusion import accuracy, class_figures, confusion_matrices
from core.evaluation.estimand import TITLES
from core.evaluation.predictions import Predictions
from core.evaluation.ranking import PatientPairs, weighted_auroc, weighted_average_precision
from core.evaluation.reliability import brier_scores, calibration_errors, said_and_true

HEADLINE = tuple(TITLES)
"""Names of the figures of all classes together."""
TO_COMPARE = ("auroc", "balanced_accuracy", "sensitivity", "specificity")
"""Those of them that are given by every estimand."""
OF_A_CLASS = ("auroc", "auprc", "sensitivity", "specificity", "precision", "f1")
"""Names of the figures of one class against the others."""
Figures = dict[str, NDArray[np.float64]]
_RANKINGS = {"auroc": weighted_auroc, "auprc": weighted_average_precision}


def rank_figures(
    predictions: Predictions,
    weights: NDArray[np.floating],
    names: tuple[str, ...] = ("auroc", "auprc"),
) -> Figures:
    """AUROC and AUPRC of each class against the others, (D, K); NaN where a class is missing.

    Parameters
    ----------
    predictions : Predictions
        N rows.
    weights : float array, shape (D, N)
    names : tuple of str
        Which of them.
    """
    kinds = {name: _RANKINGS[name] for name in names}
    weighed = predictions.weighed(weights)
    pools = predictions.pools()
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in kinds}
    for rows in pools:
        labels, chances = predictions.labels[rows], predictions.probabilities[rows]
        for name, kind in kinds.items():
            every = np.full((len(weights), len(predictions.classes)), np.nan)
            for label in np.unique(labels) if len(np.unique(labels)) > 1 else ():
                every[:, label] = kind(labels == label, chances[:, label], weighed[:, rows])
            values[name].append(every)
    counts = _counts(predictions, pools, weights)
    return {name: _mean_of(np.stack(of_pools), counts) for name, of_pools in values.items()}


def call_figures(
    predictions: Predictions, weights: NDArray[np.floating], threshold: float | None = None
) -> Figures:
    """Figures of the calls: of each class (D, K), accuracy and balanced accuracy (D,).

    Parameters
    ----------
    predictions : Predictions
        N rows.
    weights : float array, shape (D, N)
    threshold : float, optional
        See `Predictions.calls`.
    """
    calls = predictions.calls(threshold)
    weighed = predictions.weighed(weights)
    present = np.unique(predictions.labels)
    singly = predictions.protocol == "patients"
    pools = predictions.pools() if singly else round_rows(predictions)
    parts: list[Figures] = []
    for rows in pools:
        matrices = confusion_matrices(
            predictions.labels[rows], calls[rows], weighed[:, rows], len(predictions.classes)
        )
        of_classes = class_figures(matrices)
        sensitivities = of_classes["sensitivity"][:, present]
        # Half of a balanced accuracy is none: of two classes, and of one patient, all must be.
        balanced = (
            sensitivities.mean(axis=1) if singly or predictions.binary else _nan_mean(sensitivities)
        )
        if len(present) == 1:
            balanced = np.full(len(weights), np.nan)
        parts.append(of_classes | {"accuracy": accuracy(matrices), "balanced_accuracy": balanced})
    counts = _counts(predictions, pools, weights)
    return {name: _mean_of(np.stack([part[name] for part in parts]), counts) for name in parts[0]}


def probability_figures(predictions: Predictions, weights: NDArray[np.floating]) -> Figures:
    """Brier score and ECE, of all images of a round, then the mean over rounds, (D,)."""
    said, true = said_and_true(predictions.labels, predictions.probabilities, predictions.positive)
    rounds, weighed = round_rows(predictions), predictions.weighed(weights)
    brier = [
        brier_scores(predictions.labels[rows], predictions.probabilities[rows], weighed[:, rows])
        for rows in rounds
    ]
    ece = [calibration_errors(said[rows], true[rows], weighed[:, rows]) for rows in rounds]
    return {"brier": np.mean(brier, axis=0), "ece": np.mean(ece, axis=0)}


def main_figures(predictions: Predictions, weights: NDArray[np.floating]) -> Figures:
    """AUROC and balanced accuracy, (D,), at the thresholds that the predictions came with."""
    auroc = _of_all(predictions, rank_figures(predictions, weights, ("auroc",)))["auroc"]
    return {
        "auroc": auroc,
        "balanced_accuracy": call_figures(predictions, weights)["balanced_accuracy"],
    }


def auroc_of_draws(
    predictions: Predictions, people: NDArray[np.str_], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """AUROC with each patient taken so many times, (D, P) to (D,).

    As `main_figures` has it for images weighted so, without ranking the images in each draw.

    Parameters
    ----------
    predictions : Predictions
    people : str array, shape (P,)
        The patients, sorted.
    counts : float64 array, shape (D, P)
    """
    codes = np.searchsorted(people, predictions.patients.astype(str))
    pools = predictions.pools()
    # Rows of a patient and round weigh the same.
    row_weights = predictions.weighed(np.ones((1, len(codes))))[0]
    values, weights = [], []
    for rows in pools:
        people_of_pool, first, local = np.unique(
            codes[rows], return_index=True, return_inverse=True
        )
        weighed = counts[:, people_of_pool] * row_weights[rows][first]
        labels, chances = predictions.labels[rows], predictions.probabilities[rows]
        every = np.full((len(counts), len(predictions.classes)), np.nan)
        for label in np.unique(labels) if len(np.unique(labels)) > 1 else ():
            pairs = PatientPairs(labels == label, chances[:, label], local)
            every[:, label] = pairs.auroc(weighed)
        values.append(every)
        singly = predictions.protocol == "patients"
        weights.append(counts[:, people_of_pool[0]] if singly else np.ones(len(counts)))
    return _of_all(predictions, {"auroc": _mean_of(np.stack(values), np.stack(weights))})["auroc"]


def figures_to_compare(
    predictions: Predictions, weights: NDArray[np.floating], threshold: float | None = None
) -> Figures:
    """The figures `TO_COMPARE`, (D,)."""
    calls = call_figures(predictions, weights, threshold)
    ranked = rank_figures(predictions, weights, ("auroc",))
    compared = _of_all(predictions, ranked | {name: calls[name] for name in TO_COMPARE[2:]})
    return compared | {"balanced_accuracy": calls["balanced_accuracy"]}


def figures(
    predictions: Predictions, weights: NDArray[np.floating], threshold: float | None = None
) -> Figures:
    """All `HEADLINE` figures, (D,), and those `OF_A_CLASS` as "<figure> of class", (D, K)."""
    by_class = rank_figures(predictions, weights)
    calls = call_figures(predictions, weights, threshold)
    by_class |= {name: calls[name] for name in OF_A_CLASS if name in calls}
    present = np.unique(predictions.labels)
    return {
        **_of_all(predictions, by_class),
        "macro_precision": _macro_precision(predictions, by_class["precision"][:, present]),
        "macro_f1": _nan_mean(by_class["f1"][:, present]),
        "accuracy": calls["accuracy"],
        "balanced_accuracy": calls["balanced_accuracy"],
        **probability_figures(predictions, weights),
        **{f"{name} of class": values for name, values in by_class.items()},
    }


def confusion(predictions: Predictions, threshold: float | None = None) -> NDArray[np.float64]:
    """Images of each class (rows) called each class (columns), the mean over rounds, (K, K)."""
    calls = predictions.calls(threshold)
    every = np.ones((1, len(calls)))
    matrices = confusion_matrices(predictions.labels, calls, every, len(predictions.classes))
    return matrices[0] / len(round_rows(predictions))


def round_rows(predictions: Predictions) -> list[NDArray[np.int64]]:
    """Rows of each round."""
    return [
        np.flatnonzero(predictions.rounds == number) for number in np.unique(predictions.rounds)
    ]


def _macro_precision(
    predictions: Predictions, precisions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over the classes, (D, K) to (D,); of two classes both must have been called."""
    # The precision of the only class that was called would pass for that of both.
    return precisions.mean(axis=1) if predictions.binary else _nan_mean(precisions)


def _of_all(predictions: Predictions, by_class: Figures) -> Figures:
    """The positive class's figures; of more than two classes the mean over those present."""
    if predictions.binary:
        return {name: values[:, predictions.positive] for name, values in by_class.items()}
    present = np.unique(predictions.labels)
    return {name: _nan_mean(values[:, present]) for name, values in by_class.items()}


def _counts(
    predictions: Predictions, pools: list[NDArray[np.int64]], weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """How often each pool counts, (pools, D): a patient as often as drawn, a fold once."""
    if predictions.protocol != "patients":
        return np.ones((len(pools), len(weights)))
    return np.stack([weights[:, rows].mean(axis=1) for rows in pools])


def _mean_of(values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over pools, those without the figure left out; (pools, D, …) to (D, …)."""
    counts = counts.reshape(*counts.shape, *([1] * (values.ndim - 2))) * ~np.isnan(values)
    total = counts.sum(axis=0)
    out = np.full(total.shape, np.nan)
    return np.divide((counts * np.nan_to_num(values)).sum(axis=0), total, where=total > 0, out=out)


def _nan_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the classes that have the figure, (D, K) to (D,)."""
    return _mean_of(np.moveaxis(values, 1, 0), np.ones((values.shape[1], len(values))))
