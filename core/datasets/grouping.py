"""Search for the grouping of patients that puts the wished share of every class into every part.

A patient must not be divided, so shares can only be approached. The objective is `deviation`. It
is searched on the table of patients × classes, whose size does not depend on the number of images:

1. Starts: scikit-learn's `StratifiedGroupKFold` where its folds can be dealt out as the shares ask
   for, which is why the result is never worse than that; and several greedy ones, where patients
   who together give every part what it needs (`core.datasets.cover`) are placed first and the
   others follow from the largest to the smallest, each to the part that gains most.
2. From every start, the best move of one patient, or else the best exchange of two, is made until
   none helps. What a part needs is never given away.
"""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.datasets.cover import Cover, required_cover, reserve
from core.datasets.swaps import GAIN, excess, improve

# On 143 random tables of up to 9 patients this many always reached the optimum, half of them not.
_GREEDY_STARTS = 24
_MOST_FOLDS = 20


def group_into_parts(
    counts: NDArray[np.int64], shares: NDArray[np.float64], seed: int
) -> NDArray[np.int64] | None:
    """Put every patient into one part, close to the wished shares, with every class in every part.

    Parameters
    ----------
    counts : int64 array (patients, classes)
        Images of each class that the patient has; every patient and every class has some.
    shares : float64 array (parts,)
        Wished share of every class in each part, adding up to 1. Where patients who have every
        class are fewer than parts, the first parts get one each.
    seed : int
        The same seed gives the same grouping.

    Returns
    -------
    int64 array (patients,) or None
        The part of each patient; None if no grouping puts every class into every part.
    """
    random = np.random.default_rng(seed)
    cover = required_cover(counts, len(shares))
    weights = counts / counts.sum(axis=0)
    best, lowest = None, np.inf
    for start in _starts(counts, weights, shares, cover, seed, random):
        parts = improve(start, weights, shares, cover, random)
        cost = deviation(counts, parts, shares)
        if cost < lowest:
            best, lowest = parts, cost
        if lowest < GAIN:
            break
    return best


def deviation(
    counts: NDArray[np.int64], parts: NDArray[np.int64], shares: NDArray[np.float64]
) -> float:
    """Sum of squares, over parts and classes, of (share of the class's images − wished share).

    Shares and not numbers of images, so that a scarce class counts as much as a frequent one.
    """
    return float((excess(counts / counts.sum(axis=0), parts, shares) ** 2).sum())


def _starts(
    counts: NDArray[np.int64],
    weights: NDArray[np.float64],
    shares: NDArray[np.float64],
    cover: Cover,
    seed: int,
    random: np.random.Generator,
) -> Iterator[NDArray[np.int64]]:
    yield from (
        start for start in scikit_learn_groupings(counts, shares, seed) if cover.holds(start)
    )
    for _ in range(_GREEDY_STARTS):
        reserved = reserve(cover, random)
        if reserved is None:
            return
        yield _greedy(reserved, weights, shares, random)


def scikit_learn_groupings(
    counts: NDArray[np.int64], shares: NDArray[np.float64], seed: int
) -> list[NDArray[np.int64]]:
    """`StratifiedGroupKFold`'s folds dealt to the parts; none where shares are no whole folds.

    They are dealt in their order, and again with those first that hold a patient of every class.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - takes seconds

    numbers = next(
        (n for n in range(2, _MOST_FOLDS + 1) if np.allclose(shares * n, np.rint(shares * n))), None
    )
    if numbers is None or numbers > len(counts) or numbers > counts.sum(axis=0).max():
        return []
    patient, label = np.indices(counts.shape).reshape(2, -1).repeat(counts.ravel(), axis=1)
    first = np.unique(patient, return_index=True)[1]
    fold = np.empty(len(patient), dtype=np.int64)
    folds = StratifiedGroupKFold(numbers, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # It warns of classes with fewer images than folds; our parts may span several folds.
        warnings.filterwarnings("ignore", message="The least populated class")
        for number, (_, test) in enumerate(folds.split(patient, label, patient)):
            fold[test] = number
    part_of = np.repeat(np.arange(len(shares)), np.rint(shares * numbers).astype(np.int64))
    complete = np.zeros(numbers, dtype=bool)
    complete[fold[first][(counts > 0).all(axis=1)]] = True
    rank = np.argsort(np.argsort(~complete, kind="stable"))
    return [part_of[fold[first]], part_of[rank[fold[first]]]]


def _greedy(
    reserved: NDArray[np.int64],
    weights: NDArray[np.float64],
    shares: NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Place the patients who are not reserved, roughly from the largest to the smallest."""
    parts = reserved.copy()
    placed = parts >= 0
    above = excess(weights[placed], parts[placed], shares)
    size = np.linalg.norm(weights, axis=1) * random.lognormal(0, 0.3, len(weights))
    for patient in sorted(np.flatnonzero(~placed), key=lambda patient: -size[patient]):
        part = int(np.argmin(above @ weights[patient]))
        parts[patient] = part
        above[part] += weights[patient]
    return parts
