"""Answer and heatmap in one pass of a package's network."""

from collections.abc import Callable
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from core.errors import PackageError
from core.explain.gradcam import GradCAM, convolutional_layers
from core.inference.calibrate import apply_temperature
from core.inference.classifier import Classifier

Explain = Callable[[NDArray[np.uint8], int | None], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Inputs and a class to calibrated probabilities and raw heatmaps, in one pass."""

_known: WeakKeyDictionary[Classifier, dict[str, GradCAM]] = WeakKeyDictionary()
_making = Lock()


def explainer(classifier: Classifier, layer: str) -> Explain:
    """Return a function that answers and explains; compiled once for each model and layer.

    It takes (N, h, w, 3) uint8 inputs and the index of the class to explain, or None for each
    input's own answer, and returns (N, K) probabilities and (N, fh, fw) heatmaps as
    `core.explain.gradcam` defines them. It may be called from any thread.

    Raises
    ------
    PackageError
        If the network has no convolutional layer of that name.
    """
    with _making:
        known = _known.setdefault(classifier, {})
        if layer not in known:
            layers = convolutional_layers(classifier.model)
            if layer not in layers:
                raise PackageError(
                    f"The model {classifier.card.name!r} has no convolutional layer {layer!r}. "
                    f"Choose one of: {', '.join(layers)}."
                )
            known[layer] = GradCAM(classifier.model, layer)
        gradcam = known[layer]

    def explain(
        inputs: NDArray[np.uint8], target: int | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        ready = classifier.prepare(inputs)
        with classifier.lock:
            logits, heatmaps = gradcam(ready, target)
        return apply_temperature(logits, classifier.card.temperature), heatmaps

    return explain
