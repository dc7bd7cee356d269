"""Answer one image, whole or in tiles, with its heatmap and the evidence for using the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.explain.gradcam import normalise
from core.explain.one_pass import Explain, Explained
from core.imaging.resize import resize
from core.imaging.tissue import tissue_mask
from core.inference.classifier import Classifier
from core.inference.scale import ScalePlan
from core.inference.tiled import TileMap, answer_tiles, plan_tiles
from core.inference.uncertainty import spaced
from core.registry.card import Card

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network made of an image, before it is put in words."""

    probabilities: NDArray[np.float32]
    """(K,) calibrated."""
    heatmap: NDArray[np.float32]
    """(h, w) in [0, 1]; NaN where there is no tissue."""
    explained: int
    """Index of the class that the heatmap is about."""
    tissue: float
    """Share of the image that is tissue."""
    distance: float | None
    """Distance from the training images over the largest in scope: the mean over the tiles."""
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
) -> Answer:
    """Answer an image at the scale that was planned for it.

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
    if scale.one_piece:
        return _answer_whole(pixels, classifier, explain, target)
    return _answer_tiled(pixels, scale.tile, classifier, explain, target, progress)


def _answer_whole(
    pixels: NDArray[np.uint8], classifier: Classifier, explain: Explain, target: int | None
) -> Answer:
    spec = classifier.card.input
    resized = resize(pixels, spec.height, spec.width)
    inputs = resized[np.newaxis]
    found = explain(inputs, target)
    return Answer(
        probabilities=found.probabilities[0],
        heatmap=normalise(found.heatmaps[0]),
        explained=int(found.probabilities[0].argmax()) if target is None else target,
        tissue=float(tissue_mask(resized).mean()),
        distance=None if found.distances is None else float(found.distances[0]),
        sharpness=None if found.sharpness is None else float(found.sharpness[0]),
        members=None if found.members is None else tuple(found.members[:, 0]),
        sample=inputs,
    )


@dataclass
class _Evidence:
    """What is kept of each batch of tiles besides answers and heatmaps."""

    wanted: NDArray[np.int64]
    seen: int = 0
    distances: list[NDArray[np.float64]] = field(default_factory=list)
    sharpness: list[NDArray[np.float64]] = field(default_factory=list)
    members: list[NDArray[np.float32]] = field(default_factory=list)
    sample: list[NDArray[np.uint8]] = field(default_factory=list)

    def keep(self, inputs: NDArray[np.uint8], found: Explained) -> None:
        here = self.wanted - self.seen
        self.sample.append(inputs[here[(here >= 0) & (here < len(inputs))]])
        self.seen += len(inputs)
        for kept, values in (
            (self.distances, found.distances),
            (self.sharpness, found.sharpness),
            (self.members, found.members),
        ):
            if values is not None:
                kept.append(values)  # type: ignore[arg-type]  # each list takes its own kind


def _answer_tiled(
    pixels: NDArray[np.uint8],
    tile: int,
    classifier: Classifier,
    explain: Explain,
    target: int | None,
    progress: Progress | None,
) -> Answer:
    card = classifier.card
    plan = plan_tiles(pixels, tile)
    answer_all = partial(
        answer_tiles,
        pixels,
        plan,
        (card.input.height, card.input.width),
        batch=classifier.batch,
        progress=progress,
    )
    if target is None:
        # Which class to explain is known only once every tile has been answered.
        first = answer_all(lambda inputs: (classifier.probabilities(inputs), None))
        target = int(_of_tiles(first, card).argmax())
    evidence = _Evidence(spaced(int(plan.used.sum()), card.input.height * card.input.width))

    def answer(inputs: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        found = explain(inputs, target)
        evidence.keep(inputs, found)
        return found.probabilities, found.heatmaps

    tiles = answer_all(answer)
    return Answer(
        probabilities=_of_tiles(tiles, card),
        heatmap=normalise(tiles.heatmap()),
        explained=target,
        tissue=float(tiles.tissue.mean()),
        distance=float(np.concatenate(evidence.distances).mean()) if evidence.distances else None,
        sharpness=float(np.median(np.concatenate(evidence.sharpness)))
        if evidence.sharpness
        else None,
        members=_of_members(tiles, np.concatenate(evidence.members, axis=1), card)
        if evidence.members
        else None,
        sample=np.concatenate(evidence.sample),
        tiles=tiles,
    )


def _of_members(
    tiles: TileMap, chances: NDArray[np.float32], card: Card
) -> tuple[NDArray[np.float32], ...]:
    """What each member alone would answer: (M, used tiles, K) to M times (K,)."""
    return tuple(_of_tiles(tiles.answered(own), card) for own in chances)


def _of_tiles(tiles: TileMap, card: Card) -> NDArray[np.float32]:
    """Return the probabilities of the whole image, by the rule that the model was judged by."""
    if card.input.fit == "crops":
        return tiles.field_probabilities()
    return tiles.image_probabilities(card.positive_index)
