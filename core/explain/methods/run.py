"""An explanation of a package's answer by any method, one network or an ensemble."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import PackageError
from core.explain.gradcam import normalise
from core.explain.methods.cams import grad_cam, grad_cam_plus_plus, layer_cam
from core.explain.methods.catalogue import MethodName, methods_for
from core.explain.methods.network import (
    Cancelled,
    ShareDone,
    full_size,
    network_of,
    stop_if,
)
from core.explain.methods.occlusion import occlusion
from core.explain.methods.score_cam import score_cam
from core.explain.methods.smooth_grad import smooth_grad
from core.explain.one_pass import explainable_layers, explainer
from core.inference.classifier import Classifier, Ensemble

# How often somebody who waits for his turn looks whether he still wants it.
_WAIT_SECONDS = 0.2


class Method(Protocol):
    """A way to explain: maps (N, H, W) in [0, 1] of inputs (N, H, W, 3), each stretched by itself.

    `network` is a `Network`, or an `EncoderNetwork` where `methods_for` a model allows it.
    `layer` is the layer that class activation maps look at; others leave it alone. `progress` gets
    the share done. Raises Stopped soon after `cancelled` gives True.
    """

    def __call__(
        self,
        network: Any,
        layer: str,
        inputs: NDArray[np.uint8],
        class_index: int,
        progress: ShareDone,
        cancelled: Cancelled,
    ) -> NDArray[np.float32]:
        """Explain the inputs."""


FUNCTIONS: dict[str, Method] = {
    "gradcam": grad_cam,
    "gradcam++": grad_cam_plus_plus,
    "layercam": layer_cam,
    "scorecam": score_cam,
    "smoothgrad": smooth_grad,
    "occlusion": occlusion,
}


def explain(
    classifier: Classifier,
    inputs: NDArray[np.uint8],
    class_index: int,
    method: MethodName,
    *,
    layer: str | None = None,
    progress: ShareDone = lambda _: None,
    cancelled: Cancelled = lambda: False,
) -> NDArray[np.float32]:
    """Explain a class on some inputs of a package.

    May be called from any thread; explanations of one network take turns, answers do not wait for
    them. Of an ensemble it is the mean of the members' maps, each stretched over [0, 1] first,
    except for Grad-CAM, which is that of the answer (`core.explain.one_pass`).

    Parameters
    ----------
    classifier
        The package's.
    inputs
        (N, H, W, 3) RGB uint8 of the card's size.
    class_index
        The class to explain, from 0.
    method
        One of `core.explain.methods.catalogue.METHODS`.
    layer
        For class activation maps; by default the card's. Members of an ensemble look at their own.
    progress
        Told the share that is done, in [0, 1].
    cancelled
        Asked now and then whether to stop.

    Returns
    -------
    NDArray[np.float32]
        (N, H, W) in [0, 1]; a map without any difference is 0 everywhere.

    Raises
    ------
    Stopped
        If `cancelled` gave True.
    PackageError
        If there is no such class, or no such layer that can be explained.
    """
    if not 0 <= class_index < len(classifier.classes):
        raise PackageError(
            f"The model {classifier.card.name!r} has no class number {class_index}; its "
            f"{len(classifier.classes)} classes are numbered from 0."
        )
    if method not in (known := methods_for(classifier.package)):
        raise PackageError(
            f"The model {classifier.card.name!r} rests on an encoder and cannot be explained by "
            f"{method!r}. Choose one of: {', '.join(known)}."
        )
    layer = layer or classifier.card.heatmap_layer
    _refuse_layer(classifier, layer)
    if method == "gradcam":
        stop_if(cancelled)
        heatmaps = explainer(classifier, layer)(inputs, class_index).heatmaps
        progress(1.0)
        return full_size(heatmaps, *inputs.shape[1:3])
    if not isinstance(classifier, Ensemble):
        return _alone(classifier, inputs, class_index, method, layer, progress, cancelled)
    total = np.zeros(inputs.shape[:3], np.float32)
    for number, member in enumerate(classifier.members):

        def progress_of_all(share: float, done: int = number) -> None:
            progress((done + share) / len(classifier.members))

        shrunk = classifier.shrink(inputs, member)
        maps = explain(
            member, shrunk, class_index, method, progress=progress_of_all, cancelled=cancelled
        )
        total += full_size(maps, *inputs.shape[1:3])
    return normalise(total)


def _alone(
    classifier: Classifier,
    inputs: NDArray[np.uint8],
    class_index: int,
    method: MethodName,
    layer: str,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    network = network_of(classifier)
    ready = classifier.prepare(inputs)
    while not network.lock.acquire(timeout=_WAIT_SECONDS):
        stop_if(cancelled)
    try:
        return FUNCTIONS[method](network, layer, ready, class_index, progress, cancelled)
    finally:
        network.lock.release()


def _refuse_layer(classifier: Classifier, layer: str) -> None:
    if layer not in (layers := explainable_layers(classifier)):
        raise PackageError(
            f"The model {classifier.card.name!r} has no convolutional layer {layer!r}. "
            f"Choose one of: {', '.join(layers)}."
        )
