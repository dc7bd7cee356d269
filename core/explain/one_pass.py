"""Answer, heatmap and the evidence for using them, in one pass of a package's network.

Of inputs (`explainer`), and of an image, whole or in tiles (`answer_image`).
"""

from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from core.architectures.explainable import convolutional_layers
from core.errors import PackageError
from core.evaluation.calibration import apply_temperature
from core.explain.gradcam import GradCAM, normalise
from core.explain.passes import Explain, Explained, concatenate, explain_together
from core.imaging.resize import resize, shrink
from core.imaging.tissue import tissue_mask
from core.inference.classifier import Classifier, Ensemble
from core.inference.engine import Engine
from core.inference.tile_size import ScalePlan
from core.inference.tiled import Grow, Progress, TileMap, TilePlan, plan_tiles, tile_inputs

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
        explains = [explainer(each, each.card.heatmap_layer) for each in classifier.members]
        return explain_together(classifier, explains)
    if classifier.engine and layer == classifier.engine.layer:
        return _by_engine(classifier, classifier.engine)
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


def _by_engine(classifier: Classifier, engine: Engine) -> Explain:
    """Answer and explain in one pass of the engine, for a layer whose gradients are known."""

    def explain(inputs: NDArray[np.uint8], target: int | None) -> Explained:
        ready = classifier.prepare(inputs)
        with classifier.lock:
            passed = engine.run(ready)
        assert passed.class_maps is not None  # noqa: S101 - the engine names no layer without
        probabilities = apply_temperature(passed.logits, classifier.card.temperature)
        rows = np.arange(len(inputs))
        classes = probabilities.argmax(axis=1) if target is None else target
        return Explained(
            probabilities,
            np.maximum(passed.class_maps[rows, :, :, classes], 0),
            classifier.distances(passed.features),
            classifier.sharpness(ready),
            None,
        )

    return explain


def explainable_layers(classifier: Classifier) -> list[str]:
    """Layers that a heatmap can be asked of; of an ensemble the one choice of its card."""
    if isinstance(classifier, Ensemble):
        return [classifier.card.heatmap_layer]
    if classifier.engine:
        return list(classifier.engine.layers)
    return convolutional_layers(classifier.model)


@dataclass(frozen=True, slots=True)
class ExplainedImage:
    """What the network made of an image, before it is put in words."""

    probabilities: NDArray[np.float32]
    """(K,) calibrated."""
    heatmap: NDArray[np.float32]
    """(h, w) from 0 to the highest probability of the class that any input has, so that what
    hardly speaks for the class does not glow; NaN where there is no tissue."""
    explained: int
    """Index of the class that the heatmap is about."""
    tissue: float
    """Share of the image that is tissue."""
    most_tissue: float
    """Share of the tile with most tissue; of an image that is one input, the same as `tissue`."""
    distance: float | None
    """Distance from the training images over the largest in scope: the mean over the tiles that
    are mostly tissue."""
    sharpness: float | None
    """Over the least in scope: the median over the same tiles."""
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
    grow: Grow | None = None,
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
    grow
        Given its probability map as it grows.

    Raises
    ------
    ImageError
        If the image has too many tiles.
    """
    pixels = shrink(pixels, scale.shrink)
    if scale.one_piece:
        return _answer_whole(pixels, classifier, explain, target)
    return _answer_tiles(pixels, scale.trained_tile, classifier, explain, target, progress, grow)


def _answer_whole(
    pixels: NDArray[np.uint8], classifier: Classifier, explain: Explain, target: int | None
) -> ExplainedImage:
    spec = classifier.card.input
    resized = resize(pixels, spec.height, spec.width)
    inputs = resized[np.newaxis]
    explained = explain(inputs, target)
    tissue = float(tissue_mask(resized).mean())
    shown = int(explained.probabilities[0].argmax()) if target is None else target
    return ExplainedImage(
        probabilities=explained.probabilities[0],
        heatmap=normalise(explained.heatmaps[0]) * explained.probabilities[0, shown],
        explained=shown,
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
    grow: Grow | None,
) -> ExplainedImage:
    card = classifier.card
    plan = plan_tiles(pixels, tile)
    size = (card.input.height, card.input.width)
    all_inputs = partial(tile_inputs, pixels, plan, size, batch=classifier.batch, progress=progress)
    if target is None:
        # Which class to explain is known only once every tile has been answered.
        chances = np.concatenate([classifier.probabilities(inputs) for inputs in all_inputs()])
        target = int(plan.answered(chances).of_image(card).argmax())
    parts = []
    for inputs in all_inputs():
        parts.append(explain(inputs, target))
        if grow:
            grow(plan.so_far([part.probabilities[:, target] for part in parts]))
    explained = concatenate(parts)
    tiles = plan.answered(explained.probabilities, explained.heatmaps)
    inner = tiles.mostly_tissue()
    distances, sharpness, members = explained.distances, explained.sharpness, explained.members
    return ExplainedImage(
        probabilities=tiles.of_image(card),
        heatmap=normalise(tiles.heatmap()) * explained.probabilities[:, target].max(),
        explained=target,
        tissue=float(tiles.tissue.mean()),
        most_tissue=float(tiles.tissue.max()),
        distance=None if distances is None else float(distances[inner].mean()),
        sharpness=None if sharpness is None else float(np.median(sharpness[inner])),
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
