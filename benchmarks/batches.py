"""Batches with augmentation, against `tf.data` doing the same; and what of a step waits for data.

    python benchmarks/batches.py --data ../shared/data/idc

Both pipelines read the same memory-mapped cache at random, in batches of 32, and send them through
the same augmentation layers. The baseline is a `tf.data` dataset of row numbers, shuffled, batched,
gathered from the cache, augmented in parallel and prefetched. Ours is `Batches` as Keras's `fit`
reads it, augmented on the device as a step does. In turns, in the same run; the best round counts.

Then CancerNet is trained for some steps on what `fit` reads; the wait is the time until
the next batch is handed over, the rest is the step.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter
from numpy.typing import NDArray

from core.datasets.augmentation import augmentation_layers
from core.datasets.batches import Batches
from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.settings import get_settings
from core.training.network import augmented, build_network
from core.training.recipe import load_recipe

BATCH = 32
SIZE = 50
LEAST_RATIO = 1.0
MOST_WAITING = 0.05
AUGMENTATION = {"flips": True, "stain": 0.25, "zoom": 0.1, "shift": 0.1, "brightness": 0.1}

Augment = Callable[[Any], Any]


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


def _augment() -> Augment:
    layers = augmentation_layers(**AUGMENTATION, seed=0)  # type: ignore[arg-type]

    @tf.function(reduce_retracing=True)
    def augment(images: Any) -> Any:
        images = tf.cast(images, tf.float32)
        for layer in layers:
            images = layer(images, training=True)
        return images

    return augment


def _ours(pixels: NDArray[np.uint8], labels: NDArray[np.float32]) -> Batches:
    rows = np.arange(len(pixels))
    return Batches(pixels, labels, np.ones(len(rows), np.float32), rows, BATCH, seed=0)


def _throughput(pixels: NDArray[np.uint8], labels: NDArray[np.float32], rounds: int) -> float:
    weights = np.ones(len(pixels), np.float32)
    augment = _augment()
    batches = _ours(pixels, labels)

    def gather(rows: NDArray[np.int64]) -> tuple[NDArray, NDArray, NDArray]:
        return pixels[rows], labels[rows], weights[rows]

    def read(rows: Any) -> Any:
        images, targets, share = tf.numpy_function(gather, [rows], [tf.uint8, *[tf.float32] * 2])
        images.set_shape((None, SIZE, SIZE, 3))
        return augment(images), targets, share

    baseline = (
        tf.data.Dataset.range(len(pixels))
        .shuffle(len(pixels), seed=0)
        .batch(BATCH)
        .map(read, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )

    def ours() -> Iterator[Any]:
        for images, targets, share in PyDatasetAdapter(batches).get_tf_dataset():
            yield augment(images), targets, share

    ways: dict[str, Callable[[], Any]] = {"tf.data (baseline)": lambda: baseline, "Batches": ours}
    best = dict.fromkeys(ways, np.inf)
    for number in range(rounds + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            count = sum(len(images) for images, _, _ in way())
            if count != len(pixels):
                raise RuntimeError(f"{name} gave {count} of {len(pixels)} images")
            if number:  # the first round warms up
                best[name] = min(best[name], time.perf_counter() - started)
    rates = {name: len(pixels) / seconds for name, seconds in best.items()}
    baseline_rate, own_rate = rates.values()
    for name, rate in rates.items():
        print(f"{name:<20}{rate:>9.0f} images/s {rate / baseline_rate:>6.2f}×")
    return own_rate / baseline_rate


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
