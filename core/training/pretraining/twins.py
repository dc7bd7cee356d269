"""Barlow Twins (Zbontar et al. 2021, ICML): two views of an image shall be described alike.

And each number that describes them shall say something of its own: over a batch, the correlations
of the two views' numbers shall be the identity matrix.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.architectures import backbone_layers
from core.datasets.augmentation import augmentation_layers
from core.training.pretraining.recipe import Pretraining

CITATION = (
    "Zbontar J, Jing L, Misra I, LeCun Y, Deny S. Barlow Twins: Self-Supervised Learning via "
    "Redundancy Reduction. ICML 2021."
)
_LEAST = 1e-5  # variance
_POOLED = "head_pool"
# Between the seeds of two views' layers; those of one view are a few apart.
_APART = 1000


def redundancy_loss(first: Any, second: Any, weight: float) -> Any:
    """How far the correlations of two views' descriptions are from the identity matrix.

    Parameters
    ----------
    first, second : tensor, shape (N, D)
        Of the same N images.
    weight : float
        Of correlations between different numbers, which shall be 0; those of the same shall be 1.
    """
    correlations = ops.matmul(ops.transpose(_standard(first)), _standard(second))
    correlations = correlations / ops.cast(ops.shape(first)[0], correlations.dtype)
    same = ops.eye(correlations.shape[0], dtype=correlations.dtype)
    away = ops.square(correlations - same)
    return ops.sum(away * same) + weight * ops.sum(away * (1 - same))


def _standard(values: Any) -> Any:
    centred = values - ops.mean(values, axis=0, keepdims=True)
    return centred / ops.sqrt(ops.mean(ops.square(centred), axis=0, keepdims=True) + _LEAST)


class Redundancy(keras.layers.Layer):
    """Adds `redundancy_loss` to a model's loss; gives the first description on."""

    def __init__(self, weight: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, first: Any, second: Any) -> Any:
        """Descriptions of two views, (N, D) each."""
        self.add_loss(redundancy_loss(first, second, self.weight))
        return first


def described(network: keras.Model) -> keras.Model:
    """The network up to the averages of its last maps, sharing its weights: (N, F)."""
    return keras.Model(network.inputs, network.get_layer(_POOLED).output)


def two_views(settings: Pretraining, shape: tuple[int, int, int]) -> keras.Model:
    """Two views of each image, each changed at random by itself while training.

    From (N, s, s, 3) pixels to two of the same.
    """
    pixels = keras.Input(shape)
    views = []
    for number in range(2):
        view = pixels
        seed = settings.seed + number * _APART
        for layer in augmentation_layers(**settings.augmentation.model_dump(), seed=seed):
            view = layer(view)
        views.append(view)
    return keras.Model(pixels, views)


def twin_model(network: keras.Model, settings: Pretraining) -> keras.Model:
    """The network behind two views and before a projection that only pretraining has.

    BatchNorm layers of the network keep ImageNet's statistics: batches are small, and what answers
    later is what was trained. It shares the network's weights; its loss is its own.
    """
    for name in backbone_layers(network):
        layer = network.get_layer(name)
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    keras.utils.set_random_seed(settings.seed)
    width = settings.projection
    projector = keras.Sequential(
        [
            keras.layers.Dense(width, use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.Dense(width, use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.Dense(width, use_bias=False),
        ]
    )
    shape = network.input_shape[1:]
    pixels, features = keras.Input(shape), described(network)
    first, second = two_views(settings, shape)(pixels)
    projections = [projector(features(view)) for view in (first, second)]
    return keras.Model(pixels, Redundancy(settings.redundancy)(*projections))


class Unlabelled(keras.utils.PyDataset):
    """Batches of squares in another order each epoch; what does not fill one waits for another.

    Parameters
    ----------
    pixels : uint8 array, shape (N, s, s, 3)
    batch_size : int
    seed : int
    """

    def __init__(self, pixels: NDArray[np.uint8], batch_size: int, seed: int) -> None:
        super().__init__()
        self._pixels, self._batch_size, self._seed = pixels, batch_size, seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch, counted from 0; the same every time it is asked."""
        self._order = np.random.default_rng([self._seed, epoch]).permutation(len(self._pixels))

    def __len__(self) -> int:
        return math.floor(len(self._pixels) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8]]:
        """Batch number `index`."""
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return (self._pixels[np.sort(chosen)],)
