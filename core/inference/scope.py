"""Is an image like those that the model was trained on? If not, its answer may not be used."""

from dataclasses import dataclass

from core.inference.scale import ScalePlan
from core.inference.tiled import LEAST_TISSUE


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


def check_scope(
    *,
    scale: ScalePlan,
    tissue: float,
    distance: float | None,
    sharpness: float | None,
) -> ScopeCheck:
    """Put together what the tests of an image found.

    Parameters
    ----------
    scale
        Only a known scale can be out of range.
    tissue
        Share of the image that is tissue, in [0, 1].
    distance, sharpness
        As in `ScopeCheck`; None where the model carries no such test.
    """
    reasons = []
    if scale.um_per_px is not None and not scale.in_range:
        reasons.append(scale.message)
    if tissue < LEAST_TISSUE:
        # Of glass the other tests only say that it is no tissue, in more words.
        reasons.append(_too_little(tissue))
    else:
        if distance is not None and distance > 1:
            reasons.append(
                "The image is unlike those that the model was trained on: by the network's "
                f"features it lies {distance:.2f} times as far from them as images in scope may. "
                "It may not be breast tissue in H&E, or be stained or recorded too differently."
            )
        if sharpness is not None and sharpness < 1:
            reasons.append(
                "The image is less sharp than all but a few of the training images: it seems out "
                "of focus, was enlarged, or shows the tissue at a higher magnification than stated "
                "or assumed. Take it again in focus, and check its scale."
            )
    return ScopeCheck(distance is not None, distance, sharpness, tissue, tuple(reasons))


def _too_little(tissue: float) -> str:
    if tissue < 0.005:  # noqa: PLR2004 - under it, no per cent is left to name
        return "No tissue was found, only background: there is nothing to answer on."
    return (
        f"Only {100 * tissue:.0f} % of the image is tissue, too little to answer on (at least "
        f"{100 * LEAST_TISSUE:.0f} % is needed)."
    )
