"""The image journey in one place: bytes in, a diagnosis out."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import PackageError
from core.explain.one_pass import ExplainedImage, answer_image, explainer
from core.imaging.read import Image, read_image
from core.inference.classifier import Classifier, get_classifier
from core.inference.outcome import Outcome, ScopeCheck, Uncertainty, check_scope, give_outcome
from core.inference.scale import ONE_PIECE, ScalePlan, plan_scale
from core.inference.tiled import LEAST_TISSUE, Progress, TileMap
from core.registry.card import Card
from core.registry.card_results import OperatingPoint
from core.registry.package import Package
from core.registry.shelf import find


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
    """(h, w) in [0, 1] over the whole image; NaN where there is no tissue."""
    heatmap_class: str
    heatmap_layer: str
    warnings: tuple[str, ...]
    """What else to know before relying on the answer, in sentences."""
    timings: dict[str, float]
    """Seconds of `read`, `prepare` (which loads the model at its first use), `answer`, `total`."""
    seconds: float
    """The total."""

    def to_json(self) -> dict[str, Any]:
        """Return the result as the command line prints it and the page gives it for download."""
        point = self.operating_point
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
            "prediction_set": None
            if self.outcome.prediction_set is None
            else list(self.outcome.prediction_set),
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
) -> Diagnosis:
    """Answer an image, with a heatmap of what the answer rests on.

    Parameters
    ----------
    source
        The image file's bytes or path.
    name
        What to call the image; by default its path.
    package
        The model; by default the active one.
    um_per_px
        The image's scale in µm/px, where the file states none.
    heatmap_class
        The class to explain; by default the positive class, whichever way the answer went, so that
        warm colours mean the same on every image, and the predicted class if there is none.
    heatmap_layer
        The convolutional layer to look at; by default the card's.
    progress
        Told how far a large image is.

    Raises
    ------
    ImageError
        If the image cannot be read or has too many tiles.
    PackageError
        If the model cannot be used, or has no such class or layer.

    Examples
    --------
    The phantom is drawn by a program, so it is no patient's.

    >>> from core.imaging.overlay import encode_png
    >>> from core.imaging.phantom import render_phantom
    >>> file = encode_png(render_phantom(height=120, width=180).pixels)
    >>> diagnosis = diagnose(file, package=find("idc"), um_per_px=4.0)
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
    package = package or find()
    card = package.card
    target = _target(card, heatmap_class)
    layer = heatmap_layer or card.heatmap_layer
    info = image.info
    scale = plan_scale(
        info.um_per_px,
        um_per_px,
        card.input,
        info.height,
        info.width,
        unusable=info.scale_words,
        square_pixels=info.square_pixels,
    )
    classifier = get_classifier(package)
    explain = explainer(classifier, layer)
    prepared = time.perf_counter()
    answer = answer_image(image.pixels, scale, classifier, explain, target, progress)
    predicted = _predict(card, answer.probabilities)
    shown = card.positive_index if card.positive_index is not None else predicted
    scope = check_scope(
        scale=scale,
        tissue=answer.tissue,
        most_tissue=answer.most_tissue,
        distance=answer.distance,
        sharpness=answer.sharpness,
    )
    outcome = give_outcome(card, card.classes[predicted], answer.probabilities, scope)
    uncertainty = _uncertainty(classifier, answer, shown)
    ended = time.perf_counter()
    return Diagnosis(
        name=name or (str(source) if isinstance(source, Path) else "image"),
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
        warnings=_warnings(image, card, scale, answer),
        timings={
            "read": read - started,
            "prepare": prepared - read,
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


def _predict(card: Card, probabilities: NDArray[np.float32]) -> int:
    point, positive = card.operating_point, card.positive_index
    if point is None or positive is None:
        return int(probabilities.argmax())
    return positive if probabilities[positive] >= point.threshold else 1 - positive


def _uncertainty(classifier: Classifier, answer: ExplainedImage, index: int) -> Uncertainty:
    members = answer.members
    return Uncertainty(
        about=classifier.classes[index],
        views=classifier.spread_over_views(answer.sample, index),
        tiles=len(answer.sample),
        members=None if members is None else tuple(float(member[index]) for member in members),
    )


def _positive_share(card: Card, tiles: TileMap | None) -> float | None:
    point, positive = card.operating_point, card.positive_index
    if tiles is None or point is None or positive is None:
        return None
    return tiles.share_at(positive, point.threshold)


def _warnings(
    image: Image, card: Card, scale: ScalePlan, answer: ExplainedImage
) -> tuple[str, ...]:
    warnings = [scale.message] if scale.um_per_px is None and scale.square_pixels else []
    if answer.tissue < LEAST_TISSUE <= answer.most_tissue:
        warnings.append(
            f"Only {100 * answer.tissue:.2g} % of the image is tissue; the answer is about that."
        )
    shorter = min(image.info.height, image.info.width)
    if shorter * ONE_PIECE < scale.tile:
        known = scale.um_per_px or card.input.um_per_px
        warnings.append(
            f"The image's shorter side shows {shorter * known:.0f} µm of tissue; the model knows "
            f"pieces of {scale.tile * known:.0f} µm, and details that it needs may be missing."
        )
    if card.input.fit == "squash" and scale.um_per_px:
        shown, largest = shorter * scale.um_per_px, card.input.fields_um[-1]
        if shown > largest * ONE_PIECE:
            warnings.append(
                f"The image's shorter side shows {shown:,.0f} µm of tissue and is looked at whole; "
                f"the model knows fields of at most {largest:.0f} µm. Crop the image."
            )
    if answer.tiles and answer.tiles.grid.stride == answer.tiles.grid.size:
        warnings.append(
            "The image is so large that its tiles were laid side by side, not overlapping."
        )
    warnings += [f"On reading the file: {note}." for note in image.info.notes]
    return tuple(warnings)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
