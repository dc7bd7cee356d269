"""How large a tile of an image is, from what is known of the image's scale."""

from dataclasses import dataclass
from typing import Literal

from core.errors import ImageError
from core.imaging.scale import SIZE_ALONE, agree, why_implausible
from core.registry.card import InputSpec

# Under this a tile holds too little of the picture to be enlarged to an input.
SMALLEST_TILE = 8
# A field this much larger than the image's shorter side still counts as held by it.
FIELD_TOLERANCE = 1.1
# Sides up to this many tiles are answered in one piece.
ONE_PIECE = 1.5


@dataclass(frozen=True, slots=True)
class ScalePlan:
    """The scale at which an image is looked at."""

    um_per_px: float | None
    """Micrometres per pixel if known; None where the training scale had to be assumed."""
    state: Literal["stated", "given", "named", "sized", "unknown"]
    """Stated by the file, given by the user, told by its name, by its size alone, or unknown."""
    in_range: bool
    """Whether the known scale is one that the model may be given: that of training or a finer one,
    of square pixels; False where it is unknown."""
    tile: int
    """Side of a tile in pixels of the image."""
    trained_tile: int
    """Side of the same tile at the scale of training, to which a finer image is brought first."""
    one_piece: bool
    """Whether the whole image is one input, rather than cut into tiles."""
    message: str
    """All of this in words."""
    square_pixels: bool = True
    """Whether pixels are as high as wide, as far as the file says."""

    @property
    def shrink(self) -> float:
        """Factor, at most 1, that brings the image to the scale of training."""
        return min(1.0, self.trained_tile / self.tile)


def plan_scale(
    info_um_per_px: float | None,
    given_um_per_px: float | None,
    spec: InputSpec,
    height: int,
    width: int,
    *,
    named: tuple[float, str] | None = None,
    unusable: str = "",
    square_pixels: bool = True,
) -> ScalePlan:
    """Decide how large a tile is; what the user gives must not contradict what the file states.

    What a file's name tells counts where neither says anything.

    Parameters
    ----------
    info_um_per_px, given_um_per_px
        The scale according to the file and to the user, µm/px; None if unknown.
    spec
        What one input of the model shows.
    height, width
        Of the image, pixels.
    named
        The scale by the file's name or size, µm/px, and how, after "The file".
    unusable, square_pixels
        `scale_words` and `square_pixels` of `core.imaging.read.ImageInfo`.

    Raises
    ------
    ImageError
        If the given scale is none that a microscope can have, is another than the file states, or
        leaves a tile of a few pixels.
    """
    wrong = None if given_um_per_px is None else why_implausible(given_um_per_px)
    if wrong:
        raise ImageError(f"The scale is given as {given_um_per_px:g} µm/px, but it {wrong}")
    if given_um_per_px and info_um_per_px and not agree(given_um_per_px, info_um_per_px):
        raise ImageError(
            f"The scale is given as {given_um_per_px:g} µm/px, but the file states "
            f"{info_um_per_px:g} µm/px. If the file is right, leave the scale out; if not, "
            "save the image again without it."
        )
    known = given_um_per_px if given_um_per_px is not None else info_um_per_px
    if known is not None or not square_pixels:
        named = None
    elif named:
        known = named[0]
    tile = _tile(known, spec, min(height, width))
    if tile < SMALLEST_TILE:
        raise ImageError(
            f"At {known:g} µm/px the {spec.fields_um[0]:g} µm that this model needs are only "
            f"{tile} pixels. The model takes {_range(spec)}: give the right scale, or an "
            "image of higher magnification."
        )
    in_range = known is not None and known <= spec.um_per_px_high and square_pixels
    if square_pixels:
        message = _message(
            info_um_per_px, given_um_per_px, named, spec, unusable, in_range=in_range
        )
    else:
        message = f"The file {unusable}: the tissue is distorted, so do not rely on the answer."
    return ScalePlan(
        um_per_px=known,
        state=_state(info_um_per_px, given_um_per_px, named),
        in_range=in_range,
        tile=tile,
        trained_tile=min(tile, max(1, round(spec.field_um / spec.um_per_px))),
        one_piece=spec.fit == "squash" or max(height, width) <= ONE_PIECE * tile,
        message=message,
        square_pixels=square_pixels,
    )


def _state(
    stated: float | None, scale_given: float | None, named: tuple[float, str] | None
) -> Literal["stated", "given", "named", "sized", "unknown"]:
    if scale_given is not None:
        return "given"
    if stated is not None:
        return "stated"
    if named is None:
        return "unknown"
    return "sized" if named[1] == SIZE_ALONE else "named"


def _tile(known: float | None, spec: InputSpec, shorter: int) -> int:
    """Side of a tile: the largest field trained on that the image holds.

    A model of several magnifications knows fields as tall as a camera's image; so it looks at an
    image of unknown scale.
    """
    if known is None:
        if spec.other_fields_um:
            return max(shorter, SMALLEST_TILE)
        return round(spec.field_um / spec.um_per_px)
    held = [field for field in spec.fields_um if field <= shorter * known * FIELD_TOLERANCE]
    return round((held[-1] if held else spec.fields_um[0]) / known)


def _message(
    stated: float | None,
    scale_given: float | None,
    named: tuple[float, str] | None,
    spec: InputSpec,
    unusable: str,
    *,
    in_range: bool,
) -> str:
    silent = f"The file {unusable or 'does not state its scale'}"
    if scale_given is not None:
        text = f"The scale was given as {scale_given:g} µm/px"
        text += f" (the file states {stated:g})" if stated is not None else ""
    elif stated is not None:
        text = f"The file states a scale of {stated:g} µm/px"
    elif named is not None:
        text = f"The file {named[1]}, so {named[0]:.3g} µm/px is assumed"
    elif spec.other_fields_um:
        return (
            f"{silent}, so a whole microscope field is assumed, as in training. At any other "
            "scale the answer means nothing: state the scale if you know it."
        )
    else:
        return (
            f"{silent}, so {spec.um_per_px:g} µm/px is assumed, as in training. At any other "
            "scale the answer means nothing: state the scale if you know it."
        )
    if in_range:
        return f"{text}; the model takes {_range(spec)}."
    return f"{text}, but the model takes {_range(spec)}: do not rely on the answer."


def _range(spec: InputSpec) -> str:
    return f"images of up to {spec.um_per_px_high:g} µm/px, trained at {spec.um_per_px:g}"
