"""Held-out images changed on purpose: which, how, and what is then measured of them."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.evaluation.balance import sample
from core.evaluation.cross_validate import Changed
from core.imaging.changes import Change, robustness_changes
from core.registry.card_results import ROBUSTNESS_IMAGES, UNCHANGED

CHANGES = (
    Change(UNCHANGED, 0.0, "", lambda pixels, _number, _grain: pixels),
    *robustness_changes(),
)
"""The first leaves images as they are, so that the curves have a beginning."""
_AT_ONCE = 32
"""Images; after so many it is told how far it is, and may be stopped."""
Measure = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""Squares (n, h, w, 3) to features or logits (n, F)."""


def rows_to_change(folds: NDArray[np.int64], dataset: Dataset) -> NDArray[np.int64]:
    """Held-out images that the changes are tried on, from every patient and class.

    `folds` are those of each round, (S, N), -1 for images that are not held out.
    """
    rows = np.flatnonzero((folds >= 0).any(axis=0))
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


def measure_changed(
    measures: Sequence[Measure],
    pixels: NDArray[np.uint8],
    crops: int,
    rows: NDArray[np.int64],
    progress: Callable[[float], None],
) -> list[Changed]:
    """Measure some images under each of `CHANGES`; of each image the mean over its crops.

    Parameters
    ----------
    measures : sequence of callable
    pixels : uint8 array, shape (N × crops, h, w, 3)
    crops : int
    rows : int64 array, shape (n,)
        Ascending.
    progress : callable
        Told the share done, in [0, 1].
    """
    measured: list[list[NDArray[np.floating]]] = [[] for _ in measures]
    starts = range(0, len(rows), _AT_ONCE)
    for number, change in enumerate(CHANGES):
        parts: list[list[NDArray[np.floating]]] = [[] for _ in measures]
        for done, start in enumerate(starts, start=1):
            chosen = rows[start : start + _AT_ONCE]
            squares = changed_squares(pixels, crops, chosen, change)
            for measure, part in zip(measures, parts, strict=True):
                part.append(measure(squares).reshape(len(chosen), crops, -1).mean(axis=1))
            progress((number + done / len(starts)) / len(CHANGES))
        for values, part in zip(measured, parts, strict=True):
            values.append(np.concatenate(part))
    return [Changed(rows, np.stack(values).astype(np.float64)) for values in measured]
