"""Groups of images that show the same: exactly, and nearly."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.datasets.audit.facts import LIGHTNESS_DEVIATION
from core.datasets.audit.hashes import close_pairs

Read = Callable[[int], NDArray[np.uint8] | None]

BLANK_DEVIATION, BLANK_LIGHTNESS = 3.0, 235.0
"""An image is blank where the lightness (0 to 255) of its pixels deviates by less than the first,
or where all but the darkest twentieth are lighter than the second."""

CORRELATION = 0.9
"""Two images show the same where their grey levels correlate by more. Copies that were compressed
as JPEG of quality 50, reduced to half, or brightened do; the most alike of two different patches of
IDC whose hashes are close reaches 0.78."""

_DARKEST_TWENTIETH = 6
_SIDE = 64
_KEPT = 1024


def blank(facts: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which readable images show nothing."""
    colour = facts["colour"]
    empty = colour[:, LIGHTNESS_DEVIATION] < BLANK_DEVIATION
    return facts["readable"] & (empty | (colour[:, _DARKEST_TWENTIETH] > BLANK_LIGHTNESS))


def exact_groups(facts: NDArray[np.void]) -> list[NDArray[np.int64]]:
    """Rows of images with the same pixels, two or more a group; blank images are left out."""
    rows = np.flatnonzero(facts["readable"] & ~blank(facts))
    digest = facts["digest"][rows]
    order = np.lexsort((digest[:, 1], digest[:, 0]))
    digest, rows = digest[order], rows[order]
    starts = np.flatnonzero(np.append(True, (digest[1:] != digest[:-1]).any(axis=1)))
    ends = np.append(starts[1:], len(rows))
    several = ends - starts > 1
    spans = zip(starts[several], ends[several], strict=True)
    return sorted((np.sort(rows[start:end]) for start, end in spans), key=lambda rows: int(rows[0]))


def near_groups(
    facts: NDArray[np.void],
    exact: list[NDArray[np.int64]],
    read: Read,
    stop: Callable[[], None] = lambda: None,
) -> list[NDArray[np.int64]]:
    """Rows of images that show the same although their pixels differ.

    Candidates are pairs with close perceptual hashes; they are read again and kept if their grey
    levels correlate. Groups are chains of such pairs and hold exact copies of their members too.

    Parameters
    ----------
    facts : array of dtype FACTS, shape (images,)
    exact : list of int64 arrays
        As `exact_groups` returns them.
    read : callable
        Pixels of the image in a row; None if it cannot be read any more.
    stop : callable
        Called before each pair is read; may raise.
    """
    candidate = facts["readable"] & ~blank(facts)
    for group in exact:
        candidate[group[1:]] = False
    rows = np.flatnonzero(candidate)
    thumbnail = lru_cache(maxsize=_KEPT)(lambda row: _thumbnail(read(row)))
    chains = _Chains()
    for first, second in rows[close_pairs(facts["hash"][rows])].tolist():
        if chains.end(first) != chains.end(second):
            stop()
            if _alike(thumbnail(first), thumbnail(second)):
                chains.join(first, second)
    if not chains.links:
        return []
    copies = [(int(group[0]), int(row)) for group in exact for row in group[1:]]
    first, second = np.array([*chains.links, *copies]).T
    shape = (len(facts), len(facts))
    _, names = connected_components(coo_array((np.ones(len(first)), (first, second)), shape))
    members = np.flatnonzero(np.isin(names, names[[link[0] for link in chains.links]]))
    order = members[np.argsort(names[members], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(names[order])) + 1)
    return sorted(groups, key=lambda group: int(group[0]))


class _Chains:
    """Which rows have been found to show the same, so that no pair is compared needlessly."""

    def __init__(self) -> None:
        self.links: list[tuple[int, int]] = []
        self._next: dict[int, int] = {}

    def end(self, row: int) -> int:
        while (further := self._next.get(row, row)) != row:
            self._next[row] = self._next.get(further, further)
            row = further
        return row

    def join(self, first: int, second: int) -> None:
        self.links.append((first, second))
        self._next[self.end(first)] = self.end(second)


def _thumbnail(pixels: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    if pixels is None:
        return None
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    height, width = (min(side, _SIDE) for side in grey.shape)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)


def _alike(first: NDArray[np.uint8] | None, second: NDArray[np.uint8] | None) -> bool:
    if first is None or second is None:
        return False
    height, width = (min(sides) for sides in zip(first.shape, second.shape, strict=True))
    levels = [
        cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).ravel().astype(float)
        for image in (first, second)
    ]
    if min(level.std() for level in levels) == 0:
        return False
    return bool(np.corrcoef(*levels)[0, 1] > CORRELATION)
