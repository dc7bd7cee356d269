"""The answer, in words and as a bar."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.look import mark_of
from pages.parts.plain import as_html

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.registry.card_results import OperatingPoint

_HELP = (
    "The operating point is the probability from which on the model says yes. It was chosen once, "
    "on held-out predictions (the model card says which), so it need not be 50 %. Probabilities "
    "are calibrated on them too: they say how sure this model is, not how sure anyone may be."
)


def show_verdict(diagnosis: "Diagnosis") -> None:
    """Show the class in words, its probability, and how the two come together."""
    point = diagnosis.operating_point
    if point:
        _binary(diagnosis, point)
    else:
        _several(diagnosis)
    from core.inference.tiled import FIELD_RULE, IMAGE_RULE  # noqa: PLC0415 - OpenCV, not for drawing a page

    rule = FIELD_RULE if diagnosis.card.input.fit == "crops" else IMAGE_RULE

    tiles = "1 tile" if diagnosis.tiles == 1 else f"{diagnosis.tiles:,} tiles"
    words = f"{_words(diagnosis)} · {tiles} · {diagnosis.seconds:.2f} s"
    if diagnosis.positive_share is not None:
        words = f"{words} · {100 * diagnosis.positive_share:.0f} % of the tissue reaches it"
    st.text(words, help=_HELP if diagnosis.scale.one_piece else f"{_HELP} {rule}")


def _binary(diagnosis: "Diagnosis", point: "OperatingPoint") -> None:
    probability = float(diagnosis.probabilities[diagnosis.classes.index(point.positive_class)])
    colour = mark_of(diagnosis.predicted, point.positive_class).colour
    side = "left" if point.threshold < 0.2 else "right" if point.threshold > 0.8 else ""  # noqa: PLR2004 - near the bar's ends
    spoken = escape(
        f"Probability of {point.positive_class} {_percent(probability)}, "
        f"operating point {_percent(point.threshold)}",
        quote=True,
    )
    headline = _headline(diagnosis, probability, point.positive_class)
    st.html(
        f'<section style="--mark:{colour}">{headline}'
        f'<div class="lobule-bar" role="img" aria-label="{spoken}">'
        f'<div class="lobule-fill" style="width:{100 * probability:.2f}%"></div>'
        f'<div class="lobule-point {side}" style="left:{100 * point.threshold:.2f}%">'
        f"<span>operating point {_percent(point.threshold)}</span></div></div>"
        f'<div class="lobule-ends" aria-hidden="true"><b>0 %</b><b>100 %</b></div></section>'
    )


def _several(diagnosis: "Diagnosis") -> None:
    shares = dict(zip(diagnosis.classes, map(float, diagnosis.probabilities), strict=True))
    rows = "".join(
        f"<span>{as_html(name)}</span>"
        f'<div class="lobule-bar"><div class="lobule-fill" style="width:{100 * share:.2f}%">'
        f"</div></div><span>{_percent(share)}</span>"
        for name, share in sorted(shares.items(), key=lambda item: -item[1])
    )
    best = shares[diagnosis.predicted]
    colour = mark_of(diagnosis.predicted, None).colour
    st.html(
        f'<section style="--mark:{colour}">{_headline(diagnosis, best, diagnosis.predicted)}'
        f'<div class="lobule-classes">{rows}</div></section>'
    )


def _headline(diagnosis: "Diagnosis", probability: float, of: str) -> str:
    positive = diagnosis.operating_point.positive_class if diagnosis.operating_point else None
    symbol = mark_of(diagnosis.predicted, positive).symbol
    return (
        f'<div class="lobule-answer"><h2><span aria-hidden="true">{symbol}</span>'
        f"{as_html(diagnosis.predicted)}</h2><output>{_percent(probability)}"
        f'<span class="lobule-of">probability of {as_html(of)}</span></output></div>'
    )


def _words(diagnosis: "Diagnosis") -> str:
    point = diagnosis.operating_point
    if point is None:
        return "The most probable class"
    return (
        "At or above the operating point"
        if diagnosis.predicted == point.positive_class
        else "Below the operating point"
    )


def _percent(share: float) -> str:
    """Return a probability in per cent; never rounded to certainty."""
    if 0 < share < 0.001:  # noqa: PLR2004 - the last digit shown
        return "< 0.1 %"
    if 0.999 < share < 1:  # noqa: PLR2004 - the last digit shown
        return "> 99.9 %"
    return f"{100 * share:.1f} %"
