"""Move and exchange patients between parts until no single step brings the shares any closer.

`weights` (patients, classes) is a patient's share of all images of each class; `shares` (parts,)
is the share of every class that each part should have.
"""

import numpy as np
from numpy.typing import NDArray

from core.datasets.cover import Cover

_STEPS = 2000
# Gains below this are not worth a step: they change a share by some hundredths of a per cent.
GAIN = 1e-7
# Exchanges are looked for among this many patients at a time: they are compared two by two.
_COMPARED = 400


def excess(
    weights: NDArray[np.float64], parts: NDArray[np.int64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far each part is above its wished share of each class, (parts, classes)."""
    held = np.repeat(-shares[:, None], weights.shape[1], axis=1)
    np.add.at(held, parts, weights)
    return held


def improve(
    start: NDArray[np.int64],
    weights: NDArray[np.float64],
    shares: NDArray[np.float64],
    cover: Cover,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Move or exchange patients while that lowers the deviation."""
    parts = start.copy()
    for _ in range(_STEPS):
        # pull[i, p]: how much patient i adds to what part p already has too much of.
        pull = weights @ excess(weights, parts, shares).T
        bound = cover.irreplaceable(parts)
        move = _best_move(parts, weights, pull, bound)
        if move:
            parts[move[0]] = move[1]
            continue
        exchange = _best_exchange(parts, weights, pull, bound, cover.offers, random)
        if not exchange:
            break
        parts[list(exchange)] = parts[list(exchange[::-1])]
    return parts


def _best_move(
    parts: NDArray[np.int64],
    weights: NDArray[np.float64],
    pull: NDArray[np.float64],
    bound: NDArray[np.bool_],
) -> tuple[int, int] | None:
    """The patient and the part that lower the deviation most: |a − w|² + |b + w|² − |a|² − |b|²."""
    own_pull = pull[np.arange(len(parts)), parts]
    change = 2 * (pull + ((weights**2).sum(axis=1) - own_pull)[:, None])
    change[np.arange(len(parts)), parts] = 0
    change[bound.any(axis=1)] = 0
    patient, part = np.unravel_index(np.argmin(change), change.shape)
    return (int(patient), int(part)) if change[patient, part] < -GAIN else None


def _best_exchange(
    parts: NDArray[np.int64],
    weights: NDArray[np.float64],
    pull: NDArray[np.float64],
    bound: NDArray[np.bool_],
    offers: NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[int, int] | None:
    """The two patients whose exchange lowers the deviation most, as for a move by v − w."""
    some = np.arange(len(parts))
    if len(parts) > _COMPARED:
        some = random.choice(len(parts), _COMPARED, replace=False)
    parts, weights, pull = parts[some], weights[some], pull[some]
    bound, offers = bound[some], offers[some]
    own_pull = pull[np.arange(len(parts)), parts]
    other = pull[:, parts]
    squared = (weights**2).sum(axis=1)
    gap = squared[:, None] + squared - 2 * weights @ weights.T
    change = 2 * (other + other.T - own_pull[:, None] - own_pull + gap)
    missed = bound.astype(np.float32) @ (~offers).T.astype(np.float32) > 0
    change[missed | missed.T | (parts[:, None] == parts)] = 0
    first, second = np.unravel_index(np.argmin(change), change.shape)
    return (int(some[first]), int(some[second])) if change[first, second] < -GAIN else None
