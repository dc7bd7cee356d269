"""Training the end of a pretrained network alone: what lies below is worked out once and kept.

The layers that stay as they are give the same for the same image in every epoch and every fold, so
a step costs only what learns. Augmented versions of the images are fixed beforehand with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.atomic import whole_file
from core.datasets.augmentation import augmentation_layers
from core.errors import Stopped
from core.training.fitting.device import beside
from core.training.fitting.phases import plan_phases
from core.training.request.recipe import Augmentation, Recipe, Train
from core.training.watch import Watch

BATCH = 32
"""Images whose frozen layers are computed together."""
_FILE = "lower.npy"


@dataclass(frozen=True)
class Learner:
    """What gradient descent works on.

    Attributes
    ----------
    network : keras.Model
        The recipe's, or its upper part, which shares its layers.
    recipe : Recipe
    pixels : array
        What the network takes, of each image: uint8 pixels (N, h, w, 3); or float16 features
        (N, V, …) of which the first of the V views is the image as it is.
    """

    network: keras.Model
    recipe: Recipe
    pixels: NDArray[Any]


@contextmanager
def learner_of(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    pixels: NDArray[np.uint8],
    watch: Watch,
) -> Iterator[Learner]:
    """Yield what is to be fitted: all of it, or with `train.views` what stands above those views.

    Parameters
    ----------
    network : keras.Model
        With its starting weights; its BatchNorm layers below the part that learns stay frozen.
    recipe : Recipe
    settings : Train
        The recipe's.
    pixels : uint8 array, shape (N, h, w, 3)
    watch : Watch
        With a folder of checkpoints the features are kept in it until they are needed no more.

    Raises
    ------
    Stopped
        If it was cancelled while the features were computed.
    """
    if not settings.views:
        yield Learner(network, recipe, pixels)
        return
    with beside(network):
        lower, upper = divide(network, plan_phases(network, recipe, settings)[-1].base)
    plain = recipe.model_copy(update={"augmentation": Augmentation()})
    shape = (len(pixels), settings.views, *lower.output_shape[1:])
    saved = watch.checkpoints and watch.checkpoints / _FILE
    known = _known(saved, shape)
    if known is not None:
        yield Learner(upper, plain, known)
    elif saved is not None:
        saved.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(saved) as file:
            header = {"descr": "<f2", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.flush()
            features = np.memmap(file, "<f2", "r+", file.tell(), shape)
            _fill(features, lower, recipe, pixels, watch)
            features.flush()
        yield Learner(upper, plain, np.load(saved, mmap_mode="r"))
    else:
        with TemporaryFile() as file:
            features = np.memmap(file, "<f2", "w+", shape=shape)
            _fill(features, lower, recipe, pixels, watch)
            yield Learner(upper, plain, features)
    if saved is not None:
        saved.unlink(missing_ok=True)


def divide(network: keras.Model, learning: frozenset[str]) -> tuple[keras.Model, keras.Model]:
    """Divide a network just below the layers that learn, where all of it passes through one tensor.

    Both parts share the network's layers; the upper part bears its name.

    Parameters
    ----------
    network : keras.Model
        As `core.architectures.build` builds it.
    learning : frozenset of str
        Layers of its base.
    """
    layers = network.layers
    made = {id(layer.output): place for place, layer in enumerate(layers)}
    lowest = [
        min((made[id(tensor)] for tensor in keras.tree.flatten(layer.input)), default=0)
        for layer in layers
    ]
    first = next(
        place
        for place, layer in enumerate(layers)
        if layer.name in learning or layer.name.startswith(("head_", "logits"))
    )
    cut = next(
        place
        for place in reversed(range(first))
        if all(low >= place for low in lowest[place + 1 :])
    )
    between = layers[cut].output
    return (
        keras.Model(network.inputs, between),
        keras.Model(between, network.outputs, name=network.name),
    )


def _known(saved: Path | None, shape: tuple[int, ...]) -> NDArray[np.float16] | None:
    """Features that were computed before the run was interrupted; of one run, so of one recipe."""
    if saved is None or not saved.exists():
        return None
    try:
        features = np.load(saved, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = features.shape == shape and features.dtype == np.float16
    return features if fits else None


def _fill(
    features: NDArray[np.float16],
    lower: keras.Model,
    recipe: Recipe,
    pixels: NDArray[np.uint8],
    watch: Watch,
) -> None:
    layers = augmentation_layers(**recipe.augmentation.model_dump(), seed=recipe.seed)
    images, views = features.shape[:2]
    for view in range(views):
        for start in range(0, images, BATCH):
            if watch.cancelled():
                raise Stopped(
                    "The run was cancelled before its first epoch: nothing to keep. Start it "
                    "again, or resume it."
                )
            rows = slice(start, start + BATCH)
            squares: Any = np.asarray(pixels[rows])
            for layer in layers if view else ():
                squares = layer(squares, training=True)
            features[rows, view] = lower.predict_on_batch(np.asarray(squares))
            watch.stage(
                "Computing the frozen layers",
                (view + min(start + BATCH, images) / images) / views,
            )
