"""Grad-CAM (Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74) in the same pass as the answer."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.architectures.explainable import convolutional_layers
from core.errors import ArchitectureError

PREDICTED = -1  # stands for each image's own predicted class


class GradCAM:
    """Answer and heatmap of one layer, compiled once; the first call takes longer.

    The heatmap is the sum of the layer's channels, each weighted by the mean gradient of the
    class's logit, negative sums set to 0. Batch normalisation and dropout are as in prediction.
    Freezing layers (`trainable`) changes nothing.

    Parameters
    ----------
    model
        A flat keras.Model that `core.architectures.build` made, also after loading.
    layer
        Name of any layer in `convolutional_layers(model)`, also inside a residual or dense block.

    Raises
    ------
    ArchitectureError
        If the model has no such layer, or the layer has no map from which the answer follows.
    """

    def __init__(self, model: Any, layer: str) -> None:
        self.layer = layer
        self.input_shape: tuple[int, int, int] = tuple(model.input_shape[1:])
        self.classes = max(2, model.output_shape[-1])
        self._run = _compile(model, layer)

    def __call__(
        self, inputs: ArrayLike, class_index: int | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Answer for a batch of images, and explain one class.

        Parameters
        ----------
        inputs
            (N, height, width, 3) RGB in [0, 255], uint8 or float32, of the model's input size.
        class_index
            Class to explain, from 0; None explains each image's own predicted class. For a
            sigmoid head class 0 has minus the logit for its score.

        Returns
        -------
        logits
            (N, K) float32; (N, 1) for a sigmoid head.
        heatmaps
            (N, h, w) float32, at the layer's resolution, 0 or above, not normalised.

        Raises
        ------
        ArchitectureError
            If the inputs have another size or there is no such class.
        """
        logits, heatmaps, _ = self.with_features(inputs, class_index)
        return logits, heatmaps

    def with_features(
        self, inputs: ArrayLike, class_index: int | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """The same, and what the layer "logits" was given: (N, F) features, of the same pass."""
        pixels = np.asarray(inputs, dtype=np.float32)
        if pixels.shape[1:] != self.input_shape:
            raise ArchitectureError(
                f"Received images of shape {pixels.shape}; the model takes (images, height, width, "
                f"colours) with {self.input_shape} for the last three. Resize the images first."
            )
        if class_index is not None and not 0 <= class_index < self.classes:
            raise ArchitectureError(
                f"Received class number {class_index}; the model has {self.classes} classes, "
                f"numbered from 0. Choose a number up to {self.classes - 1}."
            )
        chosen = PREDICTED if class_index is None else class_index
        logits, heatmaps, features = self._run(pixels, np.int32(chosen))
        return logits.numpy(), heatmaps.numpy(), features.numpy()


def normalise(heatmap: ArrayLike) -> NDArray[np.float32]:
    """Stretch a heatmap over [0, 1].

    Parameters
    ----------
    heatmap
        (h, w), or (N, h, w) of which each map is stretched by itself. NaN marks places without a
        value.

    Returns
    -------
    ndarray of float32
        Same shape. NaN stays; a map that is the same everywhere shows nothing and becomes 0.
    """
    values = np.asarray(heatmap, dtype=np.float32)
    low = np.fmin.reduce(values, axis=(-2, -1), keepdims=True)
    span = np.fmax.reduce(values, axis=(-2, -1), keepdims=True) - low
    return np.divide(values - low, span, out=values - low, where=span > 0)


def _compile(model: Any, layer: str) -> Callable[..., Any]:
    """Compile (pixels, class number) to (logits, heatmaps, features).

    One graph from the pixels to the layer and the logits serves every layer, also one that skip
    connections go round, which a split of the network into two parts would not. It costs no more
    than a split: differentiating the logits by the layer's output adds only the backward part
    between the two.
    """
    import keras  # noqa: PLC0415 (importing this module must not wait for TensorFlow)
    import tensorflow as tf  # noqa: PLC0415

    if layer not in convolutional_layers(model):
        raise ArchitectureError(
            f"The layer {layer!r} of {model.name} cannot be explained: a heatmap needs a "
            "layer whose output is a map of the image. Choose one that convolutional_layers "
            "names, or the model's default."
        )
    last = model.get_layer("logits")
    joint = keras.Model(model.input, [model.get_layer(layer).output, last.output, last.input])

    def answer(pixels: Any, class_index: Any) -> tuple[Any, Any, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            maps, logits, features = joint(pixels, training=False)
            scores = logits if logits.shape[1] > 1 else tf.concat([-logits, logits], axis=1)
            predicted = tf.argmax(scores, axis=1, output_type=tf.int32)
            explained = tf.where(class_index == PREDICTED, predicted, class_index)
            score = tf.gather(scores, explained, axis=1, batch_dims=1)
        gradients = tf.cast(tape.gradient(score, maps), tf.float32)
        weights = tf.reduce_mean(gradients, axis=(1, 2))
        heatmaps = tf.einsum("nhwc,nc->nhw", tf.cast(maps, tf.float32), weights)
        return tf.cast(logits, tf.float32), tf.nn.relu(heatmaps), tf.cast(features, tf.float32)

    signature = [
        tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),
        tf.TensorSpec((), tf.int32),
    ]
    return tf.function(answer, input_signature=signature)
