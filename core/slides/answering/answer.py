"""Answers the tiles of a slide: reading, decoding and the network at the same time."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain.passes import Explained
from core.slides.answering.network import SlideNetwork
from core.slides.answering.order import Order, View
from core.slides.answering.plan import SlidePlan
from core.slides.answering.reading import TileInputs, read_tiles
from core.slides.answering.records import ANSWERED, UNREADABLE, Records
from core.slides.answering.tissue import READERS
from core.slides.slide import Slide

_AHEAD = 2 * READERS
"""Blocks of tiles that are read while the network is at work."""

Answered = Callable[[NDArray[np.int64], int], None]
"""Told which tiles are done, by their index, and how many of them cannot be read; may raise to
stop."""


def answer_tiles(
    slide: Slide,
    plan: SlidePlan,
    network: SlideNetwork,
    records: Records,
    kind: np.dtype[Any],
    done: NDArray[np.bool_],
    view: Callable[[], View | None],
    answered: Answered,
) -> None:
    """Answer every tile of a plan that is not done, and write each down.

    Parameters
    ----------
    slide, plan, network
        What is answered, and by what.
    records, kind
        Where what is answered is written down, and the fields of a record.
    done
        (N,) tiles that were answered before.
    view
        Tells which part of the slide somebody looks at.
    answered
        Told after every batch.
    """
    order = Order(plan, done, _finer(slide, plan))
    coming: deque[Future[TileInputs]] = deque()
    waiting: list[tuple[NDArray[np.int64], NDArray[np.uint8]]] = []
    with ThreadPoolExecutor(READERS) as pool:
        try:
            while True:
                while len(coming) < _AHEAD:
                    block = order.next(view())
                    if block is None:
                        break
                    coming.append(pool.submit(read_tiles, slide, plan, block))
                if not coming:
                    break
                read = coming.popleft().result()
                if len(read.unreadable):
                    records.append(_unreadable(read.unreadable, kind))
                    answered(read.unreadable, len(read.unreadable))
                waiting.append((read.tiles, read.pixels))
                while sum(len(tiles) for tiles, _ in waiting) >= network.batch:
                    tiles, pixels = _join(waiting)
                    _answer(network, records, kind, tiles[: network.batch], pixels, answered)
                    waiting = [(tiles[network.batch :], pixels[network.batch :])]
            if waiting and len((last := _join(waiting))[0]):
                tiles, pixels = last
                _answer(network, records, kind, tiles, pixels, answered)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _finer(slide: Slide, plan: SlidePlan) -> float:
    """Pixels of the level that is read for one of the grid, along an axis."""
    step = max(plan.step)
    level = max((each for each in slide.info.downsamples if each <= step), default=1.0)
    return max(step / level, 1.0)


def _join(
    parts: list[tuple[NDArray[np.int64], NDArray[np.uint8]]],
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    return np.concatenate([tiles for tiles, _ in parts]), np.concatenate(
        [each for _, each in parts]
    )


def _answer(
    network: SlideNetwork,
    records: Records,
    kind: np.dtype[Any],
    tiles: NDArray[np.int64],
    pixels: NDArray[np.uint8],
    answered: Answered,
) -> None:
    records.append(_answers(network.answer(pixels[: len(tiles)]), tiles, kind))
    answered(tiles, 0)


def _answers(explained: Explained, tiles: NDArray[np.int64], kind: np.dtype[Any]) -> NDArray[Any]:
    rows = np.zeros(len(tiles), kind)
    rows["tile"], rows["state"] = tiles, ANSWERED
    rows["probabilities"] = explained.probabilities
    rows["distance"] = np.nan if explained.distances is None else explained.distances
    rows["sharpness"] = np.nan if explained.sharpness is None else explained.sharpness
    if explained.members is not None:
        rows["members"] = explained.members.swapaxes(0, 1)
    return rows


def _unreadable(tiles: NDArray[np.int64], kind: np.dtype[Any]) -> NDArray[Any]:
    rows = np.zeros(len(tiles), kind)
    rows["tile"], rows["state"] = tiles, UNREADABLE
    for name in ("probabilities", "distance", "sharpness"):
        rows[name] = np.nan
    return rows
