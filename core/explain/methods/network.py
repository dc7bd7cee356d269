"""A network as the methods see it: a copy of its own, from pixels to logits."""

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import Stopped
from core.explain.gradcam import GradCAM, normalise
from core.explain.methods.on_encoder import EncoderNetwork
from core.explain.randomise import cascade, learnt_layers
from core.inference.classifier import Classifier
from core.registry.head import read_head
from core.registry.used_encoder import encoder_behind

ShareDone = Callable[[float], None]
"""Told the share that is done, in [0, 1]."""
Cancelled = Callable[[], bool]
"""Whether the user asked to stop."""

_known: WeakKeyDictionary[Classifier, "Network | EncoderNetwork"] = WeakKeyDictionary()
_making = Lock()


class Network:
    """A copy of a flat model that ends with its logits.

    A copy, because tf-keras-vis wants a linear output, because the randomisation test overwrites
    weights, and so that an explanation of minutes keeps no answer waiting. `lock` must be held by
    whoever runs it.

    Parameters
    ----------
    model
        A flat keras.Model that `core.architectures.build` made, also after loading.
    batch
        Inputs that may go through it at once.
    """

    def __init__(self, model: Any, batch: int) -> None:
        import keras  # noqa: PLC0415 - importing this module must not wait for TensorFlow
        import tensorflow as tf  # noqa: PLC0415

        to_logits = keras.Model(model.input, model.get_layer("logits").output)
        self.model: Any = keras.models.clone_model(to_logits)
        self._trained = to_logits.get_weights()
        self.model.set_weights(self._trained)
        self.batch = batch
        self.lock = Lock()
        self.outputs = int(self.model.output_shape[-1])
        self._gradcams: dict[str, GradCAM] = {}
        self._until: dict[str, Any] = {}
        signature = tf.TensorSpec((None, *self.model.input_shape[1:]), tf.float32)
        self._logits = tf.function(
            lambda pixels: tf.cast(self.model(pixels, training=False), tf.float32),
            input_signature=[signature],
        )

    def scores(self, inputs: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (N, K) logits of one batch; of a sigmoid head minus the logit, and the logit."""
        logits: NDArray[np.float32] = self._logits(inputs.astype(np.float32)).numpy()
        return logits if self.outputs > 1 else np.concatenate([-logits, logits], axis=1)

    def score_of(self, class_index: int) -> Callable[[Any], Any]:
        """Return tf-keras-vis's score function of a class: outputs to (N,) logits."""
        if self.outputs > 1:
            return lambda outputs: outputs[:, class_index]
        return lambda outputs: outputs[:, 0] if class_index else -outputs[:, 0]

    def features(self, layer: str, inputs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what a layer gives for one batch, (N, h, w, c)."""
        import keras  # noqa: PLC0415

        if layer not in self._until:
            self._until[layer] = keras.Model(self.model.input, self.model.get_layer(layer).output)
        features = self._until[layer](inputs.astype(np.float32), training=False)
        return np.asarray(features, np.float32)

    @property
    def learnt(self) -> int:
        """How many layers hold something learnt."""
        return len(learnt_layers(self.model))

    def cascade(
        self, stops: Sequence[int], inputs: NDArray[np.uint8], generator: np.random.Generator
    ) -> Iterator[int]:
        """Draw the weights of ever more layers anew; see `core.explain.randomise.cascade`."""
        return cascade(self.model, stops, inputs, generator)

    def restore(self) -> None:
        """Give the network its trained weights back."""
        self.model.set_weights(self._trained)

    def gradcam(self, layer: str) -> GradCAM:
        """The one-pass Grad-CAM at a layer, compiled once."""
        if layer not in self._gradcams:
            self._gradcams[layer] = GradCAM(self.model, layer)
        return self._gradcams[layer]


def network_of(classifier: Classifier) -> Network | EncoderNetwork:
    """Return the one copy of a classifier's network that explanations run on."""
    with _making:
        if classifier not in _known:
            _known[classifier] = copy_of(classifier)
        return _known[classifier]


def copy_of(classifier: Classifier) -> Network | EncoderNetwork:
    """A copy of a classifier's network that nobody else has.

    Raises
    ------
    PackageError
        If it is a model on an encoder that is not here any more.
    """
    if classifier.card.encoder is None:
        return Network(classifier.model, classifier.batch)
    package = classifier.package
    return EncoderNetwork(encoder_behind(package), read_head(package.path, package.card))


def stop_if(cancelled: Cancelled) -> None:
    """Raise Stopped where the user asked to stop."""
    if cancelled():
        raise Stopped("The explanation was stopped before it was done.")


def full_size(maps: NDArray[np.floating], height: int, width: int) -> NDArray[np.float32]:
    """Resize raw maps (N, h, w) to the inputs and stretch each over [0, 1]."""
    large = [cv2.resize(values.astype(np.float32), (width, height)) for values in maps]
    return normalise(np.stack(large))
