"""What is measured of squares: features of a frozen network, and colour statistics."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from core.batch import batch_of
from core.datasets.augmentation import StainJitter, augmentation_layers
from core.imaging.colour import colour_statistics
from core.training.request.recipe import Recipe

STRENGTHS = (0.1, 0.25)
"""Stain shifts that models are tested under; see `core.datasets.augmentation.StainJitter`."""
_BATCH = 64
_COLOURS_AT_A_TIME = 256
_SHIFT_SEED = 99


def frozen_features(
    network: keras.Model,
    pixels: NDArray[np.uint8],
    recipe: Recipe,
    progress: Callable[[float], None],
) -> NDArray[np.float32]:
    """What the frozen network hands to its last layer, for each image as it is and augmented.

    Parameters
    ----------
    network : keras.Model
        With a layer named "logits".
    pixels : uint8 array, shape (N, h, w, 3)
    recipe : Recipe
        With a probe; its augmentation applies to all passes but the first.
    progress : callable
        Told the share done, in [0, 1].

    Returns
    -------
    float32 array, shape (passes, N, F)
    """
    passes = recipe.probe.passes if recipe.probe else 1
    layers = augmentation_layers(**recipe.augmentation.model_dump(), seed=recipe.seed)
    return _features(network, pixels, [[], *[layers] * (passes - 1)], progress)


def shifted_features(
    network: keras.Model,
    pixels: NDArray[np.uint8],
    strengths: Sequence[float],
    progress: Callable[[float], None],
) -> NDArray[np.float32]:
    """The same features of images under other stains, (len(strengths), N, F)."""
    return _features(network, pixels, [[shift(strength)] for strength in strengths], progress)


def features_of(network: keras.Model) -> keras.Model:
    """The network up to what it hands to its layer "logits"."""
    return keras.Model(network.inputs, network.get_layer("logits").input)


def shift(strength: float) -> keras.layers.Layer:
    """The stain jitter that models are tested with, the same at each call."""
    return StainJitter(strength, _SHIFT_SEED)


def _features(
    network: keras.Model,
    pixels: NDArray[np.uint8],
    passes: Sequence[Sequence[keras.layers.Layer]],
    progress: Callable[[float], None],
) -> NDArray[np.float32]:
    plain = features_of(network)
    batch = min(_BATCH, batch_of(*pixels.shape[1:3]))
    features = np.empty((len(passes), len(pixels), plain.output_shape[1]), dtype=np.float32)
    for number, layers in enumerate(passes):
        for start in range(0, len(pixels), batch):
            rows = slice(start, start + batch)
            images = np.asarray(pixels[rows])
            # Outside the model: within one, its own `training=False` would switch them off.
            for layer in layers:
                images = layer(images, training=True)
            features[number, rows] = plain.predict_on_batch(np.asarray(images))
            progress((number + min(start + batch, len(pixels)) / len(pixels)) / len(passes))
    return features


def in_batches(network: keras.Model, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a network gives for images (n, h, w, 3), (n, F), some of them at a time."""
    batch = min(_BATCH, batch_of(*pixels.shape[1:3]))
    starts = range(0, len(pixels), batch)
    parts = [network.predict_on_batch(pixels[start : start + batch]) for start in starts]
    return np.concatenate([np.asarray(part, dtype=np.float32) for part in parts])


def colour_views(
    pixels: NDArray[np.uint8],
    crops: int,
    progress: Callable[[float], None],
    strengths: Sequence[float] = (),
) -> NDArray[np.float32]:
    """Colour statistics of images as they are, then stain-shifted, (V, N, crops, 21).

    Parameters
    ----------
    pixels : uint8 array, shape (N × crops, h, w, 3)
    crops : int
    progress : callable
        Told the share done, in [0, 1].
    strengths : sequence of float
        Stain shifts of the views but the first.
    """
    jitters = [None, *(shift(strength) for strength in strengths)]
    statistics = np.empty((len(jitters), len(pixels), 21), dtype=np.float32)
    for view, jitter in enumerate(jitters):
        for start in range(0, len(pixels), _COLOURS_AT_A_TIME):
            images = np.asarray(pixels[start : start + _COLOURS_AT_A_TIME])
            if jitter:
                images = np.asarray(jitter(images, training=True)).round().astype(np.uint8)
            statistics[view, start : start + len(images)] = measure_colours(images)
            done = min(start + _COLOURS_AT_A_TIME, len(pixels)) / len(pixels)
            progress((view + done) / len(jitters))
    return statistics.reshape(len(jitters), len(pixels) // crops, crops, 21)


def measure_colours(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Colour statistics of squares (n, h, w, 3), (n, 21)."""
    return np.stack([colour_statistics(square) for square in squares])
