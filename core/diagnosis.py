"""The image journey in one place: bytes in, a diagnosis out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.choice import choose
from core.datasets.published_scale import scale_by_name
from core.errors import PackageError
from core.explain.one_pass import ExplainedImage, answer_image, explainer
from core.imaging.read import Image, read_image
from core.imaging.two_stains import third_direction
from core.inference.classifier import Classifier, get_classifier
from core.inference.outcome import (
    Outcome,
    ScopeCheck,
    Uncertainty,
    cautions,
    check_scope,
    give_outcome,
    most_fitting,
)
from core.inference.routing import Chosen
from core.inference.tile_size import ScalePlan, plan_scale
from core.inference.tiled import Progress, TileMap
from core.registry.card import Card
from core.registry.card_results import OperatingPoint
from core.registry.package import Package


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a model says about an image, with everything that is needed to judge it."""

    name: str
    """The image's name or path, as it came."""
    image: Image
    card: Card
    model_sha256: str
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    """(K,) calibrated, in the order of `classes`."""
    predicted: str
    """By the operating point where there is one, else the most probable class; see `outcome`."""
    outcome: Outcome
    """What may be said of the image."""
    scope: ScopeCheck
    uncertainty: Uncertainty
    """About the positive class, or the predicted one where the task has no positive class."""
    operating_point: OperatingPoint | None
    um_per_px: float | None
    """The image's scale; None where it is unknown and the training scale was assumed."""
    scale: ScalePlan
    tiles: int
    """Tiles that were answered; 1 for an image that is one input."""
    probability_map: NDArray[np.float32] | None
    """(H', W') probability of the positive class, or of the predicted one where the task has no
    positive class; NaN where there is no tissue. None for an image that is one input."""
    positive_share: float | None
    """Share of the tissue at or above the operating point, in [0, 1]; None for one input."""
    heatmap: NDArray[np.float32]
    """(h, w) over the whole image, from 0 to the highest probability of `heatmap_class` that any
    input has; NaN where there is no tissue."""
    heatmap_class: str
    heatmap_layer: str
    chosen: Chosen | None
    """Why this model; None where it was asked for."""
    engine: str | None
    """What ran the network; None where that was not yet noted."""
    warnings: tuple[str, ...]
    """What else to know before relying on the answer, in sentences."""
    timings: dict[str, float]
    """Seconds of `read`, `choose`, `prepare` (which loads the model), `answer`, `total`."""
    seconds: float
    """The total."""

    def to_json(self) -> dict[str, Any]:
        """Return the result as the command line prints it and the page gives it for download."""
        point, fitting = self.operating_point, self.outcome.prediction_set
        return {
            "path": self.name,
            "sha256": self.image.info.sha256,
            "model": self.card.name,
            "model_sha256": self.model_sha256,
            "classes": list(self.classes),
            "probabilities": [round(float(value), 6) for value in self.probabilities],
            "predicted": self.predicted,
            "outcome": self.outcome.name,
            "reasons": list(self.outcome.reasons),
            "prediction_set": None if fitting is None else list(fitting),
            "demonstration": bool(self.card.evaluation and self.card.evaluation.demonstration),
            "scope": {
                "tested": self.scope.tested,
                "inside": self.scope.inside,
                "distance": _rounded(self.scope.distance),
                "sharpness": _rounded(self.scope.sharpness),
                "tissue": _rounded(self.scope.tissue),
            },
            "uncertainty": {
                "about": self.uncertainty.about,
                "views": _rounded(self.uncertainty.views),
                "members": self.uncertainty.members
                and [_rounded(value) for value in self.uncertainty.members],
            },
            "operating_point": point
            and {"positive_class": point.positive_class, "threshold": point.threshold},
            "um_per_px": self.um_per_px,
            "tiles": self.tiles,
            "chosen": self.chosen and self.chosen.because,
            "engine": self.engine,
            "seconds": round(self.seconds, 4),
        }


def diagnose(
    source: bytes | Path,
    *,
    name: str | None = None,
    package: Package | None = None,
    um_per_px: float | None = None,
    heatmap_class: str | None = None,
    heatmap_layer: str | None = None,
    progress: Progress | None = None,
    grow: Callable[[Image, NDArray[np.float32] | None], None] | None = None,
) -> Diagnosis:
    """Answer an image, with a heatmap of what the answer rests on.

    Parameters
    ----------
    source
        The image file's bytes or path.
    name
        What to call the image; by default its path.
    package
        The model; by default the one at hand that knows such images (`core.inference.routing`).
    um_per_px
        The image's scale in µm/px, where the file states none.
    heatmap_class
        The class to explain; by default the positive class, whichever way the answer went, and
        the predicted class if there is none.
    heatmap_layer
        The convolutional layer to look at; by default the card's.
    progress, grow
        Told how far a large image is; given the image, and then its probability map as it grows.

    Raises
    ------
    ImageError
        If the image cannot be read or has too many tiles.
    NoModelError
        If no package is given and none that answers by itself knows such images.
    PackageError
        If the model cannot be used, or has no such class or layer.

    Examples
    --------
    The phantom is drawn by a program, so it is no patient's.

    >>> from core.imaging.overlay import encode_png
    >>> from core.imaging.phantom import render_phantom
    >>> file = encode_png(render_phantom(height=120, width=180).pixels)
    >>> diagnosis = diagnose(file, um_per_px=4.0)
    >>> diagnosis.card.name, diagnosis.chosen.because
    ('idc', 'The only model for images of this scale.')
    >>> diagnosis.classes, diagnosis.tiles
    (('no IDC', 'IDC'), 24)
    >>> print(diagnosis.outcome.name, *diagnosis.outcome.reasons)
    IDC Confident: IDC. The other class can be ruled out at 90 %.
    >>> diagnosis.heatmap.shape, diagnosis.heatmap_class
    ((77, 115), 'IDC')
    """
    started = time.perf_counter()
    image = read_image(source, name=name)
    read = time.perf_counter()
    if grow:
        grow(image, None)
    name = name or (str(source) if isinstance(source, Path) else "image")
    info = image.info
    named = scale_by_name(name, info.width, info.height)
    chosen = None
    if package is None:
        package, chosen = choose(image, um_per_px, named)
    routed = time.perf_counter()
    card = package.card
    target = _target(card, heatmap_class)
    layer = heatmap_layer or card.heatmap_layer
    scale = plan_scale(
        info.um_per_px,
        um_per_px,
        card.input,
        info.height,
        info.width,
        named=named,
        unusable=info.scale_words,
        square_pixels=info.square_pixels,
    )
    classifier = get_classifier(package)
    explain = explainer(classifier, layer)
    prepared = time.perf_counter()
    growing = partial(grow, image) if grow else None
    answer = answer_image(image.pixels, scale, classifier, explain, target, progress, growing)
    predicted = most_fitting(card, answer.probabilities)
    shown = card.positive_index if card.positive_index is not None else predicted
    scope = check_scope(
        scale=scale,
        tissue=answer.tissue,
        most_tissue=answer.most_tissue,
        distance=answer.distance,
        sharpness=answer.sharpness,
        third_direction=third_direction(image.pixels),
    )
    outcome = give_outcome(card, card.classes[predicted], answer.probabilities, scope)
    uncertainty = _uncertainty(classifier, answer, shown)
    ended = time.perf_counter()
    return Diagnosis(
        name=name,
        image=image,
        card=card,
        model_sha256=package.model_sha256,
        classes=card.classes,
        probabilities=answer.probabilities,
        predicted=card.classes[predicted],
        outcome=outcome,
        scope=scope,
        uncertainty=uncertainty,
        operating_point=card.operating_point,
        um_per_px=scale.um_per_px,
        scale=scale,
        tiles=int(answer.tiles.used.sum()) if answer.tiles else 1,
        probability_map=answer.tiles.probability_map(shown) if answer.tiles else None,
        positive_share=_positive_share(card, answer.tiles),
        heatmap=answer.heatmap,
        heatmap_class=card.classes[answer.explained],
        heatmap_layer=layer,
        chosen=chosen,
        engine=classifier.engine_name,
        warnings=cautions(
            image.info, card.input, scale, answer.tissue, answer.most_tissue, answer.tiles
        ),
        timings={
            "read": read - started,
            "choose": routed - read,
            "prepare": prepared - routed,
            "answer": ended - prepared,
            "total": ended - started,
        },
        seconds=ended - started,
    )


def warm_up(package: Package) -> None:
    """Load a model and compile the pass that `diagnose` runs, so that no image waits for it.

    Raises
    ------
    PackageError
        If the model cannot be loaded.
    """
    spec = package.card.input
    classifier = get_classifier(package)
    nothing = np.zeros((1, spec.height, spec.width, 3), np.uint8)
    explainer(classifier, package.card.heatmap_layer)(nothing, package.card.positive_index)
    classifier.probabilities(nothing)


def _target(card: Card, heatmap_class: str | None) -> int | None:
    """Return the index of the class to explain; None where the answer decides it."""
    if heatmap_class is None:
        return card.positive_index
    if heatmap_class not in card.classes:
        raise PackageError(
            f"The model {card.name!r} has no class {heatmap_class!r}. "
            f"Choose one of: {', '.join(card.classes)}."
        )
    return card.classes.index(heatmap_class)


def _uncertainty(classifier: Classifier, answer: ExplainedImage, index: int) -> Uncertainty:
    members = answer.members
    several = None if members is None else tuple(float(member[index]) for member in members)
    spread = classifier.spread_over_views(answer.sample, index)
    return Uncertainty(classifier.classes[index], spread, len(answer.sample), several)


def _positive_share(card: Card, tiles: TileMap | None) -> float | None:
    point, positive = card.operating_point, card.positive_index
    if tiles is None or point is None or positive is None:
        return None
    return tiles.share_at(positive, point.threshold)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
