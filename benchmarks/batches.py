"""Batches with augmentation, against `tf.data` doing the same; and what of a step waits for data.

    python benchmarks/batches.py --data ../shared/data/idc

Every pipeline reads the same memory-mapped cache at random, in batches of 32, and changes images by
as much: flips, quarter turns, zoom, shift, brightness, stain. The baseline is a `tf.data` dataset
of row numbers, shuffled, batched, gathered from the cache, augmented in parallel by Keras's own
layers (quarter turns and stain, which Keras lacks, by ours) and prefetched. Ours is `Batches` as
`fit` reads it, augmented by our layers within the step. A third line says what `tf.data`
makes of our layers: two batches at once, where a step augments one. In turns, in the same run;
the median round counts.

Then CancerNet is trained for some steps on what `fit` reads; the wait is the time until
the next batch is handed over, the rest is the step.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter
from numpy.typing import NDArray

from core.datasets.augmentation import StainJitter, augmentation_layers
from core.datasets.batches import Batches
from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.settings import get_settings
from core.training.fitting.network import augmented, build_network
from core.training.request.recipe import load_recipe

BATCH = 32
SIZE = 50
LEAST_RATIO = 1.0
MOST_WAITING = 0.05
AUGMENTATION = {"flips": True, "stain": 0.25, "zoom": 0.1, "shift": 0.1, "brightness": 0.1}

Augment = Callable[..., Any]


def main() -> int:
    """Print the figures; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description="Batches against tf.data.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=50)
    given = parser.parse_args()
    pixels, dataset, *_ = pixel_cache(open_dataset(given.data), SIZE, get_settings().cache)
    labels = dataset.records["label"].to_numpy()[:, None].astype(np.float32)
    print(f"{len(pixels)} images of {SIZE}×{SIZE} px, batches of {BATCH}")
    ratio = _throughput(pixels, labels, given.rounds)
    share = _waiting(pixels, labels, given.steps)
    met = ratio >= LEAST_RATIO and share < MOST_WAITING
    print(
        f"targets: at least {LEAST_RATIO} of tf.data, under {MOST_WAITING:.0%} waiting: "
        f"{'met' if met else 'MISSED'}"
    )
    return 0 if met else 1


def _keras_layers() -> list[Augment]:
    zoom, shift, bright = (AUGMENTATION[name] for name in ("zoom", "shift", "brightness"))

    def turn(images: Any, *, training: bool) -> Any:
        del training
        chosen = tf.random.uniform((tf.shape(images)[0], 1, 1, 1)) < 0.5  # noqa: PLR2004
        return tf.where(chosen, tf.transpose(images, (0, 2, 1, 3)), images)

    return [
        keras.layers.RandomFlip("horizontal_and_vertical", seed=0),
        turn,
        keras.layers.RandomZoom(zoom, fill_mode="reflect", seed=1),
        keras.layers.RandomTranslation(shift, shift, fill_mode="reflect", seed=2),
        keras.layers.RandomBrightness(bright, value_range=(0, 255), seed=3),
        StainJitter(AUGMENTATION["stain"], seed=4),
    ]


def _augment(layers: Sequence[Augment]) -> Augment:
    @tf.function(reduce_retracing=True)
    def augment(images: Any) -> Any:
        images = tf.cast(images, tf.float32)
        for layer in layers:
            images = layer(images, training=True)
        return images

    return augment


def _by_tf_data(pixels: NDArray[np.uint8], labels: NDArray[np.float32], augment: Augment) -> Any:
    weights = np.ones(len(pixels), np.float32)

    def gather(rows: NDArray[np.int64]) -> tuple[NDArray, NDArray, NDArray]:
        return pixels[rows], labels[rows], weights[rows]

    def read(rows: Any) -> Any:
        images, *rest = tf.numpy_function(gather, [rows], [tf.uint8, *[tf.float32] * 2])
        images.set_shape((None, SIZE, SIZE, 3))
        return augment(images), *rest

    return (
        tf.data.Dataset.range(len(pixels))
        .shuffle(len(pixels), seed=0)
        .batch(BATCH)
        .map(read, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


def _ours(pixels: NDArray[np.uint8], labels: NDArray[np.float32]) -> Batches:
    rows = np.arange(len(pixels))
    return Batches(pixels, labels, np.ones(len(rows), np.float32), rows, BATCH, seed=0)


def _throughput(pixels: NDArray[np.uint8], labels: NDArray[np.float32], rounds: int) -> float:
    own = _augment(augmentation_layers(**AUGMENTATION, seed=0))  # type: ignore[arg-type]
    batches = _ours(pixels, labels)

    @tf.function
    def step(source: Any) -> Any:
        images, *rest = next(source)
        return own(images), *rest

    def ours() -> Iterator[Any]:
        source = iter(PyDatasetAdapter(batches).get_tf_dataset())
        for _ in range(len(batches)):
            yield step(source)

    theirs = _by_tf_data(pixels, labels, _augment(_keras_layers()))
    mixed = _by_tf_data(pixels, labels, own)
    ways: dict[str, Callable[[], Any]] = {
        "tf.data, Keras's layers (baseline)": lambda: theirs,
        "Batches, our layers": ours,
        "tf.data, our layers": lambda: mixed,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            count = sum(len(images) for images, *_ in way())
            if count != len(pixels):
                raise RuntimeError(f"{name} gave {count} of {len(pixels)} images")
            if number:  # the first round warms up
                seconds[name].append(time.perf_counter() - started)
    rates = {name: len(pixels) / median(taken) for name, taken in seconds.items()}
    baseline, own_rate, _ = rates.values()
    for name, rate in rates.items():
        print(f"{name:<36}{rate:>7.0f} images/s {rate / baseline:>6.2f}×")
    return own_rate / baseline


def _waiting(pixels: NDArray[np.uint8], labels: NDArray[np.float32], steps: int) -> float:
    recipe = load_recipe("cancernet")
    model = augmented(build_network(recipe, 2), recipe)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
    source = iter(PyDatasetAdapter(_ours(pixels, labels)).get_tf_dataset().repeat())
    for _ in range(10):  # compiles, and fills what is read ahead
        model.train_on_batch(*next(source))
    waited = 0.0
    started = time.perf_counter()
    for _ in range(steps):
        asked = time.perf_counter()
        batch = next(source)
        waited += time.perf_counter() - asked
        model.train_on_batch(*batch)
    total = time.perf_counter() - started
    print(f"CancerNet step {total / steps * 1e3:.1f} ms, of which {waited / total:.1%} waits")
    return waited / total


if __name__ == "__main__":
    raise SystemExit(main())
