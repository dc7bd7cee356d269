"""Everything that a probe is fitted to and judged by, measured of a dataset's squares."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from core.batch import batch_of
from core.encoders.features import FeatureNetwork
from core.encoders.shelf import Encoder
from core.evaluation.cross_validate import Changed
from core.imaging.changes import stain
from core.settings import get_settings
from core.training.judging.changes import CHANGES, Measure, measure_changed
from core.training.judging.features import (
    STRENGTHS,
    colour_views,
    features_of,
    frozen_features,
    in_batches,
    measure_colours,
    shifted_features,
)
from core.training.judging.kept import KeptVectors, key_of
from core.training.request.recipe import Recipe
from core.training.watch import Watch

_COLOURS = 21
# What is kept was measured by this version of what measures it.
_VERSION = 1
_STAGES = ("Computing features", "Shifting the stain", "Measuring colours", "Changing images")


@dataclass(frozen=True)
class Measured:
    """Features and colours of N images with so many crops each.

    Attributes
    ----------
    features : float32 array, shape (passes, N, crops, F)
        Of the images as they are, then augmented.
    shifted : float32 array, shape (strengths, N, crops, F)
        Under other stains.
    colours : float32 array, shape (1 + strengths, N, crops, 21)
        As they are, then under other stains.
    changed, changed_colours : Changed
        Of some images under each of `CHANGES`.
    """

    features: NDArray[np.float32]
    shifted: NDArray[np.float32]
    colours: NDArray[np.float32]
    changed: Changed
    changed_colours: Changed


def measure_by_network(
    network: keras.Model,
    recipe: Recipe,
    pixels: NDArray[np.uint8],
    crops: int,
    rows: NDArray[np.int64],
    watch: Watch,
) -> Measured:
    """By a Keras network up to its last layer.

    Parameters
    ----------
    network : keras.Model
    recipe : Recipe
    pixels : uint8 array, shape (N × crops, h, w, 3)
    crops : int
    rows : int64 array, shape (n,)
        Images that are changed.
    watch : Watch
    """

    def by_image(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return values.reshape(len(values), len(pixels) // crops, crops, -1)

    tellers = [_teller(watch, stage) for stage in _STAGES]
    features = by_image(frozen_features(network, pixels, recipe, tellers[0]))
    shifted = by_image(shifted_features(network, pixels, STRENGTHS, tellers[1]))
    colours = colour_views(pixels, crops, tellers[2], STRENGTHS)
    plain = features_of(network)
    changed, changed_colours = measure_changed(
        (lambda squares: in_batches(plain, squares), measure_colours),
        pixels,
        crops,
        rows,
        tellers[3],
    )
    return Measured(features, shifted, colours, changed, changed_colours)


def measure_by_encoder(
    encoder: Encoder,
    pixels: NDArray[np.uint8],
    crops: int,
    rows: NDArray[np.int64],
    watch: Watch,
) -> Measured:
    """By an encoder; all is kept under `LOBULE_HOME` by the encoder's hash and the squares' pixels.

    So another split, penalty or other labels of the same images compute nothing again.
    See `measure_by_network`.

    Raises
    ------
    EncoderError
        If OpenVINO refuses the encoder.
    TrainingError
        If nothing can be kept.
    """
    squares = _Squares(pixels)
    by_encoder = _kept_of(encoder, squares)
    by_colour = _Kept("colour", _COLOURS, measure_colours, squares)
    plain = [_PLAIN]
    shifts = [
        _View(f"shift {strength:g}", lambda square, row, by=strength: stain(square, by, row))
        for strength in STRENGTHS
    ]
    tellers = [_teller(watch, stage) for stage in _STAGES]
    every = np.arange(len(pixels))
    features = by_encoder.views(plain, every, tellers[0])
    shifted = by_encoder.views(shifts, every, tellers[1])
    colours = by_colour.views([*plain, *shifts], every, tellers[2])
    changes = [
        _View(
            f"change {change.name} {change.amount:g}",
            lambda square, row, by=change: by.apply(square, row // crops, 1.0),
        )
        for change in CHANGES
    ]
    some = (rows[:, None] * crops + np.arange(crops)).ravel()
    changed = [
        measure.views(changes, some, tellers[3]).reshape(len(changes), len(rows), crops, -1)
        for measure in (by_encoder, by_colour)
    ]

    def by_image(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return values.reshape(len(values), len(pixels) // crops, crops, -1)

    return Measured(
        by_image(features),
        by_image(shifted),
        by_image(colours),
        *(Changed(rows, values.mean(axis=2).astype(np.float64)) for values in changed),
    )


@dataclass(frozen=True)
class _View:
    """A way to see a square; `apply` takes it and its row."""

    name: str
    apply: Callable[..., NDArray[np.uint8]]


_PLAIN = _View("plain", lambda square, _: square)


class _Squares:
    """Squares, and the hash of each one's pixels, computed once."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.hashes = [
            hashlib.sha256(np.asarray(square).tobytes()).hexdigest() for square in pixels
        ]


class _Kept:
    """What one way of measuring gives of squares."""

    def __init__(self, kind: str, length: int, measure: Measure, squares: _Squares) -> None:
        height, width = squares.pixels.shape[1:3]
        name = f"{kind}-{height}x{width}-v{_VERSION}"
        self._vectors = KeptVectors(get_settings().cache / "features" / name, length)
        self._measure = measure
        self._squares = squares

    def views(
        self, views: list[_View], rows: NDArray[np.int64], progress: Callable[[float], None]
    ) -> NDArray[np.float32]:
        """Of some squares in each view, (V, n, F)."""
        pixels, hashes = self._squares.pixels, self._squares.hashes
        measured = []
        for number, view in enumerate(views):

            def compute(places: NDArray[np.int64], view: _View = view) -> NDArray[np.float32]:
                shown = [view.apply(np.asarray(pixels[row]), int(row)) for row in rows[places]]
                return np.asarray(self._measure(np.stack(shown)), np.float32)

            def tell(done: float, number: int = number) -> None:
                progress((number + done) / len(views))

            # What is drawn at random for a square follows from its row.
            drawn = [int(row) if view.name != "plain" else "" for row in rows]
            keys = [
                key_of(hashes[row], view.name, draw) for row, draw in zip(rows, drawn, strict=True)
            ]
            measured.append(self._vectors.of(keys, compute, tell))
        return np.stack(measured)


def _kept_of(encoder: Encoder, squares: _Squares) -> _Kept:
    network = FeatureNetwork(encoder)
    batch = batch_of(*squares.pixels.shape[1:3])

    def describe(shown: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.concatenate(
            [network(shown[start : start + batch]) for start in range(0, len(shown), batch)]
        )

    return _Kept(encoder.card.sha256[:32], encoder.card.dimension, describe, squares)


def kept_features(
    encoder: Encoder,
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int64],
    progress: Callable[[float], None] = lambda _: None,
) -> NDArray[np.float32]:
    """Features of some squares as they are, (n, F); kept as `measure_by_encoder` keeps them."""
    return _kept_of(encoder, _Squares(pixels[rows])).views(
        [_PLAIN], np.arange(len(rows)), progress
    )[0]


def _teller(watch: Watch, stage: str) -> Callable[[float], None]:
    return lambda done: watch.stage(stage, done)
