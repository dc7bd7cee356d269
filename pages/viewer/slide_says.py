"""What a model says of a whole slide: its word, areas, and hot spots to go to."""

from typing import Any

import streamlit as st

from core.errors import LobuleError
from core.registry.card_words import caution_of_map
from core.slides.in_words import area_words, ruled_out_words, share_words
from pages.shared.marks import OUT_OF_SCOPE, mark_of_outcome
from pages.shared.outcome import SHOW_ANYWAY
from pages.shared.plain import as_html, notice, quiet
from pages.viewer.opening import SlideView
from pages.viewer.pointed import go_to

_MOST_SPOTS = 8


def show_summary(view: SlideView, pane: int, answer: str) -> None:
    """Draw what follows from the tiles of a slide, by the id of its finished answer."""
    from core.slides.answering import load_answer  # noqa: PLC0415 - not needed to draw a page

    try:
        loaded = load_answer(answer)
    except LobuleError as error:
        notice(str(error), "error")
        return
    if loaded is None or loaded.summary is None:
        notice("The summary of this answer is missing. Answer the slide again.", "error")
        return
    summary = loaded.summary
    _show_word(view, summary)
    if summary["outcome"]["kind"] == OUT_OF_SCOPE:
        with st.expander(SHOW_ANYWAY, key=f"slides_anyway_{pane}"):
            _show_chance(summary)
            _show_areas(summary)
    else:
        _show_areas(summary)
    caution = caution_of_map(view.package.card) if view.package else ""
    for warning in (*summary["warnings"], *filter(None, (caution,))):
        notice(warning)
    _show_spots(view, pane, summary)


def _show_word(view: SlideView, summary: dict[str, Any]) -> None:
    """Draw the slide's word, and how probable it is unless the slide is out of scope."""
    point = view.package.card.operating_point if view.package else None
    outcome = summary["outcome"]
    mark = mark_of_outcome(outcome["name"], point.positive_class if point else None)
    name = outcome["name"] if outcome["kind"] == "class" else outcome["name"].capitalize()
    chance = ""
    if summary["probabilities"] is not None and outcome["kind"] != OUT_OF_SCOPE:
        chance = (
            f'<output>{_chance(summary)}<span class="lobule-of">probability of '
            f"{as_html(summary['shown_class'])}</span></output>"
        )
    reasons = "".join(f"<li>{as_html(reason)}</li>" for reason in outcome["reasons"])
    st.html(
        f'<section style="--mark:{mark.colour}"><div class="lobule-answer"><h3>'
        f'<span aria-hidden="true">{mark.symbol}</span>{as_html(name)}</h3>{chance}</div>'
        f'<ul class="lobule-list lobule-reasons">{reasons}</ul></section>'
    )


def _show_chance(summary: dict[str, Any]) -> None:
    if summary["probabilities"] is not None:
        st.text(f"Probability of {summary['shown_class']}: {_chance(summary)}.")


def _chance(summary: dict[str, Any]) -> str:
    value = summary["probabilities"][summary["classes"].index(summary["shown_class"])]
    return f"{100 * value:.1f} %"


def _show_areas(summary: dict[str, Any]) -> None:
    positive, outside = summary["positive"], summary["out_of_scope"]
    st.text(
        f"{summary['shown_class']} reaches the threshold of {100 * summary['threshold']:.1f} % on "
        f"{share_words(positive['mm2'], positive['answered_mm2'])} of tissue"
        f"{ruled_out_words(summary)}.",
        help=summary["rule"],
    )
    if outside["mm2"]:
        quiet(
            f"{share_words(outside['mm2'], positive['answered_mm2'])} of tissue are out of scope: "
            "unlike what the model was trained on, or blurred."
        )


def _show_spots(view: SlideView, pane: int, summary: dict[str, Any]) -> None:
    spots = summary["hot_spots"][:_MOST_SPOTS]
    if not spots:
        return
    st.text("Hot spots", help="Connected tissue at or above the threshold, the largest first.")
    with st.container(horizontal=True, gap="small"):
        for number, spot in enumerate(spots, 1):
            st.button(
                f"{number} · {area_words(spot['tissue_mm2'])}",
                key=f"slides_spot_{pane}_{number}",
                on_click=go_to,
                args=(view, pane, spot["x"], spot["y"]),
                help=f"Mean {100 * spot['mean']:.0f} %, highest {100 * spot['highest']:.0f} %.",
            )
