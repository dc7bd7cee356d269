"""Answer, heatmap and the evidence for using them, in one pass of a package's network.

Of inputs (`explainer`), and of an image, whole or in tiles (`answer_image`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import PackageError
from core.explain.gradcam import GradCAM, convolutional_layers, normalise
from core.imaging.resize import resize, shrink
from core.imaging.tissue import tissue_mask
from core.inference.classifier import Classifier, Ensemble, apply_temperature
from core.inference.scale import ScalePlan
from core.inference.tiled import Progress, TileMap, TilePlan, plan_tiles, tile_inputs


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

# Of a larger image so many tiles are turned as hold this many input pixels together: seven of 96 px
# or one of 224 px, whose eight views take eight forward passes. `benchmarks/trust.py` prints what
# that costs beside the answer itself.
MOST_TURNED_PIXELS = 2**16

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


@dataclass(frozen=True, slots=True)
class ExplainedImage:
    """What the network made of an image, before it is put in words."""

    probabilities: NDArray[np.float32]
    """(K,) calibrated."""
    heatmap: NDArray[np.float32]
    """(h, w) in [0, 1]; NaN where there is no tissue."""
    explained: int
    """Index of the class that the heatmap is about."""
    tissue: float
    """Share of the image that is tissue."""
    most_tissue: float
    """Share of the tile with most tissue; of an image that is one input, the same as `tissue`."""
    distance: float | None
    """Distance from the training images over the largest in scope: the mean over the tiles, each
    counting by its share of tissue."""
    sharpness: float | None
    """Over the least in scope: the median over the tiles."""
    members: tuple[NDArray[np.float32], ...] | None
    """(K,) of each member of an ensemble."""
    sample: NDArray[np.uint8]
    """(n, h, w, 3) inputs to be turned: the whole image, or some of its tiles."""
    tiles: TileMap | None = None


def answer_image(
    pixels: NDArray[np.uint8],
    scale: ScalePlan,
    classifier: Classifier,
    explain: Explain,
    target: int | None,
    progress: Progress | None = None,
) -> ExplainedImage:
    """Answer an image at the scale that was planned for it.

    A finer image is brought to the scale of training first: so the network sees every image as
    sharp as those it learnt from.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    scale
        How large a tile is, and whether the image is one.
    classifier, explain
        The model, and its pass.
    target
        Index of the class to explain; None for the one that is answered.
    progress
        Told how far a large image is.

    Raises
    ------
    ImageError
        If the image has too many tiles.
    """
    pixels = shrink(pixels, scale.shrink)
    if scale.one_piece:
        return _answer_whole(pixels, classifier, explain, target)
    return _answer_tiles(pixels, scale.trained_tile, classifier, explain, target, progress)


def _answer_whole(
    pixels: NDArray[np.uint8], classifier: Classifier, explain: Explain, target: int | None
) -> ExplainedImage:
    spec = classifier.card.input
    resized = resize(pixels, spec.height, spec.width)
    inputs = resized[np.newaxis]
    explained = explain(inputs, target)
    tissue = float(tissue_mask(resized).mean())
    return ExplainedImage(
        probabilities=explained.probabilities[0],
        heatmap=normalise(explained.heatmaps[0]),
        explained=int(explained.probabilities[0].argmax()) if target is None else target,
        tissue=tissue,
        most_tissue=tissue,
        distance=None if explained.distances is None else float(explained.distances[0]),
        sharpness=None if explained.sharpness is None else float(explained.sharpness[0]),
        members=None if explained.members is None else tuple(explained.members[:, 0]),
        sample=inputs,
    )


def _answer_tiles(
    pixels: NDArray[np.uint8],
    tile: int,
    classifier: Classifier,
    explain: Explain,
    target: int | None,
    progress: Progress | None,
) -> ExplainedImage:
    card = classifier.card
    plan = plan_tiles(pixels, tile)
    size = (card.input.height, card.input.width)
    all_inputs = partial(tile_inputs, pixels, plan, size, batch=classifier.batch, progress=progress)
    if target is None:
        # Which class to explain is known only once every tile has been answered.
        chances = np.concatenate([classifier.probabilities(inputs) for inputs in all_inputs()])
        target = int(plan.answered(chances).of_image(card).argmax())
    explained = _concatenate([explain(inputs, target) for inputs in all_inputs()])
    tiles = plan.answered(explained.probabilities, explained.heatmaps)
    distances, sharpness, members = explained.distances, explained.sharpness, explained.members
    return ExplainedImage(
        probabilities=tiles.of_image(card),
        heatmap=normalise(tiles.heatmap()),
        explained=target,
        tissue=float(tiles.tissue.mean()),
        most_tissue=float(tiles.tissue.max()),
        distance=None if distances is None else tiles.mean_over_tissue(distances),
        sharpness=None if sharpness is None else float(np.median(sharpness)),
        members=None
        if members is None
        else tuple(plan.answered(chances).of_image(card) for chances in members),
        sample=_sample(pixels, plan, size, classifier.batch),
        tiles=tiles,
    )


def _sample(
    pixels: NDArray[np.uint8], plan: TilePlan, size: tuple[int, int], batch: int
) -> NDArray[np.uint8]:
    """Cut the tiles that are to be turned, once more."""
    used = np.flatnonzero(plan.used)
    turned = np.zeros_like(plan.used)
    turned[used[spaced(len(used), size[0] * size[1])]] = True
    tiles = tile_inputs(pixels, replace(plan, used=turned), size, batch=batch)
    return np.concatenate(list(tiles))


def spaced(number: int, pixels: int) -> NDArray[np.int64]:
    """Which of so many tiles, of so many pixels each as inputs, are turned: evenly spaced."""
    turned = min(number, max(1, MOST_TURNED_PIXELS // pixels))
    return ((np.arange(turned) + 0.5) * number / turned).astype(np.int64)


def _explain_together(ensemble: Ensemble) -> Explain:
    """Average answers, heatmaps and evidence over the members."""
    explains = [explainer(member, member.card.heatmap_layer) for member in ensemble.members]

    def explain(inputs: NDArray[np.uint8], target: int | None) -> Explained:
        if target is None:
            # Every member must explain the same class: the one that they answer together.
            answers = ensemble.probabilities(inputs).argmax(axis=1)
            parts = [
                explain(inputs[row : row + 1], int(index)) for row, index in enumerate(answers)
            ]
            return _concatenate(parts)
        parts = [
            explain_one(ensemble.shrink(inputs, member), target)
            for explain_one, member in zip(explains, ensemble.members, strict=True)
        ]
        chances = np.stack([part.probabilities for part in parts])
        return Explained(
            chances.mean(axis=0),
            _mean_heatmap([part.heatmaps for part in parts], ensemble),
            _mean([part.distances for part in parts]),
            _mean([part.sharpness for part in parts]),
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
