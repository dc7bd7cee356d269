"""Areas and sizes of slides in words, the same wherever they are told."""

from typing import Any

_WHOLE, _LEAST = 100, 0.001  # mm²


def area_words(mm2: float) -> str:
    """Return an area to three digits, "12.6 mm²"."""
    return f"{digits(mm2)} mm²"


def share_words(mm2: float, whole_mm2: float) -> str:
    """Return a part of an area, "12.6 of 18.3 mm² (69 %)"; the three figures fit each other."""
    part, whole = _rounded(mm2), _rounded(whole_mm2)
    share = 100 * part / whole if whole else 0.0
    percent = f"{share:.1g}" if 0 < share < 1 else f"{share:.0f}"
    return f"{digits(mm2)} of {digits(whole_mm2)} mm² ({percent} %)"


def ruled_out_words(summary: dict[str, Any]) -> str:
    """Return on how much tissue classes can be ruled out; empty without prediction sets.

    That is a figure of single tiles. It is no interval in which the area lies.

    Parameters
    ----------
    summary
        Of a finished answer, as `core.slides.answering.summary` makes it.
    """
    area = summary["positive"]
    if area["level"] is None:
        return ""
    return (
        f"; the other class can be ruled out at {100 * area['level']:.0f} % on "
        f"{area_words(area['least_mm2'])}, {summary['shown_class']} cannot on "
        f"{area_words(area['most_mm2'])} (tile by tile: how sure the area is, nobody knows)"
    )


def size_words(width: int, height: int, um_per_px: float) -> str:
    """Return the size of a slide of so many pixels, "21.3 × 17.9 mm"."""
    across, down = (side * um_per_px / 1000 for side in (width, height))
    return f"{across:.3g} × {down:.3g} mm"


def _rounded(mm2: float) -> float:
    return float(f"{mm2:.0f}" if mm2 >= _WHOLE else f"{mm2:.3g}")


def digits(mm2: float) -> str:
    """Return an area to three digits, without its unit."""
    if 0 < mm2 < _LEAST:
        return f"less than {_LEAST:g}"
    rounded = _rounded(mm2)
    return f"{rounded:,.0f}" if rounded >= _WHOLE else f"{rounded:g}"
