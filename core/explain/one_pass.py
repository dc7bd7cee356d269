"""Answer, heatmap and the evidence for using them, in one pass of a package's network."""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import PackageError
from core.explain.gradcam import GradCAM, convolutional_layers
from core.inference.calibrate import apply_temperature
from core.inference.classifier import Classifier, Ensemble


class Explained(NamedTuple):
    """What one pass gives for N inputs."""

    probabilities: NDArray[np.float32]
    """(N, K) calibrated."""
    heatmaps: NDArray[np.float32]
    """(N, fh, fw), raw, as `core.explain.gradcam` defines them."""
    distances: NDArray[np.float64] | None
    """(N,) distance from the training images over the largest in scope, or None without a test."""
    sharpness: NDArray[np.float64] | None
    """(N,) over the least in scope, or None without a test."""
    members: NDArray[np.float32] | None
    """(M, N, K) calibrated probabilities of an ensemble's members, else None."""


Explain = Callable[[NDArray[np.uint8], int | None], Explained]
"""Inputs (N, h, w, 3) and the index of the class to explain, or None for each input's own answer.

May be called from any thread.
"""

_known: WeakKeyDictionary[Classifier, dict[str, GradCAM]] = WeakKeyDictionary()
_making = Lock()


def explainer(classifier: Classifier, layer: str) -> Explain:
    """Return a function that answers and explains; compiled once for each model and layer.

    The members of an ensemble are explained at the layers that their own cards name.

    Raises
    ------
    PackageError
        If there is no layer of that name that can be explained.
    """
    if layer not in (layers := explainable_layers(classifier)):
        raise PackageError(
            f"The model {classifier.card.name!r} has no convolutional layer {layer!r}. "
            f"Choose one of: {', '.join(layers)}."
        )
    if isinstance(classifier, Ensemble):
        return _explain_together(classifier)
    with _making:
        known = _known.setdefault(classifier, {})
        if layer not in known:
            known[layer] = GradCAM(classifier.model, layer)
        gradcam = known[layer]

    def explain(inputs: NDArray[np.uint8], target: int | None) -> Explained:
        ready = classifier.prepare(inputs)
        with classifier.lock:
            logits, heatmaps, features = gradcam.with_features(ready, target)
        return Explained(
            apply_temperature(logits, classifier.card.temperature),
            heatmaps,
            classifier.distances(features),
            classifier.sharpness(ready),
            None,
        )

    return explain


def explainable_layers(classifier: Classifier) -> list[str]:
    """Layers that a heatmap can be asked of; of an ensemble the one choice of its card."""
    if isinstance(classifier, Ensemble):
        return [classifier.card.heatmap_layer]
    return convolutional_layers(classifier.model)


def _explain_together(ensemble: Ensemble) -> Explain:
    """Average answers, heatmaps and evidence over the members."""
    explains = [explainer(member, member.card.heatmap_layer) for member in ensemble.members]

    def explain(inputs: NDArray[np.uint8], target: int | None) -> Explained:
        if target is None:
            # Every member must explain the same class: the one that they answer together.
            answers = ensemble.probabilities(inputs).argmax(axis=1)
            parts = [explain(inputs[row : row + 1], int(own)) for row, own in enumerate(answers)]
            return _concatenate(parts)
        found = [
            explain_one(ensemble.shrink(inputs, member), target)
            for explain_one, member in zip(explains, ensemble.members, strict=True)
        ]
        chances = np.stack([part.probabilities for part in found])
        return Explained(
            chances.mean(axis=0),
            _mean_heatmap([part.heatmaps for part in found], ensemble),
            _mean([part.distances for part in found]),
            _mean([part.sharpness for part in found]),
            chances,
        )

    return explain


def _mean_heatmap(heatmaps: list[NDArray[np.float32]], ensemble: Ensemble) -> NDArray[np.float32]:
    """Average heatmaps of several networks at the size of the finest.

    A raw heatmap spreads a logit over its places, so it is multiplied by their number and divided
    by the temperature: then each is in units of its member's calibrated logit.
    """
    height, width = np.max([maps.shape[1:] for maps in heatmaps], axis=0)
    total = np.zeros((len(heatmaps[0]), height, width), np.float32)
    for maps, member in zip(heatmaps, ensemble.members, strict=True):
        unit = maps.shape[1] * maps.shape[2] / member.card.temperature / len(heatmaps)
        for row, heat in enumerate(maps):
            total[row] += unit * cv2.resize(heat, (int(width), int(height)))
    return total


def _mean(values: list[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    """Mean over the members that carry the test; None where none does."""
    known = [value for value in values if value is not None]
    return np.mean(known, axis=0) if known else None


def _concatenate(parts: list[Explained]) -> Explained:
    def join(values: list[NDArray | None], axis: int = 0) -> NDArray | None:
        known = [value for value in values if value is not None]
        return np.concatenate(known, axis=axis) if known else None

    return Explained(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.heatmaps for part in parts]),
        join([part.distances for part in parts]),
        join([part.sharpness for part in parts]),
        join([part.members for part in parts], axis=1),
    )
