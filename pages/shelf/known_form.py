"""Adding an encoder that is published: which one, and whether its licence is agreed to."""

import streamlit as st

from core.encoders.catalogue import KnownEncoder, known_encoders
from core.encoders.words import MARKED
from core.errors import EncoderError
from core.extras import how_to_install, is_installed
from core.registry.manage import NAMES_ARE
from pages.shared.plain import as_label, notice, quiet, table
from pages.shelf.encoder_job import AddKnownJob, adding, key_of_known

_EXTRA = "encoders"
_TOKEN = "encoder-tokens"  # noqa: S105 - how many were sent, none of them
_TOKEN_HELP = "Yours, made on that site. It is used for this once and not kept."  # noqa: S105


def fetched_now() -> str | None:
    """The name of a published encoder that is being added, whoever asked for it."""
    jobs = ((known.name, adding().get(key_of_known(known.name))) for known in known_encoders())
    return next((name for name, job in jobs if job and job.running), None)


def choose_known(form: int, begins: str | None) -> KnownEncoder | None:
    """Draw the choice of one; None, and why, where none can be added.

    Parameters
    ----------
    form : int
    begins : str or None
        The name of what is chosen at first; the first one unless given.
    """
    if not is_installed(_EXTRA):
        notice(
            "Published encoders need PyTorch once, to be converted. " + how_to_install(_EXTRA),
            "note",
        )
        return None
    every = {known.name: known for known in known_encoders()}
    return every[
        st.selectbox(
            "Encoder",
            list(every),
            index=list(every).index(begins) if begins else 0,
            format_func=lambda name: every[name].title,
            key=f"known-{form}",
            persist_state="session",
        )
    ]


def ask_for_known(known: KnownEncoder, form: int, *, busy: bool) -> AddKnownJob | None:
    """Draw what it is, and its form; returns what is to be done once that is sent.

    Raises
    ------
    EncoderError
        If its licence is not agreed to, or its authors want a token.
    """
    _show(known)
    with st.form(f"known-asked-{form}", border=False, enter_to_submit=False):
        token = _ask_for_token(known) if known.gated else ""
        called = st.text_input(
            "Its name here",
            key=f"known-called-{form}",
            placeholder=known.name,
            help=f"{NAMES_ARE.capitalize()}.",
            persist_state="session",
        ).strip()
        agreed = st.checkbox(
            as_label(f"I have read and agree to the licence: {known.licence}"),
            key=f"known-agreed-{form}-{known.name}",
        )
        sent = st.form_submit_button(
            "Fetch and add", type="primary", key="add-known-now", disabled=busy
        )
    if not sent:
        return None
    if not agreed:
        raise EncoderError(f"Agree to the licence of {known.title} first; read it on {known.page}.")
    if known.gated and not token:
        raise EncoderError(
            f"The authors of {known.title} want to be asked: sign in on {known.page}, agree to its "
            "terms, and give a token of yours."
        )
    if known.gated:
        st.session_state[_TOKEN] += 1  # the field is another one from now on, and empty
    return AddKnownJob(known=known.name, called=called or None, token=token or None)


def _show(known: KnownEncoder) -> None:
    size = known.input
    scale = "scale not stated" if size.um_per_px is None else f"{size.um_per_px:g} µm/px"
    table(
        ("Published on", known.page),
        [
            ("Licence", f"{known.licence}; commercial use {MARKED[known.commercial]}"),
            ("Cite", known.citation),
            ("Input", f"{size.width}×{size.height} px, {scale}"),
            ("Features", f"{known.dimension:,} an image"),
            ("To fetch", f"{known.megabytes:,} MB"),
        ],
        caption=f"The encoder {known.title}",
    )
    st.link_button("Its page, with the licence", known.page)
    if known.needs_conversion:
        quiet("Its weights are for PyTorch: they are converted once, in a process of its own.")


def _ask_for_token(known: KnownEncoder) -> str:
    number = st.session_state.setdefault(_TOKEN, 0)
    quiet(f"Its authors want to be asked: sign in on {known.page} and agree to its terms there.")
    return st.text_input(
        "Token of that site",
        key=f"known-token-{number}",
        type="password",
        autocomplete="off",
        help=_TOKEN_HELP,
    ).strip()
