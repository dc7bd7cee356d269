"""Every image of a dataset predicted as the app predicts one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import ImageError
from core.imaging.changes import Change
from core.imaging.colour import colour_statistics
from core.imaging.read import read_image
from core.imaging.resize import resize, shrink
from core.inference.classifier import Classifier
from core.inference.tile_size import ScalePlan, plan_scale
from core.inference.tiled import plan_tiles, tile_inputs

Progress = Callable[[float], None]
"""Told the share done, in [0, 1]; may raise to stop."""
FileOf = Callable[[str], Path | bytes]
"""Gives an image's file, or its content, by its path in the records."""
# Images decoded and held at a time.
_CHUNK = 64


@dataclass(frozen=True)
class PredictedImages:
    """Predictions on N images, in the order of the records.

    Attributes
    ----------
    probabilities : float64 array, shape (N, K)
        Calibrated; NaN for images that cannot be read.
    colour : float32 array, shape (N, 21)
        `core.imaging.colour.colour_statistics` of what the network was shown; NaN likewise.
    unreadable : dict of str to str
        Path of each image that cannot be read, and why.
    out_of_scale, scale_unknown : int
        Images at a scale that the model may not be given, and of a scale that had to be assumed.
    """

    probabilities: NDArray[np.float64]
    colour: NDArray[np.float32]
    unreadable: dict[str, str]
    out_of_scale: int
    scale_unknown: int


@dataclass(frozen=True)
class _Ready:
    """An image that was read, and how it is to be looked at."""

    pixels: NDArray[np.uint8]
    small: NDArray[np.uint8]
    scale: ScalePlan


def predict_images(
    classifier: Classifier,
    records: pd.DataFrame,
    file: FileOf,
    progress: Progress = lambda _: None,
    change: Change | None = None,
    first: int = 0,
) -> PredictedImages:
    """Predict images in bulk, by the rules by which `core.diagnosis` predicts one.

    Parameters
    ----------
    classifier : Classifier
    records : pandas.DataFrame
        N rows as `core.datasets.records` describes them; a file that states another scale is
        not answered.
    file : callable
        As `core.roots.image_files` gives one.
    progress : callable
    change : Change, optional
        What is done to each image first.
    first : int
        Number of the first image, where these are some of many: a change differs by number.
    """
    card = classifier.card
    chances = np.full((len(records), len(card.classes)), np.nan)
    colour = np.full((len(records), 21), np.nan, dtype=np.float32)
    unreadable: dict[str, str] = {}
    scales = {"out": 0, "unknown": 0}
    for rows, images in _read_ahead(classifier, records, file, change, first):
        whole: list[int] = []
        for row, ready in zip(rows, images, strict=True):
            if isinstance(ready, str):
                unreadable[str(records["path"].iloc[row])] = ready
                continue
            colour[row] = colour_statistics(ready.small)
            scales["unknown"] += ready.scale.um_per_px is None
            scales["out"] += ready.scale.um_per_px is not None and not ready.scale.in_range
            if ready.scale.one_piece:
                whole.append(row)
            else:
                try:
                    chances[row] = _tiled(classifier, ready)
                except ImageError as error:
                    unreadable[str(records["path"].iloc[row])] = str(error)
        inputs = [images[row - rows[0]] for row in whole]
        if inputs:
            squares = np.stack([ready.small for ready in inputs if not isinstance(ready, str)])
            chances[whole] = classifier.probabilities(squares)
        progress((rows[-1] + 1) / len(records))
    return PredictedImages(chances, colour, unreadable, scales["out"], scales["unknown"])


def _read_ahead(
    classifier: Classifier, records: pd.DataFrame, file: FileOf, change: Change | None, first: int
) -> Iterator[tuple[range, list[_Ready | str]]]:
    """Yield rows and their images, reading some while those before are being answered."""
    spec = classifier.card.input
    paths = records["path"].tolist()
    scales_given = records["um_per_px"].to_numpy(dtype=np.float64)

    def read(row: int) -> _Ready | str:
        try:
            image = read_image(file(paths[row]))
            info = image.info
            known = float(scales_given[row]) if np.isfinite(scales_given[row]) else None
            scale = plan_scale(
                info.um_per_px,
                known,
                spec,
                info.height,
                info.width,
                unusable=info.scale_words,
                square_pixels=info.square_pixels,
            )
        except ImageError as error:
            return str(error)
        pixels = image.pixels
        if change:
            shown = min(info.height, info.width) if scale.one_piece else scale.tile
            pixels = change.apply(pixels, first + row, shown / spec.height)
        pixels = shrink(pixels, scale.shrink)
        small = resize(pixels, spec.height, spec.width)
        # Of an image that is one input, only the input is needed.
        return _Ready(small if scale.one_piece else pixels, small, scale)

    chunks = [range(at, min(at + _CHUNK, len(paths))) for at in range(0, len(paths), _CHUNK)]
    with ThreadPoolExecutor() as pool:
        coming = [pool.submit(read, row) for row in chunks[0]] if chunks else []
        for number, rows in enumerate(chunks):
            being_read = coming
            following = chunks[number + 1] if number + 1 < len(chunks) else range(0)
            coming = [pool.submit(read, row) for row in following]
            yield rows, [future.result() for future in being_read]


def _tiled(classifier: Classifier, ready: _Ready) -> NDArray[np.float32]:
    card = classifier.card
    plan = plan_tiles(ready.pixels, ready.scale.trained_tile)
    size = (card.input.height, card.input.width)
    inputs = tile_inputs(ready.pixels, plan, size, batch=classifier.batch)
    chances = np.concatenate([classifier.probabilities(batch) for batch in inputs])
    return plan.answered(chances).of_image(card)
