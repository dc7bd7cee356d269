"""What each part of a split must hold to be of use, and whether patients can be dealt that way.

Every part must hold every class. Beyond that, a model is judged on patients who have images of
every class (elsewhere it may merely recognise the patient), so each part should hold one of them;
where there are fewer of them than parts, the first parts go first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Bounds the work on hopeless instances, in steps and not in seconds, so that it stays repeatable.
_SOLVER = {"node_limit": 10_000, "mip_rel_gap": 0.5}


@dataclass(frozen=True)
class Cover:
    """Who offers what, and which part needs it.

    Attributes
    ----------
    offers : bool array (patients, classes + 1)
        Whether the patient has images of the class; in the last column, of every class.
    needs : bool array (parts, classes + 1)
        Whether the part must hold at least one patient who offers it.
    """

    offers: NDArray[np.bool_]
    needs: NDArray[np.bool_]

    def holds(self, parts: NDArray[np.int64]) -> bool:
        """Whether every need is met when patient i is in part `parts[i]`."""
        return bool((self._numbers(parts) >= self.needs).all())

    def irreplaceable(self, parts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """What nobody else in the patient's part offers though it is needed; shape of `offers`."""
        alone = self.needs & (self._numbers(parts) == 1)
        return self.offers & alone[parts]

    def _numbers(self, parts: NDArray[np.int64]) -> NDArray[np.int64]:
        numbers = np.zeros(self.needs.shape, dtype=np.int64)
        np.add.at(numbers, parts, self.offers)
        return numbers


def required_cover(counts: NDArray[np.int64], parts: int) -> Cover:
    """What `parts` parts need of patients with `counts` images of each class.

    A patient with every class can trade places with anybody without leaving a gap, so that the
    first parts can each have one whenever the classes alone can be dealt out.
    """
    has = counts > 0
    complete = has.all(axis=1)
    needs = np.ones((parts, counts.shape[1] + 1), dtype=bool)
    needs[:, -1] = np.arange(parts) < complete.sum()
    return Cover(np.column_stack([has, complete]), needs)


def reserve(cover: Cover, random: np.random.Generator) -> NDArray[np.int64] | None:
    """Choose patients who together meet every need; the others are left to be placed freely.

    Dealing out sets so that each part meets each class is a colouring problem without a shortcut
    once patients hold several of many classes, so an integer programme decides it: over kinds of
    patients (who offer the same) rather than patients, which makes it tiny. Random costs make
    different generators choose different patients.

    Returns
    -------
    int64 array (patients,) or None
        The part that the patient is reserved for, -1 for the others; None if the needs cannot be
        met by anybody's choice.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - takes a second

    kinds, kind_of, sizes = np.unique(cover.offers, axis=0, return_inverse=True, return_counts=True)
    parts = len(cover.needs)
    # Unknown: how many patients of each kind go to each part; index = kind * parts + part.
    solution = milp(
        random.uniform(1, 2, len(kinds) * parts),
        integrality=np.ones(len(kinds) * parts),
        bounds=Bounds(0, np.repeat(sizes, parts)),
        constraints=[
            LinearConstraint(np.kron(np.eye(len(kinds)), np.ones(parts)), ub=sizes),
            LinearConstraint(np.kron(kinds.T, np.eye(parts)), lb=cover.needs.T.ravel()),
        ],
        options=_SOLVER,
    )
    if solution.x is None:
        return None
    chosen = np.rint(solution.x).astype(np.int64).reshape(len(kinds), parts)
    reserved = np.full(len(cover.offers), -1)
    for kind, numbers in enumerate(chosen):
        members = random.permutation(np.flatnonzero(kind_of.ravel() == kind))
        reserved[members[: numbers.sum()]] = np.repeat(np.arange(parts), numbers)
    return reserved
