"""What a model says of a whole slide: its word, areas, and hot spots to go to."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import LobuleError
from core.registry.card_words import caution_of_map
from pages.shared.marks import mark_of_outcome
from pages.shared.plain import as_html, notice, quiet
from pages.viewer.opening import SlideView
from pages.viewer.pointed import go_to

if TYPE_CHECKING:
    from core.slides.answering import AnswerState

_MOST_SPOTS = 8


def show_summary(view: SlideView, pane: int, state: "AnswerState") -> None:
    """Draw what follows from the tiles of a slide."""
    from core.slides.answering import load_answer  # noqa: PLC0415 - not needed to draw a page

    try:
        answer = load_answer(state.id)
    except LobuleError as error:
        notice(str(error), "error")
        return
    if answer is None or answer.summary is None:
        notice("The summary of this answer is missing. Answer the slide again.", "error")
        return
    summary = answer.summary
    _show_word(view, summary)
    _show_areas(summary)
    caution = caution_of_map(view.package.card) if view.package else ""
    for warning in (*summary["warnings"], *filter(None, (caution,))):
        notice(warning)
    _show_spots(view, pane, summary)


def _show_word(view: SlideView, summary: dict[str, Any]) -> None:
    point = view.package.card.operating_point if view.package else None
    outcome, shown = summary["outcome"], summary["shown_class"]
    mark = mark_of_outcome(outcome["name"], point.positive_class if point else None)
    name = outcome["name"] if outcome["kind"] == "class" else outcome["name"].capitalize()
    chance = ""
    if summary["probabilities"] is not None:
        value = summary["probabilities"][summary["classes"].index(shown)]
        chance = (
            f'<output>{100 * value:.1f} %<span class="lobule-of">probability of {as_html(shown)}'
            "</span></output>"
        )
    reasons = "".join(f"<li>{as_html(reason)}</li>" for reason in outcome["reasons"])
    st.html(
        f'<section style="--mark:{mark.colour}"><div class="lobule-answer"><h3>'
        f'<span aria-hidden="true">{mark.symbol}</span>{as_html(name)}</h3>{chance}</div>'
        f'<ul class="lobule-list lobule-reasons">{reasons}</ul></section>'
    )


def _show_areas(summary: dict[str, Any]) -> None:
    positive, outside = summary["positive"], summary["out_of_scope"]
    words = (
        f"{summary['shown_class']} reaches the threshold of {100 * summary['threshold']:.1f} % on "
        f"{positive['mm2']:.2g} of {positive['answered_mm2']:.2g} mm² of tissue "
        f"({100 * positive['share']:.0f} %)"
    )
    if positive["level"] is not None:
        words += (
            f"; at {100 * positive['level']:.0f} % certainty between "
            f"{positive['least_mm2']:.2g} and {positive['most_mm2']:.2g} mm²"
        )
    st.text(f"{words}.", help=summary["rule"])
    if outside["mm2"]:
        quiet(
            f"{outside['mm2']:.2g} mm² ({100 * outside['share']:.0f} %) is out of scope: unlike "
            "what the model was trained on, or blurred."
        )


def _show_spots(view: SlideView, pane: int, summary: dict[str, Any]) -> None:
    spots = summary["hot_spots"][:_MOST_SPOTS]
    if not spots:
        return
    st.text("Hot spots", help="Connected tissue at or above the threshold, the largest first.")
    with st.container(horizontal=True, gap="small"):
        for number, spot in enumerate(spots, 1):
            st.button(
                f"{number} · {spot['tissue_mm2']:.2g} mm²",
                key=f"slides_spot_{pane}_{number}",
                on_click=go_to,
                args=(view, pane, spot["x"], spot["y"]),
                help=f"Mean {100 * spot['mean']:.0f} %, highest {100 * spot['highest']:.0f} %.",
            )
