"""Batches for Keras out of the pixel cache."""

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


class Batches(keras.utils.PyDataset):
    """Slices of a pixel cache with targets and weights.

    Parameters
    ----------
    pixels : uint8 array, shape (N, h, w, 3)
        The whole cache, memory-mapped. Or with `views`, (N, V, …) of any kind: each epoch takes one
        of the V views of an image, drawn anew; without a seed the first.
    targets : float32 array, shape (N, outputs)
    weights : float32 array, shape (N,)
        Weight of each image in the loss.
    rows : int64 array
        Which images belong to this part.
    batch_size : int
        Images a batch; the last one may be smaller.
    seed : int or None
        Shuffles the rows for each epoch, the same way for the same seed and epoch; None keeps
        their order.
    sampling : bool
        Instead of weighting the loss, draw as many images as there are rows anew for each epoch,
        with replacement, each with a probability proportional to its weight. Needs a seed.
    """

    def __init__(
        self,
        pixels: NDArray[Any],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        rows: NDArray[np.int64],
        batch_size: int,
        seed: int | None = None,
        *,
        sampling: bool = False,
        views: bool = False,
    ) -> None:
        super().__init__()
        if sampling:
            self._chances = weights[rows] / weights[rows].sum(dtype=np.float64)
            weights = np.ones_like(weights)
        self._sampling = sampling
        self._views = pixels.shape[1] if views else 0
        self._arrays = (pixels, targets, weights)
        self._rows = rows
        self._batch_size = batch_size
        self._seed = seed
        self._order = rows
        self._drawn = np.zeros(len(rows), dtype=np.int64)
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle or draw the rows for an epoch, counted from 0; the same every time it is asked.

        Keras's own hook tells no epoch's number, and calls once more before the first.
        """
        if self._seed is None:
            return
        random = np.random.default_rng([self._seed, epoch])
        if self._sampling:
            self._order = random.choice(self._rows, len(self._rows), p=self._chances)
        else:
            self._order = random.permutation(self._rows)
        if self._views:
            self._drawn = random.integers(self._views, size=len(self._rows))

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray, NDArray, NDArray]:
        """Batch number `index`: pixels, targets, weights."""
        # Sorted rows read the memory map forwards; the order within a batch does not matter.
        places = slice(index * self._batch_size, (index + 1) * self._batch_size)
        order = np.argsort(self._order[places], kind="stable")
        chosen, view = self._order[places][order], self._drawn[places][order]
        pixels, targets, weights = self._arrays
        images = pixels[chosen, view] if self._views else pixels[chosen]
        return images, targets[chosen], weights[chosen]
