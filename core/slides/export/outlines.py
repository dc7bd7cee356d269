"""Outlines of the regions of a map, along the edges of its pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]
"""(n, 2) x and y of each corner, the first one again at the end."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A connected region; lengths in pixels of the map."""

    exterior: Ring
    """Has a positive area by the shoelace formula."""
    holes: tuple[Ring, ...]
    """Have negative ones."""
    label: int
    """Of the region in `Outlines.labels`."""


@dataclass(frozen=True, slots=True)
class Outlines:
    """All regions of a mask."""

    regions: tuple[Outline, ...]
    labels: NDArray[np.int32]
    """(H, W) which region each pixel belongs to; 0 for none."""


def outlines_of(mask: NDArray[np.bool_]) -> Outlines:
    """Trace the regions of a mask; polygons are valid: no ring touches itself or another.

    Where pixels touch at a corner only, one more pixel joins them.

    Parameters
    ----------
    mask
        (H, W).
    """
    joined = _join_corners(mask)
    _, labels = cv2.connectedComponents(joined.astype(np.uint8), connectivity=4)
    exteriors: dict[int, Ring] = {}
    holes: dict[int, list[Ring]] = {}
    for ring, label in _rings(joined, labels):
        if _shoelace(ring) > 0:
            exteriors[label] = ring
        else:
            holes.setdefault(label, []).append(ring)
    regions = [
        Outline(ring, tuple(holes.get(label, ())), label)
        for label, ring in sorted(exteriors.items())
    ]
    return Outlines(tuple(regions), labels)


def _join_corners(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Set a pixel wherever two others touch at a corner only."""
    joined = mask.copy()
    while True:
        upper_left, upper_right = joined[:-1, :-1], joined[:-1, 1:]
        lower_left, lower_right = joined[1:, :-1], joined[1:, 1:]
        falling = upper_left & lower_right & ~upper_right & ~lower_left
        rising = upper_right & lower_left & ~upper_left & ~lower_right
        if not (falling.any() or rising.any()):
            return joined
        upper_right |= falling
        upper_left |= rising


def _rings(mask: NDArray[np.bool_], labels: NDArray[np.int32]) -> list[tuple[Ring, int]]:
    """Link the edges between pixels inside and outside; the region lies to the right of each."""
    padded = np.pad(mask, 1)
    middle = padded[1:-1, 1:-1]
    wide = mask.shape[1] + 1
    following: dict[int, int] = {}
    owner: dict[int, int] = {}
    # Neighbour that is outside, and the corners that the edge towards it goes from and to.
    sides = (
        (padded[:-2, 1:-1], (0, 0), (0, 1)),
        (padded[1:-1, 2:], (0, 1), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (1, 0)),
        (padded[1:-1, :-2], (1, 0), (0, 0)),
    )
    for neighbour, (down, right), (to_down, to_right) in sides:
        y, x = np.nonzero(middle & ~neighbour)
        starts = ((y + down) * wide + x + right).tolist()
        ends = ((y + to_down) * wide + x + to_right).tolist()
        following.update(zip(starts, ends, strict=True))
        owner.update(zip(starts, labels[y, x].tolist(), strict=True))
    rings = []
    while following:
        first, at = following.popitem()
        corners = [first]
        while at != first:
            corners.append(at)
            at = following.pop(at)
        rings.append((_corners(np.array(corners), wide), owner[first]))
    return rings


def _corners(places: NDArray[np.int64], wide: int) -> Ring:
    """Keep the corners where a ring turns, and close it."""
    points = np.stack([places % wide, places // wide], axis=1)
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    turning = points[(before != after).any(axis=1)].astype(np.float64)
    return np.concatenate([turning, turning[:1]])


def _shoelace(ring: Ring) -> float:
    x, y = ring.T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)
