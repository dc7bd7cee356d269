"""A loaded model that answers from any thread."""

from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.imaging.normalise import normalise_stain
from core.inference.calibrate import apply_temperature
from core.registry.package import Package, load_model

# Bounds the memory of one call: VGG16's first feature maps take about 0.8 GB for this many pixels.
BATCH_PIXELS = 2**20
LARGEST_BATCH = 128
# Models kept in memory at once; the one that was loaded first makes room.
KEPT = 4

_loaded: dict[Path, "Classifier"] = {}
_loading = Lock()


class Classifier:
    """A model package that answers; TensorFlow is loaded when one is made.

    `lock` must be held by whoever else runs `model`, which is not safe to run from two threads.
    """

    def __init__(self, package: Package) -> None:
        import keras  # noqa: PLC0415 - takes seconds, and pages are drawn without it
        import tensorflow as tf  # noqa: PLC0415

        self.package = package
        self.card = package.card
        self.classes = package.card.classes
        self.lock = Lock()
        self.model: Any = load_model(package)
        spec = self.card.input
        self.batch = max(1, min(LARGEST_BATCH, BATCH_PIXELS // (spec.height * spec.width)))
        to_logits = keras.Model(self.model.input, self.model.get_layer("logits").output)

        def answer(pixels: Any) -> Any:
            logits = to_logits(tf.cast(pixels, tf.float32), training=False)
            return tf.cast(logits, tf.float32)

        signature = tf.TensorSpec((None, spec.height, spec.width, 3), tf.uint8)
        self._answer = tf.function(answer, input_signature=[signature])

    def logits(self, inputs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the network's raw outputs, (N, K), or (N, 1) of a sigmoid head.

        `inputs` are (N, h, w, 3) RGB of the card's size; they are answered a batch at a time.

        Raises
        ------
        ValueError
            If the inputs have another shape or type.
        """
        spec = self.card.input
        if inputs.dtype != np.uint8 or inputs.shape[1:] != (spec.height, spec.width, 3):
            raise ValueError(
                f"inputs are {inputs.dtype} of shape {inputs.shape}, "
                f"expected uint8 of shape (N, {spec.height}, {spec.width}, 3)"
            )
        answers = []
        for start in range(0, len(inputs), self.batch):
            ready = self.prepare(inputs[start : start + self.batch])
            with self.lock:
                answers.append(self._answer(ready).numpy())
        outputs = 1 if self.card.head == "sigmoid" else len(self.classes)
        return np.concatenate(answers) if answers else np.empty((0, outputs), np.float32)

    def prepare(self, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Normalise the stain of each input, (N, h, w, 3), as the card says."""
        stain = self.card.stain_normalisation
        if stain == "none":
            return inputs
        return np.stack([normalise_stain(pixels, stain) for pixels in inputs])

    def probabilities(self, inputs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated probabilities, (N, K) in the order of `classes`; see `logits`."""
        return apply_temperature(self.logits(inputs), self.card.temperature)


def get_classifier(package: Package) -> Classifier:
    """Return the process's one classifier of a package; it is loaded at the first call.

    Raises
    ------
    PackageError
        If the package's network cannot be loaded.
    """
    found = _loaded.get(package.path)
    if found and found.package == package:
        return found
    with _loading:
        found = _loaded.get(package.path)
        if not found or found.package != package:
            _loaded.pop(package.path, None)
            found = Classifier(package)
            while len(_loaded) >= KEPT:
                del _loaded[next(iter(_loaded))]
            _loaded[package.path] = found
    return found
