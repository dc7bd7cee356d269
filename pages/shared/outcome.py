"""The verdict in words, why, and the probability as a bar."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.look import mark_of
from pages.shared.marks import OUT_OF_SCOPE, has_class, mark_of_verdict
from pages.shared.plain import as_html

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.registry.card_results import OperatingPoint

_HELP = (
    "The operating point is the probability from which on the model says yes. It was chosen once, "
    "on held-out predictions (the model card says which), so it need not be 50 %. Probabilities "
    "are calibrated on them too: they say how sure this model is, not how sure anyone may be."
)
_SETS_HELP = (
    "Undecided: a class is ruled out only if it is less probable here than on nearly all images of "
    "that class, of patients whom the model had not seen (conformal prediction sets; the model "
    "card states the level and how often the sets hold the right class). If no class alone is "
    "left, the image is undecided. The limits were chosen on inputs as the model was trained on: "
    "single patches or whole fields."
)
_VIEWS_HELP = (
    "The image was flipped and turned, in eight ways: tissue has no up or down, so the answers "
    "should agree. The number is their standard deviation, in percentage points; of a larger "
    "image it is the mean over a few of its tiles."
)
ALL_THE_SAME = "Show what the model said all the same"


def show_verdict(diagnosis: "Diagnosis") -> None:
    """Show one verdict in words, the reason, and the probability; out of scope it is put away."""
    if diagnosis.verdict.outcome == OUT_OF_SCOPE:
        mark = mark_of_verdict(OUT_OF_SCOPE, None)
        st.html(
            f'<section style="--mark:{mark.colour}"><div class="lobule-answer">'
            f'<h2><span aria-hidden="true">{mark.symbol}</span>{OUT_OF_SCOPE.capitalize()}</h2>'
            f"</div>{_reasons(diagnosis)}</section>"
        )
        with st.expander(ALL_THE_SAME, key="all_the_same"):
            _answer(diagnosis)
        return
    _answer(diagnosis)


def _answer(diagnosis: "Diagnosis") -> None:
    """Show class or undecided, the probability, and how the two come together."""
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
    told = [_HELP] if point else []
    told += [] if diagnosis.scale.one_piece else [rule]
    told += [_SETS_HELP] if diagnosis.card.conformal else []
    with st.container(horizontal=True, gap="small", key="under_the_bar"):
        st.text(words, help="\n\n".join(told) or None, width="content")
        st.text(_disagreement(diagnosis), help=_VIEWS_HELP, width="content")


def _disagreement(diagnosis: "Diagnosis") -> str:
    found = diagnosis.uncertainty
    words = f"± {100 * found.views:.1f} points over flips and turns"
    if found.members:
        parts = ", ".join(_percent(value) for value in found.members)
        words += f" · members: {parts}"
    return words


def _binary(diagnosis: "Diagnosis", point: "OperatingPoint") -> None:
    probability = float(diagnosis.probabilities[diagnosis.classes.index(point.positive_class)])
    side = "left" if point.threshold < 0.2 else "right" if point.threshold > 0.8 else ""  # noqa: PLR2004 - near the bar's ends
    spoken = escape(
        f"Probability of {point.positive_class} {_percent(probability)}, "
        f"operating point {_percent(point.threshold)}",
        quote=True,
    )
    headline = _headline(diagnosis, probability, point.positive_class)
    st.html(
        f'<section style="--mark:{_colour(diagnosis)}">{headline}'
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
    st.html(
        f'<section style="--mark:{_colour(diagnosis)}">'
        f"{_headline(diagnosis, best, diagnosis.predicted)}"
        f'<div class="lobule-classes">{rows}</div></section>'
    )


def _headline(diagnosis: "Diagnosis", probability: float, of: str) -> str:
    """What is said, and the probability; out of scope has been said already, so the class here."""
    inside = diagnosis.verdict.outcome != OUT_OF_SCOPE
    name = diagnosis.verdict.name if inside else diagnosis.predicted
    shown = name if has_class(name) else name.capitalize()
    level, reasons = ("h2", _reasons(diagnosis)) if inside else ("h3", "")
    symbol = mark_of_verdict(name, _positive(diagnosis)).symbol
    return (
        f'<div class="lobule-answer"><{level}><span aria-hidden="true">{symbol}</span>'
        f"{as_html(shown)}</{level}><output>{_percent(probability)}"
        f'<span class="lobule-of">probability of {as_html(of)}</span></output></div>{reasons}'
    )


def _reasons(diagnosis: "Diagnosis") -> str:
    said = "".join(f"<li>{as_html(reason)}</li>" for reason in diagnosis.verdict.reasons)
    return f'<ul class="lobule-list lobule-reasons">{said}</ul>' if said else ""


def _colour(diagnosis: "Diagnosis") -> str:
    if diagnosis.verdict.outcome == OUT_OF_SCOPE:
        return mark_of(diagnosis.predicted, _positive(diagnosis)).colour
    return mark_of_verdict(diagnosis.verdict.name, _positive(diagnosis)).colour


def _positive(diagnosis: "Diagnosis") -> str | None:
    return diagnosis.operating_point.positive_class if diagnosis.operating_point else None


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
