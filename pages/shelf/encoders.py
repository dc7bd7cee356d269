"""Encoders: the frozen networks that models here may rest on, and looking after them."""

import streamlit as st

from core.encoders.card import EncoderCard
from core.encoders.shelf import EncoderEntry, encoders, remove_encoder, verify_encoder
from core.encoders.words import MARKED, converted, learnt_from
from core.errors import PackageError
from core.registry.shelf import ShelfEntry, shelf
from core.rights import Deed, who_acts
from core.settings import get_settings
from pages.shared.plain import as_html, as_label, notice, quiet, table
from pages.shelf.encoder_comparison import compare_encoders_at_hand
from pages.shelf.encoder_form import ask_for_encoder

_WHAT = (
    "A frozen network, mostly pretrained on pathology images. The recipe “probe” on the Training "
    "page fits a model on what it sees. It stays on this computer, apart from the models that rest "
    "on it."
)


def show_encoders(*, asks_for_data: bool) -> None:
    """Draw the encoders at hand, how they compare, and how to add one.

    Parameters
    ----------
    asks_for_data : bool
        Whether the page asks for a dataset already; it can do so once.
    """
    entries = encoders()
    with st.container(border=True, key="encoders"):
        st.subheader("Encoders", anchor=False, help=_WHAT)
        if message := st.session_state.pop("encoder_told", None):
            notice(message, "note")
        if not entries:
            quiet(
                "None yet. With an encoder of the field, fewer cases may be enough to learn from."
            )
        models = [model for model in shelf() if model.package] if entries else []
        for entry in entries:
            _show(entry, models)
        sound = [entry.name for entry in entries if entry.encoder]
        if sound and who_acts().may(Deed.OPEN_DATA) and not asks_for_data:
            compare_encoders_at_hand(sound)
        if who_acts().may(Deed.CHANGE_MODELS):
            with st.expander("Add an encoder", key="add-encoder"):
                ask_for_encoder()


def _show(entry: EncoderEntry, models: list[ShelfEntry]) -> None:
    if entry.encoder is None:
        notice(f"{entry.name}: {entry.error}", "error")
        _deeds(entry, ())
        return
    card = entry.encoder.card
    resting = tuple(
        model.name
        for model in models
        if model.package
        and model.package.card.encoder
        and model.package.card.encoder.sha256 == card.sha256
    )
    called = card.title if card.title == entry.name else f"{card.title} ({entry.name})"
    with st.expander(as_label(called), key=f"encoder-{entry.name}"):
        table(("Encoder", entry.name), _rows(card, resting), caption=f"Encoder {entry.name}")
        _deeds(entry, resting)


def _rows(card: EncoderCard, resting: tuple[str, ...]) -> list[tuple[object, ...]]:
    size, grid = card.input, card.grid
    scale = "" if size.um_per_px is None else f", trained at {size.um_per_px:g} µm/px"
    places = {
        "exact": "what each place adds to the answer",
        "approximate": "what the head makes of each place; an approximation",
        "none": "none; occlusion shows where it looks",
    }[card.maps]
    rows: list[tuple[object, ...]] = [
        ("Licence", f"{card.licence}; commercial use {MARKED[card.commercial]}"),
        ("Source", card.source),
        ("Converted", converted(card)),
        ("Learnt from", learnt_from(card)),
        ("Cite", card.citation),
        ("Input", f"{size.width}×{size.height} px{scale}"),
        ("Features", f"{card.dimension:,} an image, {card.features}"),
        ("Heatmaps", places + (f" ({grid[0]}×{grid[1]} places)" if grid else "")),
        ("Models on it", ", ".join(resting) or "none"),
        ("Hash", card.sha256[:16]),
    ]
    return [row for row in rows if row[1]]


def _deeds(entry: EncoderEntry, resting: tuple[str, ...]) -> None:
    if not who_acts().may(Deed.CHANGE_MODELS):
        return
    with st.container(horizontal=True, key=f"encoder-deeds-{entry.name}"):
        if entry.encoder and st.button("Verify", key=f"verify-encoder-{entry.name}"):
            _verify(entry.name)
        with st.popover("Delete …", key=f"ask-delete-encoder-{entry.name}"):
            if resting:
                st.html(
                    f"<p>Without it these do not answer: {as_html(', '.join(resting))}, until it "
                    "is added again.</p>"
                )
            if st.button("Delete it", key=f"delete-encoder-{entry.name}", type="primary"):
                _delete(entry.name)


def _verify(name: str) -> None:
    try:
        verify_encoder(get_settings().encoders / name)
    except PackageError as error:
        notice(str(error), "error")
    else:
        notice(f"{name}: every file is as it was when it was added.", "note")


def _delete(name: str) -> None:
    try:
        remove_encoder(name)
    except PackageError as error:
        notice(str(error), "error")
    else:
        st.session_state["encoder_told"] = f"The encoder {name} was deleted."
        st.rerun()
