"""What may be said of an image: a class, undecided or out of scope, why, and how surely.

Where an image is unlike the training images, its answer may not be used.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.conformal import prediction_sets
from core.imaging.read import ImageInfo
from core.imaging.scale import SIZE_ALONE
from core.imaging.two_stains import MOST, not_two_stains
from core.inference.tile_size import ONE_PIECE, ScalePlan
from core.inference.tiled import LEAST_TISSUE, TileMap
from core.registry.card import Card, InputSpec

UNDECIDED: Final = "undecided"
OUT_OF_SCOPE: Final = "out of scope"
NO_SCOPE_TEST = (
    "This model has no scope test: it does not check whether the image is like its training images."
)
NO_SETS = "It has no prediction sets, so it is never undecided."


@dataclass(frozen=True, slots=True)
class ScopeCheck:
    """What the tests of an image found."""

    tested: bool
    """Whether the model carries a test against its training images."""
    distance: float | None
    """Distance from the training images over the largest that is in scope; above 1 is out."""
    sharpness: float | None
    """Sharpness over the least that is in scope; below 1 is out. None without such a test."""
    tissue: float
    """Share of the image that is tissue."""
    reasons: tuple[str, ...]
    """Why the image is out of scope, in sentences; empty if nothing speaks against it."""

    @property
    def inside(self) -> bool:
        """Whether nothing speaks against the image."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Outcome:
    """What may be said of an image."""

    kind: Literal["class", "undecided", "out of scope"]
    name: str
    """The class, or one of `UNDECIDED` and `OUT_OF_SCOPE`."""
    reasons: tuple[str, ...]
    """Why, in sentences."""
    prediction_set: tuple[str, ...] | None
    """The classes that cannot be ruled out; None where the model carries no prediction sets."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How far a model disagrees with itself about the probability of one class."""

    about: str
    """The class."""
    views: float
    """Standard deviation over the eight flips and turns, in [0, 0.5], the mean over the tiles."""
    tiles: int
    """Tiles that were turned."""
    members: tuple[float, ...] | None
    """Each member's probability of the class for the whole image; None of a single model."""


def check_scope(
    *,
    scale: ScalePlan,
    tissue: float,
    most_tissue: float | None = None,
    distance: float | None,
    sharpness: float | None,
    third_direction: float | None = None,
) -> ScopeCheck:
    """Put together what the tests of an image found.

    Parameters
    ----------
    scale
        Only a known scale can be out of range; pixels that are not square always are.
    tissue
        Share of the image that is tissue, in [0, 1].
    most_tissue
        Of an image in tiles, the share of the one with most tissue: an image that is mostly glass
        is answered on its tissue.
    distance, sharpness
        As in `ScopeCheck`; None where the model carries no such test.
    third_direction
        Of `core.imaging.two_stains`; tells only where the model carries a scope test.
    """
    reasons = []
    if not scale.in_range and (scale.um_per_px is not None or not scale.square_pixels):
        reasons.append(scale.message)
    if (tissue if most_tissue is None else most_tissue) < LEAST_TISSUE:
        # Of glass the other tests only say that it is no tissue, in more words.
        reasons.append(_too_little(tissue))
    else:
        if distance is not None and distance > 1:
            reasons.append(
                f"The image is unlike the training images: {distance:.2f} times the distance "
                "allowed. It may not be H&E breast tissue, or be stained or scanned too "
                "differently."
            )
        if distance is not None and third_direction is not None and third_direction > MOST:
            reasons.append(not_two_stains(third_direction))
        if sharpness is not None and sharpness < 1:
            reasons.append(
                "The image is less sharp than nearly all training images: out of focus, "
                "enlarged, or at a higher magnification than assumed. Retake it in focus, "
                "and check its scale."
            )
    return ScopeCheck(distance is not None, distance, sharpness, tissue, tuple(reasons))


def give_outcome(
    card: Card, predicted: str, probabilities: NDArray[np.floating], scope: ScopeCheck
) -> Outcome:
    """Decide what may be said.

    A class is given only if the image is in scope and the prediction set is that class alone. An
    empty set, in which no class is as probable as it usually is where it is right, and one that
    contradicts the operating point leave the image undecided, as a set of several classes does.

    Parameters
    ----------
    card
        Of the model.
    predicted
        The class by the operating point, or the most probable one.
    probabilities
        (K,) calibrated.
    scope
        Of the image.
    """
    chosen = _set_of(card, probabilities)
    untested = () if scope.tested else (NO_SCOPE_TEST,)
    if not scope.inside:
        return Outcome(OUT_OF_SCOPE, OUT_OF_SCOPE, scope.reasons, chosen)
    if chosen is None or card.conformal is None:
        return Outcome("class", predicted, (*untested, NO_SETS) if untested else (), None)
    level = f"{card.conformal.level:.0%}".replace("%", " %")
    if chosen == (predicted,):
        others = "The other class" if len(card.classes) == 2 else "The others"  # noqa: PLR2004 - two classes have one other
        why = f"Confident: {predicted}. {others} can be ruled out at {level}."
        return Outcome("class", predicted, (why, *untested), chosen)
    if not chosen:
        why = "No class fits: each is less probable here than on nearly all its held-out images."
    elif len(chosen) == 1:
        why = f"At {level} only {chosen[0]} fits, but by the decision threshold it is {predicted}."
    else:
        why = f"{_fitting(card.classes, chosen)} can be ruled out at {level}."
    return Outcome(UNDECIDED, UNDECIDED, (why, *untested), chosen)


def most_fitting(card: Card, probabilities: NDArray[np.floating]) -> int:
    """Return the index of the class by the decision threshold, or of the most probable one."""
    point, positive = card.operating_point, card.positive_index
    if point is None or positive is None:
        return int(probabilities.argmax())
    return positive if probabilities[positive] >= point.threshold else 1 - positive


def cautions(
    info: ImageInfo,
    spec: InputSpec,
    scale: ScalePlan,
    tissue: float,
    most_tissue: float,
    tiles: TileMap | None,
) -> tuple[str, ...]:
    """What else to know before relying on an answer, in sentences; arguments as elsewhere."""
    warnings = [scale.message] if scale.um_per_px is None and scale.square_pixels else []
    if scale.state == "sized":
        warnings.append(
            f"The file does not state its scale; {scale.um_per_px:g} µm/px is assumed because it "
            f"{SIZE_ALONE}. If it is none, the answer means nothing: state its scale."
        )
    if tissue < LEAST_TISSUE <= most_tissue:
        warnings.append(
            f"Only {100 * tissue:.2g} % of the image is tissue; the answer is for that part."
        )
    shorter = min(info.height, info.width)
    if shorter * ONE_PIECE < scale.tile:
        known = scale.um_per_px or spec.um_per_px
        warnings.append(
            f"The image's shorter side shows {shorter * known:.0f} µm; the model was trained "
            f"on {scale.tile * known:.0f} µm, so details it needs may be missing."
        )
    if spec.fit == "squash" and scale.um_per_px:
        shown, largest = shorter * scale.um_per_px, spec.fields_um[-1]
        if shown > largest * ONE_PIECE:
            warnings.append(
                f"The image's shorter side shows {shown:,.0f} µm; the model was trained on "
                f"fields of at most {largest:.0f} µm. Crop the image."
            )
    if tiles and tiles.grid.stride == tiles.grid.size:
        warnings.append("The image is so large that its tiles do not overlap.")
    warnings += [f"File: {note}." for note in info.notes]
    return tuple(warnings)


def _set_of(card: Card, probabilities: NDArray[np.floating]) -> tuple[str, ...] | None:
    if card.conformal is None:
        return None
    inside = prediction_sets(probabilities, np.array(card.conformal.cut_offs))
    return tuple(name for name, held in zip(card.classes, inside, strict=True) if held)


def _fitting(classes: tuple[str, ...], chosen: tuple[str, ...]) -> str:
    """Say which of the classes fit, up to the pronoun for them."""
    some = f"{', '.join(chosen[:-1])} and {chosen[-1]}"
    if len(classes) == 2:  # noqa: PLR2004 - the meaning of both
        return f"Both {some} fit: neither"
    if len(chosen) == len(classes):
        return f"All {len(classes)} classes fit: none of them"
    return f"Of {len(classes)} classes {some} fit: none of them"


def _too_little(tissue: float) -> str:
    if tissue < 0.005:  # noqa: PLR2004 - under it, no per cent is left to name
        return "No tissue found, only background."
    return (
        f"Only {100 * tissue:.0f} % of the image is tissue; the model needs at least "
        f"{100 * LEAST_TISSUE:.0f} % of what it sees at once."
    )
