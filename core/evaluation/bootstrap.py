"""Bootstrap over patients: whoever comes next is a draw from the patients.

`core.evaluation.intervals` has what stands in for it where patients are few.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MINIMUM_PATIENTS = 5
DRAWS = 1000
Interval = tuple[float, float]
"""Low and high."""
# Weights of at most this many images and draws are worked on at a time (32 MB).
_CELLS = 4_000_000
_TWO = 2


@dataclass(frozen=True)
class Draws:
    """How often each patient was drawn.

    Attributes
    ----------
    people : str array, shape (P,)
        Sorted.
    counts : float64 array, shape (D, P)
    stratified : bool
        Whether patients were drawn within those who have images of the same classes, because a
        class would be missing from some draws otherwise.
    """

    people: NDArray[np.str_]
    counts: NDArray[np.float64]
    stratified: bool

    def weights(self, patients: NDArray[np.object_]) -> Iterator[NDArray[np.float64]]:
        """How often each image counts, (d, N), some draws at a time."""
        codes = np.searchsorted(self.people, patients.astype(str))
        step = max(1, _CELLS // max(1, len(codes)))
        for start in range(0, len(self.counts), step):
            yield self.counts[start : start + step][:, codes]


def draw_patients(
    patients: NDArray[np.object_],
    labels: NDArray[np.int64],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Draws:
    """Draw as many patients as there are, with replacement, `draws` times.

    Parameters
    ----------
    patients : object array, shape (N,)
    labels : int64 array, shape (N,)
    draws : int
    seed : int
        The same patients and seed give the same draws, so that two models can be compared.
    """
    people, codes = np.unique(patients.astype(str), return_inverse=True)
    has = np.zeros((len(people), int(labels.max(initial=0)) + 1), dtype=bool)
    has[codes, labels] = True
    random = np.random.default_rng(seed)
    counts = _drawn(random, len(people), draws)
    present = has[:, has.any(axis=0)].astype(np.float64)
    if (counts @ present > 0).all():
        return Draws(people, counts, stratified=False)
    _, strata = np.unique(has, axis=0, return_inverse=True)
    for stratum in range(strata.max() + 1):
        of_stratum = np.flatnonzero(strata == stratum)
        counts[:, of_stratum] = _drawn(random, len(of_stratum), draws)
    return Draws(people, counts, stratified=True)


def _drawn(random: np.random.Generator, number: int, draws: int) -> NDArray[np.float64]:
    return random.multinomial(number, np.full(number, 1 / number), size=draws).astype(np.float64)


def no_interval(
    patients: NDArray[np.object_],
    labels: NDArray[np.int64] | None = None,
    classes: tuple[str, ...] = (),
) -> str | None:
    """Why no interval can be given, in a sentence; None where one can.

    Parameters
    ----------
    patients : object array, shape (N,)
    labels : int64 array, shape (N,), optional
        Where the figure needs every class: then a class that one patient alone has is a reason.
    classes : tuple of str, optional
        Their names.
    """
    people = patients.astype(str)
    number = len(np.unique(people))
    if number < MINIMUM_PATIENTS:
        return (
            f"No interval: there {'is' if number == 1 else 'are'} {number} "
            f"patient{'' if number == 1 else 's'}, and resampling fewer than "
            f"{MINIMUM_PATIENTS} says nothing about the next one."
        )
    for label in np.unique(labels) if labels is not None else ():
        if len(np.unique(people[labels == label])) < _TWO:
            name = classes[label] if classes else f"class {label}"
            return (
                f"No interval: all images of {name} are of one patient, so how much other "
                "patients differ is unknown."
            )
    return None


def percentiles(values: NDArray[np.floating]) -> Interval | None:
    """95 % percentile interval of a figure's bootstrap values (Efron & Tibshirani 1993, ch. 13).

    Draws in which the figure does not exist (NaN) do not count; None if that leaves none.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def interval(values: NDArray[np.floating], patients: NDArray[np.object_]) -> Interval | None:
    """`percentiles` of a figure's bootstrap values; None where the patients are too few."""
    return percentiles(values) if no_interval(patients) is None else None


def resample(
    figures: Callable[[NDArray[np.float64]], dict[str, NDArray[np.float64]]],
    patients: NDArray[np.object_],
    draws: Draws,
) -> dict[str, NDArray[np.float64]]:
    """Figures in every draw: `figures` takes weights (d, N) and gives arrays whose first is d."""
    parts = [figures(weights) for weights in draws.weights(patients)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
