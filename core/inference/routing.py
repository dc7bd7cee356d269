"""Which of the models at hand answers an image: by its scale, its field, and their scope tests.

Where the scale is known, models that it suits are asked in the order of preference. Where it is
not, each looks at the image as it was trained to, and the one that it is most like answers. A model
that is for demonstration never answers by itself, nor does one made elsewhere that nobody judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError, NoModelError
from core.imaging.read import Image
from core.imaging.resize import resize, shrink
from core.imaging.scale import OBJECTIVES
from core.imaging.two_stains import MOST, third_direction
from core.inference.tile_size import ScalePlan, plan_scale
from core.inference.tiled import mostly_tissue, plan_tiles, tile_inputs
from core.registry.card import InputSpec
from core.registry.package import Package

LEAST_SHOWN = 0.5
"""An image whose shorter side shows less than this share of a model's field is not its kind."""
TILES_LOOKED_AT = 4

Look = Callable[
    [Package, NDArray[np.uint8]], tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]
]
"""Distances and sharpness, (N,) each, of inputs by a model, as `core.explain.passes.Explained`
has them; None where it carries no such test."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What speaks for and against one model for one image."""

    package: Package
    demonstration: bool
    """Whether it only answers where somebody asks for it."""
    why_not: str = ""
    """Why it cannot answer, as the end of a sentence; empty where nothing is known against it."""
    scale: ScalePlan | None = None
    """How it would look at the image; None where it cannot."""
    distance: float | None = None
    """From its training images over the largest in scope; None where it was not looked at."""

    @property
    def may_answer(self) -> bool:
        """Whether nothing is known against it and it is not for demonstration."""
        return not self.why_not and not self.demonstration


@dataclass(frozen=True, slots=True)
class Chosen:
    """Why a model was chosen, in words."""

    because: str
    """A sentence."""
    others: tuple[tuple[str, str], ...]
    """Name of every other model, and what speaks for or against it; those that know such images
    come first."""


class Route(NamedTuple):
    """The model that answers an image, and why."""

    package: Package
    chosen: Chosen


def route(
    image: Image,
    packages: Sequence[tuple[Package, bool]],
    look: Look,
    *,
    scale_given: float | None = None,
    named: tuple[float, str] | None = None,
) -> Route:
    """Choose the model that answers an image.

    Parameters
    ----------
    image
        As it was read.
    packages
        Those at hand, the preferred ones first, and whether each is for demonstration.
    look
        Runs a model's scope test; called only where more than one model may be meant.
    scale_given, named
        The scale by the user, µm/px, and by the file's name or size, with how it tells.

    Raises
    ------
    ImageError
        If the given scale cannot be right.
    NoModelError
        If no model that answers by itself knows such images.
    """
    # Asked once, and only if somebody looks: the image may be large.
    third = cache(lambda: third_direction(image.pixels))
    looked_at = partial(_looked_at, image, look, third)
    candidates = [
        _by_scale(image, package, scale_given, named, demonstration=demonstration)
        for package, demonstration in packages
    ]
    if all(candidate.scale is None for candidate in candidates):
        raise ImageError(min((candidate.why_not for candidate in candidates), key=len))
    left = [candidate for candidate in candidates if not candidate.why_not]
    known = any(each.scale and each.scale.um_per_px is not None for each in candidates)
    answering = [each for each in left if each.may_answer] if known else left
    if len(answering) > 1:
        for candidate in answering:
            place = candidates.index(candidate)
            candidates[place] = looked_at(candidate)
            if known and candidates[place].may_answer:
                break
    return _choose(image, candidates, looked_at, known=known)


def _choose(
    image: Image,
    candidates: list[Candidate],
    looked_at: Callable[[Candidate], Candidate],
    *,
    known: bool,
) -> Route:
    fit = [each for each in candidates if not each.why_not]
    if not known:
        fit.sort(key=lambda each: 1.0 if each.distance is None else each.distance)
        # What is most like the images of a model for demonstration is none for the others.
        if fit and fit[0].demonstration:
            raise NoModelError(_nobody(image, candidates, known=known), (fit[0].package,), ())
    chosen = next((each for each in fit if each.may_answer), None)
    if chosen is None:
        raise NoModelError(
            _nobody(image, candidates, known=known),
            tuple(each.package for each in fit),
            None if known else _plausible(image, candidates, looked_at),
        )
    others = sorted(
        (each for each in candidates if each is not chosen), key=lambda each: bool(each.why_not)
    )
    judgements = tuple((each.package.card.name, _what(each)) for each in others)
    return Route(chosen.package, Chosen(_why(chosen, others), judgements))


def _plausible(
    image: Image, candidates: list[Candidate], looked_at: Callable[[Candidate], Candidate]
) -> tuple[float, ...]:
    """At which scales of the usual objectives a model that answers by itself knows the image."""
    fit = []
    for um_per_px in OBJECTIVES.values():
        for candidate in candidates:
            rated = _by_scale(image, candidate.package, um_per_px, None, demonstration=False)
            if candidate.demonstration or rated.why_not:
                continue
            looked = looked_at(rated)
            if looked.distance is not None and not looked.why_not:
                fit.append(um_per_px)
                break
    return tuple(fit)


def _by_scale(
    image: Image,
    package: Package,
    scale_given: float | None,
    named: tuple[float, str] | None,
    *,
    demonstration: bool,
) -> Candidate:
    info, spec = image.info, package.card.input
    candidate = Candidate(package, demonstration)
    try:
        scale = plan_scale(
            info.um_per_px,
            scale_given,
            spec,
            info.height,
            info.width,
            named=named,
            unusable=info.scale_words,
            square_pixels=info.square_pixels,
        )
    except ImageError as error:
        return replace(candidate, why_not=str(error))
    why_not = _unsuited(scale, spec, info.height, info.width)
    if not why_not and package.untested:
        why_not = "not judged on new patients: it answers only if chosen by name"
    return replace(candidate, scale=scale, why_not=why_not)


def _unsuited(scale: ScalePlan, spec: InputSpec, height: int, width: int) -> str:
    if scale.um_per_px is None:
        return ""
    if scale.um_per_px > spec.um_per_px_high:
        return f"it takes images of up to {spec.um_per_px_high:g} µm/px"
    shown = min(height, width) * scale.um_per_px
    if shown < LEAST_SHOWN * spec.fields_um[0]:
        return f"it needs {spec.fields_um[0]:g} µm, the image shows {shown:.0f} µm"
    return ""


def _looked_at(
    image: Image, look: Look, third: Callable[[], float | None], candidate: Candidate
) -> Candidate:
    assert candidate.scale  # noqa: S101 - only what suits is looked at
    card = candidate.package.card
    inputs = _sample(image.pixels, candidate.scale, (card.input.height, card.input.width))
    distances, sharpness = look(candidate.package, inputs)
    if distances is None:
        return candidate
    distance = float(distances.mean())
    share = third()
    if share is not None and share > MOST:
        why_not = (
            f"colours are not those of two stains: {100 * share:.0f} % of their variation is in a "
            "third direction"
        )
    elif distance > 1:
        why_not = f"unlike its training images (distance {distance:.2f}, at most 1)"
    elif sharpness is not None and float(np.median(sharpness)) < 1:
        why_not = "less sharp than its training images"
    else:
        why_not = ""
    return replace(candidate, distance=distance, why_not=why_not)


def _sample(
    pixels: NDArray[np.uint8], scale: ScalePlan, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The image as one input, or a few of its tiles that are mostly tissue, evenly spread."""
    pixels = shrink(pixels, scale.shrink)
    if scale.one_piece:
        return resize(pixels, *size)[np.newaxis]
    plan = plan_tiles(pixels, scale.trained_tile)
    inner = np.flatnonzero(plan.used)[mostly_tissue(plan.tissue[plan.used])]
    some = np.zeros_like(plan.used)
    spread = np.linspace(0, len(inner) - 1, min(len(inner), TILES_LOOKED_AT)).round()
    some[inner[spread.astype(np.int64)]] = True
    chosen = tile_inputs(pixels, replace(plan, used=some), size, batch=TILES_LOOKED_AT)
    return np.concatenate(list(chosen))


def _why(chosen: Candidate, others: list[Candidate]) -> str:
    rivals = [each for each in others if each.distance is not None]
    if chosen.distance is None or not rivals:
        return "The only model for images of this scale." if others else "The only model available."
    return (
        f"Closest to its training images: distance {chosen.distance:.2f} (at most 1); "
        + ", ".join(f"{each.package.card.title} {each.distance:.2f}" for each in rivals)
        + "."
    )


def _what(candidate: Candidate) -> str:
    shown = " For demonstration." if candidate.demonstration else ""
    if candidate.why_not:
        return f"No: {candidate.why_not}.{shown}"
    if candidate.distance is None:
        return f"Takes images of this scale.{shown}"
    return f"Trained on such images: distance {candidate.distance:.2f} (at most 1).{shown}"


def _nobody(image: Image, candidates: list[Candidate], *, known: bool) -> str:
    info = image.info
    reasons = " ".join(
        f"{each.package.card.title}: "
        f"{each.why_not or 'trained on such images, but for demonstration only'}."
        for each in candidates
    )
    # Whoever is asked for a scale must know what the file says of it, and how it was read.
    facts = [f"The file {info.scale_words}."] if info.scale_words and not known else []
    facts += [f"File: {note}." for note in info.notes]
    reasons = " ".join((reasons, *facts))
    needed = "" if known else "State the image's scale if you know it, or "
    train = f"{'train' if needed else 'Train'} a model on such images."
    return (
        f"No model may answer on this image ({info.width:,} × {info.height:,} px). {reasons} "
        f"{needed}{train}"
    )
