"""Unlabelled phantoms, and a tiny network to pretrain on them."""

from pathlib import Path

import keras

from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from core.training.pretraining.recipe import Pretraining, load_pretraining

SIDE = 32
# Drawing twelve of them would take seconds wherever tests are collected.
_WHOLE = render_phantom(1, 3 * SIDE, 4 * SIDE, 2.0).pixels
PIXELS = _WHOLE.reshape(3, SIDE, 4, SIDE, 3).swapaxes(1, 2).reshape(12, SIDE, SIDE, 3)


def settings(*changes: str) -> Pretraining:
    """Two epochs of three steps each."""
    small = ["input_size=32", "epochs=2", "batch_size=4", "projection=8", "learning_rate=0.01"]
    # Placing images anew takes seconds to compile.
    small.append("augmentation={stain = 0.25, brightness = 0.2}")
    return load_pretraining("selfsupervised", [*small, *changes])


def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(pixels)
    for number in (1, 2):
        x = keras.layers.Conv2D(8, 3, strides=2, name=f"conv{number}")(x)
        x = keras.layers.BatchNormalization(name=f"norm{number}")(x)
        x = keras.layers.ReLU(name=f"relu{number}")(x)
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    x = keras.layers.Dense(2, name="logits")(x)
    return keras.Model(pixels, keras.layers.Activation("softmax", name="probabilities")(x))


def pictures(folder: Path) -> Path:
    """The phantoms as a folder of pictures that no layout names."""
    folder.mkdir(parents=True)
    for number, pixels in enumerate(PIXELS):
        (folder / f"picture {number}.png").write_bytes(encode_png(pixels))
    return folder
