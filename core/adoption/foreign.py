"""A network made elsewhere, as it was loaded: what it takes, what it gives, and how it answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core import limited
from core.adoption.allowed import refuse_unsafe
from core.adoption.modern import modern
from core.adoption.saved_model import take_weights
from core.adoption.scaling import Scaling, scaled
from core.adoption.stored import Format, Stored, open_stored, with_config
from core.errors import PackageError
from core.hashing import sha256_of

Head = Literal["softmax", "sigmoid"]
COLOURS = 3
_BATCH, _BATCH_PIXELS = 32, 2**18
"""Images, and their pixels, at once: what is not compiled keeps every layer's output to its end."""
_LEAST_SIDE, _MOST_SIDE = 8, 4096


@dataclass(frozen=True)
class Foreign:
    """A network made elsewhere.

    Attributes
    ----------
    name : str
        Of its file.
    sha256 : str
        Of the file.
    format : "keras", "h5" or "saved model"
    model : keras.Model
        As it was, nested or not.
    side : int or None
        Of its square input, px; None where it takes any.
    outputs : int
    head : "softmax" or "sigmoid"
    activated : bool
        Whether it gives probabilities; else it gives what the head makes them of.
    """

    name: str
    sha256: str
    format: Format
    model: Any
    side: int | None
    outputs: int
    head: Head
    activated: bool

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return max(2, self.outputs)

    def probabilities(
        self, pixels: NDArray[np.uint8], scaling: Scaling, classes: list[int] | None = None
    ) -> NDArray[np.float64]:
        """Probabilities of RGB pixels (N, h, w, 3) scaled in that way, (N, K).

        `classes` are the outputs in the order wished for; by default they stay as they are.
        """
        values = in_batches(
            lambda part: self.model(scaled(part, scaling), training=False), pixels
        ).reshape(-1, self.outputs)
        if not self.activated:
            values = _activated(values, self.head)
        if self.head == "sigmoid":
            values = np.hstack([1 - values, values])
        return values if classes is None else values[:, classes]


def in_batches(
    run: Callable[[NDArray[np.uint8]], Any], pixels: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """What a network that is not compiled gives for pixels (N, h, w, 3), some of them at a time."""
    batch = max(1, min(_BATCH, _BATCH_PIXELS // (pixels.shape[1] * pixels.shape[2])))
    starts = range(0, len(pixels), batch)
    parts = [np.asarray(run(pixels[start : start + batch])) for start in starts]
    return np.concatenate(parts).astype(np.float64)


def read_foreign(path: Path, name: str | None = None) -> Foreign:
    """Load a network that was made elsewhere, safely.

    Parameters
    ----------
    path
        A `.keras`, a whole-model `.h5` or a SavedModel as `.zip`.
    name
        Of the file, where `path` is but a copy.

    Raises
    ------
    PackageError
        If it is none of these, unsafe, damaged, too large, or not a classifier of colour images.
    """
    limited.try_in_a_child("core.adoption.first_answer:answer_foreign", path)
    return load_foreign(path, name)


def load_foreign(path: Path, name: str | None = None) -> Foreign:
    """Load it in this process, as `read_foreign` does once it was seen to be bearable."""
    with TemporaryDirectory(prefix="lobule-") as folder:
        work, aside = Path(folder) / "unpacked", Path(folder) / "aside"
        work.mkdir()
        aside.mkdir()
        stored = open_stored(path, work)
        config = modern(stored.config)
        refuse_unsafe(config)
        model = _load(stored, config, aside)
    side = _side_of(model)
    head, activated, outputs = _head_of(model)
    return Foreign(
        name or path.name, sha256_of(path), stored.format, model, side, outputs, head, activated
    )


def _load(stored: Stored, config: dict[str, Any], aside: Path) -> Any:
    import keras  # noqa: PLC0415 - takes seconds

    try:
        if stored.format == "saved model":
            model = keras.models.model_from_json(json.dumps(config))
            take_weights(stored.path, model)
            return model
        copy = with_config(stored, config, aside)
        return keras.models.load_model(copy, compile=False, safe_mode=True)
    except PackageError:
        raise
    except Exception as error:  # Keras raises whatever a file makes it trip over
        # Keras wraps a layer's error into those of all that it is nested in; the first says why.
        reason = str(error).rpartition("Exception encountered: ")[2].strip().partition("\n")[0]
        reason = reason.replace(f"{aside}/", "")
        raise PackageError(
            f"Keras cannot load the network: {reason[:300]} Save it again where it was made: "
            'model.save("model.keras"), or as .h5 from an older Keras.'
        ) from error


def _side_of(model: Any) -> int | None:
    """Side of the square input; refuses what is no network of one colour image."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise PackageError(
            f"The network has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a "
            "classifier of images has one of each. Save only the classifying part."
        )
    shape = tuple(model.inputs[0].shape[1:])
    if len(shape) != COLOURS or shape[-1] != COLOURS:
        raise PackageError(
            f"The network takes inputs of shape {shape}; expected (height, width, 3), colour "
            "images with their channels last. Rebuild it for such input."
        )
    height, width = shape[:2]
    if height != width:
        raise PackageError(
            f"The network takes images of {width} × {height} px; Lobule needs a square input. "
            "Rebuild it for one."
        )
    if height is not None and not _LEAST_SIDE <= height <= _MOST_SIDE:
        raise PackageError(
            f"The network takes images of {height} px; from {_LEAST_SIDE} to {_MOST_SIDE} px "
            "are accepted."
        )
    return height


def _head_of(model: Any) -> tuple[Head, bool, int]:
    """What the network ends with, whether it is activated, and the number of outputs."""
    shape = tuple(model.outputs[0].shape[1:])
    if len(shape) != 1 or shape[0] is None:
        raise PackageError(
            f"The network gives values of shape {shape} for an image; a classifier gives one "
            "number per class. Add pooling and a Dense layer."
        )
    outputs, activation = int(shape[0]), activation_of(model)
    head: Head = "sigmoid" if outputs == 1 else "softmax"
    if activation not in {head, "linear"}:
        expected = "one sigmoid" if outputs == 1 else "a softmax, so that they sum to 1"
        raise PackageError(
            f"The network ends with {outputs} output{'s' * (outputs > 1)} and the activation "
            f"{activation}; expected {expected}, or none. Change its last layer and train it "
            "again."
        )
    return head, activation == head, outputs


def activation_of(model: Any) -> str:
    """Name of the activation that a network ends with; "linear" for none."""
    import keras  # noqa: PLC0415

    last: Any = model
    while isinstance(last, keras.Model):
        sequence = isinstance(last, keras.Sequential)
        last = last.layers[-1] if sequence else last.get_layer(last.output_names[0])
        if isinstance(last, keras.layers.Dropout):
            return "linear"
    return activation_of_layer(last)


def activation_of_layer(layer: Any) -> str:
    """Name of a layer's activation; "linear" where it has none."""
    if type(layer).__name__ == "Softmax":
        return "softmax"
    activation = getattr(layer, "activation", None)
    return str(getattr(activation, "__name__", "linear"))


def _activated(values: NDArray[np.float64], head: Head) -> NDArray[np.float64]:
    if head == "sigmoid":
        return 1 / (1 + np.exp(-values))
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
