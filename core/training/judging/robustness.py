"""How the figures of a card fall as held-out images change: stain, focus, light, scale."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.balance import sample
from core.datasets.records import Dataset
from core.evaluation.metrics import main_figures
from core.evaluation.predictions import Predictions, Protocol
from core.imaging.changes import Change, robustness_changes
from core.inference.classifier import apply_temperature
from core.registry.card_results import ROBUSTNESS_IMAGES, UNCHANGED, Robustness
from core.training.judging.answered_by import AnsweredBy
from core.training.judging.fitter import Fitter, Predict

CHANGES = (
    Change(UNCHANGED, 0.0, "", lambda pixels, _number, _grain: pixels),
    *robustness_changes(),
)
"""The first leaves images as they are, so that the curves have a beginning."""
Measure = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""Squares (n, h, w, 3) to features or logits (n, F)."""


def chosen_rows(tested: Sequence[AnsweredBy], dataset: Dataset) -> NDArray[np.int64]:
    """Held-out images that the changes are tried on, from every patient and class."""
    rows = np.unique(np.concatenate([each.test for each in tested]))
    records = dataset.records.iloc[rows]
    patients = records["patient"].to_numpy(dtype=object)
    return rows[sample(records["label"].to_numpy(), patients, ROBUSTNESS_IMAGES)]


def changed_squares(
    pixels: NDArray[np.uint8], crops: int, rows: NDArray[np.int64], change: Change
) -> NDArray[np.uint8]:
    """The squares of some images, changed; those of one image alike, (n × crops, h, w, 3)."""
    squares = (
        change.apply(np.asarray(pixels[row * crops + crop]), int(row), 1.0)
        for row in rows
        for crop in range(crops)
    )
    return np.stack(list(squares))


def changed_values(
    measures: Sequence[Measure],
    pixels: NDArray[np.uint8],
    crops: int,
    rows: NDArray[np.int64],
    progress: Callable[[float], None],
) -> list[Predict]:
    """Measure some images under each of `CHANGES`.

    Parameters
    ----------
    measures : sequence of callable
    pixels : uint8 array, shape (N × crops, h, w, 3)
    crops : int
    rows : int64 array, shape (n,)
        Ascending.
    progress : callable
        Told the share done, in [0, 1].

    Returns
    -------
    list of callable
        For each measure, what gives its values (C, m, F) of m of these rows, the mean over crops.
    """
    found: list[list[NDArray[np.floating]]] = [[] for _ in measures]
    for number, change in enumerate(CHANGES, start=1):
        squares = changed_squares(pixels, crops, rows, change)
        for measure, values in zip(measures, found, strict=True):
            values.append(measure(squares).reshape(len(rows), crops, -1).mean(axis=1))
        progress(number / len(CHANGES))
    return [_among(rows, np.stack(values)) for values in found]


def _among(rows: NDArray[np.int64], changed: NDArray[np.floating]) -> Predict:
    """Find values (C, n, F) of rows by their numbers in the dataset."""
    return lambda asked: np.asarray(changed[:, np.searchsorted(rows, asked)], dtype=np.float64)


def robustness(
    tested: Sequence[AnsweredBy],
    model: Fitter,
    colour: Fitter,
    rows: NDArray[np.int64],
    dataset: Dataset,
    protocol: Protocol,
) -> tuple[Robustness, ...]:
    """Figures of some held-out images under each of `CHANGES`, beside colour alone.

    Parameters
    ----------
    tested : sequence of AnsweredBy
    model, colour : callable
        Fitted on the training rows of each, as they were when it was judged, they give the logits
        (C, n, K) of the changed images.
    rows : int64 array, shape (n,)
        From `chosen_rows`.
    dataset : Dataset
    protocol : "one model", "folds" or "patients"
        Who answered what.
    """
    parts, own, base = [], [], []
    for each in tested:
        test = each.test[np.isin(each.test, rows)]
        if len(test):
            parts.append(replace(each, test=test))
            logits = model(each.train)(test)
            own.append(np.stack([apply_temperature(view, each.temperature) for view in logits]))
            base.append(np.stack([apply_temperature(v, 1.0) for v in colour(each.train)(test)]))
    chances, alone = np.concatenate(own, axis=1), np.concatenate(base, axis=1)
    held_out = _held_out(parts, dataset, protocol)
    found = []
    for view, change in enumerate(CHANGES):
        auroc, balanced = _figures(replace(held_out, probabilities=chances[view]))
        colour_auroc, _ = _figures(replace(held_out, probabilities=alone[view]))
        if auroc is not None:
            found.append(
                Robustness(
                    change=change.name,
                    amount=change.amount,
                    unit=change.unit,
                    auroc=auroc,
                    balanced_accuracy=balanced,
                    colour_auroc=colour_auroc,
                )
            )
    return tuple(found)


def _held_out(parts: Sequence[AnsweredBy], dataset: Dataset, protocol: Protocol) -> Predictions:
    """The rows of the table of predictions, whose probabilities are still to come."""
    records = dataset.records.iloc[np.concatenate([each.test for each in parts])]
    sizes = [len(each.test) for each in parts]
    thresholds = [0.0 if each.threshold is None else each.threshold for each in parts]
    return Predictions(
        classes=dataset.classes,
        positive=1,
        protocol=protocol,
        images=records["path"].to_numpy(dtype=object),
        patients=records["patient"].to_numpy(dtype=object),
        magnifications=records["magnification"].to_numpy(dtype=object),
        subtypes=records["subtype"].to_numpy(dtype=object),
        labels=records["label"].to_numpy(),
        probabilities=np.zeros((len(records), len(dataset.classes))),
        rounds=np.repeat([each.round for each in parts], sizes),
        folds=np.repeat([each.fold for each in parts], sizes),
        thresholds=np.repeat(thresholds, sizes) if parts[0].threshold is not None else None,
    )


def _figures(held_out: Predictions) -> tuple[float | None, float | None]:
    """AUROC and balanced accuracy; None where there are not two classes."""
    found = main_figures(held_out, np.ones((1, len(held_out.labels))))
    auroc, balanced = (float(found[name][0]) for name in ("auroc", "balanced_accuracy"))
    return (
        None if np.isnan(auroc) else auroc,
        None if np.isnan(balanced) else balanced,
    )
