"""What can be done with the image on show: go to the next, agree, disagree, state its scale."""

import streamlit as st

from core.cases.records import Verdict
from pages.desk.answers import Question, summary
from pages.desk.state import Desk
from pages.desk.uploads import take_away
from pages.shared.scale import ask_for_own_scale, forget_scale

_SAYS = (
    (Verdict.AGREE, "Agree", "A", "The answer is right."),
    (Verdict.DISAGREE, "Disagree", "D", "The answer is wrong."),
)
_KEPT = "Kept with the image when you save the case; again takes it back."


def show_tools(desk: Desk, questions: list[Question], chosen: Question) -> None:
    """Draw the buttons above the image; `questions` are in the order of the table."""
    ids = [question.upload.id for question in questions]
    place = ids.index(chosen.upload.id)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="desk_tools"):
        if len(ids) > 1:
            _go("Previous", "K", desk, ids, -1, disabled=place == 0)
            _go("Next", "J", desk, ids, 1, disabled=place == len(ids) - 1)
        found = summary(chosen, desk)
        answered = found is not None and found.predicted is not None
        said = desk.verdicts.get(chosen.subject)
        for verdict, name, key, words in _SAYS:
            st.button(
                f"{name}d" if said == verdict else name,
                # A key of its own: whoever types fast judges the answer that is on the screen.
                key=f"desk_{verdict}-{chosen.subject}",
                type="primary" if said == verdict else "secondary",
                icon=":material/check:" if said == verdict else None,
                shortcut=key,
                disabled=not answered,
                on_click=_say,
                args=(desk, chosen.subject, verdict),
                help=f"{words} {_KEPT}",
            )
        with st.popover("More"):
            ask_for_own_scale(desk, chosen.upload.id)
            st.button(
                "Take this image off the desk",
                key="desk_remove",
                width="stretch",
                on_click=take_away,
                args=([chosen.upload.id],),
            )


def offer_to_clear(desk: Desk) -> None:
    """Draw the button that takes everything off the desk."""
    number = len(desk.images)
    words = "1 image" if number == 1 else f"{number:,} images"
    st.button(
        f"Clear the desk ({words})",
        key="desk_clear",
        width="stretch",
        on_click=_clear,
        args=(desk,),
        help="Takes all images away, with what was said of them, and forgets the case's scale. "
        "Saved cases stay in the worklist.",
    )


def _clear(desk: Desk) -> None:
    take_away(list(desk.images))
    desk.scale = None
    forget_scale()


def _go(name: str, key: str, desk: Desk, ids: list[str], steps: int, *, disabled: bool) -> None:
    st.button(
        name,
        key=f"desk_{name}",
        shortcut=key,
        disabled=disabled,
        on_click=_step,
        args=(desk, ids, steps),
    )


def _step(desk: Desk, ids: list[str], steps: int) -> None:
    """Go on from the image on show now: the key may be pressed again before this page is drawn."""
    place = ids.index(desk.chosen) if desk.chosen in ids else 0
    desk.chosen = ids[min(max(place + steps, 0), len(ids) - 1)]


def _say(desk: Desk, subject: tuple[str, str, float | None], verdict: Verdict) -> None:
    if desk.verdicts.get(subject) == verdict:
        del desk.verdicts[subject]
    else:
        desk.verdicts[subject] = verdict
