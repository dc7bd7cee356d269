"""Augmentation as Keras layers, for training only; a package never holds them."""

import math

import keras
from keras import ops

from core.imaging.stain import HED_FROM_RGB, RGB_FROM_HED


class Placement(keras.layers.Layer):
    """Each square image flipped, turned, zoomed and shifted at random, in one affine transform.

    One resampling instead of one a change: it costs a third of the time and blurs once. With flips
    alone every pixel keeps its value. What comes into view at an edge is the image mirrored.

    Parameters
    ----------
    flips : bool
        One of the eight flips and quarter turns, drawn evenly.
    zoom : float
        Largest zoom in or out as a fraction of the side.
    shift : float
        Largest shift along each axis as a fraction of the side.
    seed : int
    """

    def __init__(
        self, *, flips: bool, zoom: float, shift: float, seed: int, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self.flips, self.zoom, self.shift = flips, zoom, shift
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, images: keras.KerasTensor, *, training: bool = False) -> keras.KerasTensor:
        """Place: (N, s, s, 3) to the same shape; unchanged unless training."""
        if not training:
            return images
        side = images.shape[1]
        images = ops.cast(images, "float32")
        shape = (3, ops.shape(images)[0])
        half = ops.cast(keras.random.randint(shape, 0, 2, seed=self.generator), "float32")
        change = keras.random.uniform(shape, -1, 1, seed=self.generator)
        scale = 1 + self.zoom * change[0]
        across, down = self.shift * side * change[1], self.shift * side * change[2]
        flip_x, flip_y, turn = ops.unstack(half * float(self.flips), 3)
        x, y = scale * (1 - 2 * flip_x), scale * (1 - 2 * flip_y)
        # From a place in the answer to one in the image, about the centre; a turn swaps the axes.
        xx, xy, yx, yy = x * (1 - turn), x * turn, y * turn, y * (1 - turn)
        centre = (side - 1) / 2
        nought = ops.zeros_like(scale)
        transform = [
            *(xx, xy, centre - centre * (xx + xy) + across),
            *(yx, yy, centre - centre * (yx + yy) + down),
            *(nought, nought),
        ]
        return ops.image.affine_transform(images, ops.stack(transform, axis=1), fill_mode="reflect")


class StainJitter(keras.layers.Layer):
    """Each image under another stain: HED channels scaled and shifted at random.

    Tellez et al. 2018, "Whole-slide mitosis detection in H&E breast histology using PHH3 as a
    reference": each channel of the colour deconvolution (Ruifrok & Johnston 2001) becomes
    `alpha * channel + beta`, alpha uniform in 1 ± strength, beta uniform in ± strength / 5 of
    optical density (natural logarithm).
    """

    def __init__(self, strength: float, seed: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.strength = strength
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, images: keras.KerasTensor, *, training: bool = False) -> keras.KerasTensor:
        """Jitter: (N, h, w, 3) in [0, 255] to the same; unchanged unless training."""
        if not training:
            return images
        area = images.shape[1] * images.shape[2]
        low, high = -self.strength, self.strength
        drawn = keras.random.uniform((ops.shape(images)[0], 2, 3), low, high, seed=self.generator)
        alpha, beta = 1 + drawn[:, :1], drawn[:, 1:] / 5
        back = ops.cast(RGB_FROM_HED, "float32")
        # There, scaled and back are one matrix an image; what is added, and the white, one offset.
        matrix = ops.matmul(ops.cast(HED_FROM_RGB, "float32") * alpha, back)
        white = math.log(256) * (1 - ops.sum(matrix, axis=1, keepdims=True))
        light = ops.log(ops.reshape(ops.cast(images, "float32"), (-1, area, 3)) + 1)
        jittered = ops.exp(ops.matmul(light, matrix) + white - ops.matmul(beta, back)) - 1
        return ops.reshape(ops.clip(jittered, 0, 255), (-1, *images.shape[1:]))


def augmentation_layers(
    *, flips: bool, stain: float, zoom: float, shift: float, brightness: float, seed: int
) -> list[keras.layers.Layer]:
    """The layers for these settings, in the order in which they are applied.

    Images are (N, s, s, 3) in [0, 255]. What comes into view at an edge is the image mirrored.

    Parameters
    ----------
    flips : bool
        Flips and quarter turns.
    stain : float
        Strength of the stain jitter, 0 for none; 0.25 is strong.
    zoom : float
        Largest zoom in or out as a fraction of the side, 0 for none.
    shift : float
        Largest shift along each axis as a fraction of the side, 0 for none.
    brightness : float
        Largest change of brightness as a fraction of the range from black to white, 0 for none.
    seed : int
    """
    layers: list[keras.layers.Layer] = []
    if flips or zoom or shift:
        layers.append(Placement(flips=flips, zoom=zoom, shift=shift, seed=seed))
    if brightness:
        layers.append(
            keras.layers.RandomBrightness(brightness, value_range=(0, 255), seed=seed + 4)
        )
    if stain:
        layers.append(StainJitter(stain, seed + 2))
    return layers
