"""What a model says of an image, why, its probability as a bar, and the scale it expects."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.marks import OUT_OF_SCOPE, has_class, mark_of, mark_of_outcome
from pages.shared.plain import as_html, table

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.registry.card import InputSpec
    from core.registry.card_results import OperatingPoint

_HELP = (
    "At or above the decision threshold (operating point) the class is called. It was chosen "
    "on held-out patients and need not be 50 %."
)
_SETS_HELP = (
    "Undecided: no class fits alone. A class is ruled out if less probable here than on "
    "nearly all its held-out images (conformal prediction sets)."
)
_VIEWS_HELP = (
    "Standard deviation of the probability over eight flips and turns, in percentage points. "
    "Tissue has no up or down: it should be small."
)
_ORIGINS = {
    "stated": "stated by the file",
    "given": "given",
    "named": "by its name",
    "sized": "assumed from its size",
    "unknown": "assumed",
}
SHOW_ANYWAY = "Show the answer anyway"


def show_outcome(diagnosis: "Diagnosis") -> None:
    """Show the outcome in words, the reason, and the probability; out of scope it is put away."""
    if diagnosis.outcome.kind == OUT_OF_SCOPE:
        mark = mark_of_outcome(OUT_OF_SCOPE, None)
        st.html(
            f'<section style="--mark:{mark.colour}"><div class="lobule-answer">'
            f'<h2><span aria-hidden="true">{mark.symbol}</span>{OUT_OF_SCOPE.capitalize()}</h2>'
            f"</div>{_reasons(diagnosis)}</section>"
        )
        with st.expander(SHOW_ANYWAY, key="show_anyway"):
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
    words = f"{tiles} · {diagnosis.seconds:.2f} s"
    if diagnosis.positive_share is not None:
        words = f"{words} · {_area(diagnosis, diagnosis.positive_share)} at or above the threshold"
    notes = [_HELP] if point else []
    notes += [] if diagnosis.scale.one_piece else [rule]
    notes += [_SETS_HELP] if diagnosis.card.conformal else []
    notes += [f"Computed by {diagnosis.engine}."] if diagnosis.engine else []
    with st.container(horizontal=True, gap="small", key="under_the_bar"):
        st.text(words, help="\n\n".join(notes) or None, width="content")
        st.text(_disagreement(diagnosis), help=_VIEWS_HELP, width="content")


def _area(diagnosis: "Diagnosis", share: float) -> str:
    """How much of the tissue that is: the share, and mm² where the scale is known."""
    words = f"{100 * share:.0f} % of the tissue"
    if diagnosis.um_per_px is None:
        return words
    height, width = diagnosis.image.pixels.shape[:2]
    tissue = diagnosis.scope.tissue * height * width * (diagnosis.um_per_px / 1000) ** 2
    return f"{words} ({share * tissue:.2g} of {tissue:.2g} mm²)"


def _disagreement(diagnosis: "Diagnosis") -> str:
    uncertainty = diagnosis.uncertainty
    words = f"± {100 * uncertainty.views:.1f} points over flips and turns"
    if uncertainty.members:
        parts = ", ".join(_percent(value) for value in uncertainty.members)
        words += f" · members: {parts}"
    return words


def _binary(diagnosis: "Diagnosis", point: "OperatingPoint") -> None:
    probability = float(diagnosis.probabilities[diagnosis.classes.index(point.positive_class)])
    side = "left" if point.threshold < 0.2 else "right" if point.threshold > 0.8 else ""  # noqa: PLR2004 - near the bar's ends
    spoken = escape(
        f"Probability of {point.positive_class} {_percent(probability)}, "
        f"decision threshold {_percent(point.threshold)}",
        quote=True,
    )
    headline = _headline(diagnosis, probability, point.positive_class)
    st.html(
        f'<section style="--mark:{_colour(diagnosis)}">{headline}'
        f'<div class="lobule-bar" role="img" aria-label="{spoken}">'
        f'<div class="lobule-fill" style="width:{100 * probability:.2f}%"></div>'
        f'<div class="lobule-point {side}" style="left:{100 * point.threshold:.2f}%">'
        f"<span>decision threshold {_percent(point.threshold)}</span></div></div>"
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
    inside = diagnosis.outcome.kind != OUT_OF_SCOPE
    name = diagnosis.outcome.name if inside else diagnosis.predicted
    shown = name if has_class(name) else name.capitalize()
    level, reasons = ("h2", _reasons(diagnosis)) if inside else ("h3", "")
    symbol = mark_of_outcome(name, _positive(diagnosis)).symbol
    return (
        f'<div class="lobule-answer"><{level}><span aria-hidden="true">{symbol}</span>'
        f"{as_html(shown)}</{level}><output>{_percent(probability)}"
        f'<span class="lobule-of">probability of {as_html(of)}</span></output></div>{reasons}'
    )


def _reasons(diagnosis: "Diagnosis") -> str:
    items = "".join(f"<li>{as_html(reason)}</li>" for reason in diagnosis.outcome.reasons)
    return f'<ul class="lobule-list lobule-reasons">{items}</ul>' if items else ""


def _colour(diagnosis: "Diagnosis") -> str:
    if diagnosis.outcome.kind == OUT_OF_SCOPE:
        return mark_of(diagnosis.predicted, _positive(diagnosis)).colour
    return mark_of_outcome(diagnosis.outcome.name, _positive(diagnosis)).colour


def _positive(diagnosis: "Diagnosis") -> str | None:
    return diagnosis.operating_point.positive_class if diagnosis.operating_point else None


def _percent(share: float) -> str:
    """Return a probability in per cent; never rounded to certainty."""
    if 0 < share < 0.001:  # noqa: PLR2004 - the last digit shown
        return "< 0.1 %"
    if 0.999 < share < 1:  # noqa: PLR2004 - the last digit shown
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def scale_words(diagnosis: "Diagnosis") -> str:
    """Return the scale at which an image was answered, where it is from, and its size."""
    used = diagnosis.scale.um_per_px or diagnosis.card.input.um_per_px
    info = diagnosis.image.info
    return (
        f"Scale {used:g} µm/px ({_ORIGINS[diagnosis.scale.state]}) · "
        f"{info.width:,} × {info.height:,} px"
    )


def compare_scale(diagnosis: "Diagnosis") -> None:
    """Show what the model expects beside what the image is."""
    spec, info, plan = diagnosis.card.input, diagnosis.image.info, diagnosis.scale
    used = plan.um_per_px or spec.um_per_px
    origin = _ORIGINS[plan.state]
    size = f"{info.width:,} × {info.height:,} px"
    field = f"{info.width * used:,.0f} × {info.height * used:,.0f} µm"
    expected = f"up to {spec.um_per_px_high:g} µm/px; finer images shrunk to {spec.um_per_px:g}"
    stored = f"{info.format}, {info.mode}, {info.bit_depth} bit"
    table(
        ("", "The model expects", "This image"),
        [
            (
                "Scale",
                expected,
                f"{used:g} µm/px ({origin})",
            ),
            ("Field", _fields(spec), field),
            (
                "Size",
                f"{spec.width} × {spec.height} px a {'patch' if spec.fit == 'patch' else 'square'}",
                f"{size}, {_pieces(diagnosis)}",
            ),
            ("Stored as", "8 bit RGB", "; ".join((stored, *info.notes))),
        ],
        caption="The model and this image",
    )


def _fields(spec: "InputSpec") -> str:
    if spec.fit == "patch":
        return f"{spec.field_um:g} × {spec.field_um:g} µm a patch"
    fields = ", ".join(f"{field:.0f}" for field in spec.fields_um)
    return f"as tall as {fields} µm"


def _pieces(diagnosis: "Diagnosis") -> str:
    if diagnosis.scale.one_piece:
        return "in one piece"
    return f"in {diagnosis.tiles:,} tiles of {diagnosis.scale.tile} px"
