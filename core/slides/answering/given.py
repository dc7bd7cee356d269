"""What was answered of a slide's tiles, laid back where they were cut."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inference.tiled import TileMap
from core.slides.answering.folder import AnswerFolder
from core.slides.answering.plan import SlidePlan
from core.slides.answering.records import UNREADABLE, read_records, record_type


@dataclass(frozen=True)
class Given:
    """The tiles of a plan with what was answered of each so far."""

    tiles: TileMap
    """`used` are those that were answered."""
    distance: NDArray[np.float32]
    """(N,) from the training images over the largest in scope; NaN where unknown."""
    sharpness: NDArray[np.float32]
    """(N,) over the least in scope; NaN where unknown."""
    unreadable: NDArray[np.bool_]
    """(N,) tiles that could not be read."""
    members: NDArray[np.float32] | None
    """(M, N, K) probabilities of an ensemble's members; None of a single model."""

    @property
    def outside(self) -> NDArray[np.bool_]:
        """(N,) which answered tiles are out of scope: unlike the training images, or blurred."""
        return (self.distance > 1) | (self.sharpness < 1)


def kind_of(plan: SlidePlan) -> np.dtype[Any]:
    """The fields of the records of a plan's tiles."""
    return record_type(len(plan.card.classes), len(plan.card.members))


def read_given(folder: AnswerFolder, plan: SlidePlan) -> Given:
    """Return what was answered so far.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    records = read_records(folder.tiles, kind_of(plan))
    number, classes = len(plan.used), len(plan.card.classes)
    records = records[records["tile"] < number]
    failed = records["state"] == UNREADABLE
    unreadable = np.zeros(number, np.bool_)
    unreadable[records["tile"][failed]] = True
    records = records[~failed]
    at = records["tile"]
    probabilities = np.full((number, classes), np.nan, np.float32)
    probabilities[at] = records["probabilities"]
    used = np.zeros(number, np.bool_)
    used[at] = True
    distance, sharpness = (np.full(number, np.nan, np.float32) for _ in range(2))
    distance[at], sharpness[at] = records["distance"], records["sharpness"]
    members = None
    if plan.card.members:
        members = np.full((len(plan.card.members), number, classes), np.nan, np.float32)
        members[:, at] = records["members"].swapaxes(0, 1)
    shares = plan.shares.astype(np.float64)
    tiles = TileMap(plan.grid, plan.map_grid, probabilities, shares, used, None)
    return Given(tiles, distance, sharpness, unreadable, members)
