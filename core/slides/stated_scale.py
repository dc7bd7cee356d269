"""The scale of slides that state none, as a user said; kept by what the slide holds."""

import json
from pathlib import Path

from core.atomic import write_whole
from core.errors import SlideError
from core.imaging.scale import HIGHEST, LOWEST
from core.settings import get_settings
from core.slides.slide import SlideInfo


def scale_of(info: SlideInfo) -> float | None:
    """Return a slide's µm/px: as it states, else as a user did; None where neither is known."""
    return info.um_per_px or _stated(info.fingerprint)


def state_scale(fingerprint: str, um_per_px: float) -> None:
    """Keep what a user says of a slide that states no scale.

    Raises
    ------
    SlideError
        If no microscope has that scale, or it cannot be written.
    """
    if not LOWEST <= um_per_px <= HIGHEST:
        raise SlideError(
            f"{um_per_px:g} µm/px is no scale of a slide: expected {LOWEST:g} to {HIGHEST:g}."
        )
    try:
        write_whole(_file(fingerprint), json.dumps({"um_per_px": um_per_px}))
    except OSError as error:
        raise SlideError(
            f"The scale cannot be kept ({error.strerror}). Make room in {get_settings().home}, or "
            "have it made writable."
        ) from error


def _stated(fingerprint: str) -> float | None:
    try:
        value = json.loads(_file(fingerprint).read_text(encoding="utf-8"))["um_per_px"]
        return float(value) if LOWEST <= float(value) <= HIGHEST else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(fingerprint: str) -> Path:
    return get_settings().home / "slides" / "scales" / f"{fingerprint}.json"
