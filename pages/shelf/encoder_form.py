"""Adding an encoder: from where, what only whoever brings it knows of it, and the work itself."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import streamlit as st

from core.encoders.card import IMAGENET_DEVIATION, IMAGENET_MEAN, Commercial, EncoderCard, Features
from core.errors import LobuleError
from core.registry.manage import NAMES_ARE
from pages.shared.dataset_choice import as_path
from pages.shared.jobs import show_progress
from pages.shared.plain import notice
from pages.shelf.encoder_asked import EncoderAsked, about_of
from pages.shelf.encoder_job import AddEncoderJob, AddGivenJob, adding, key_of_known
from pages.shelf.known_form import ask_for_known, choose_known, fetched_now

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

PUBLISHED, PATH, UPLOAD = "Published", "A path on this computer", "Upload"
_MOST_MEGABYTES = 2_000  # an ONNX file itself can have no more
_COMMERCIAL: dict[Commercial, str] = {
    "allowed": "Allowed",
    "not allowed": "Not allowed",
    "unknown": "Not known",
}
_AUTOMATIC = "automatic"
_FEATURES: dict[Features | str, str] = {
    _AUTOMATIC: "As it gives them; of tokens the class token",
    "class token": "The class token",
    "mean of tokens": "The mean of its tokens",
    "class token and mean": "The class token and the mean",
}
_PATH_HELP = (
    "An .onnx file, an .xml file with its .bin beside it, or a folder with one of them, on "
    "Lobule's computer."
)
_ON_STOP = "As soon as it can; nothing is added then."
_COLOURS_HELP = "Of 0 to 1, taken off or divided by; ImageNet's unless its authors say otherwise."


def ask_for_encoder() -> None:
    """Draw the form, how far an encoder that was sent is, and what became of it."""
    form = st.session_state.setdefault("encoder-forms", 0)
    # After a reload nobody knows who asked for what is being fetched: it is shown to all.
    begins = st.session_state.setdefault("encoder-begins", fetched_now())
    how = st.segmented_control(
        "From",
        (PUBLISHED, PATH, UPLOAD),
        default=PUBLISHED if begins else PATH,
        required=True,
        key=f"encoder-from-{form}",
    )
    known = choose_known(form, begins) if how == PUBLISHED else None
    if known is None and how == PUBLISHED:
        return
    session = st.session_state.setdefault("encoder-adder", uuid4().hex)
    key = key_of_known(known.name) if known else ("given", session)
    job = adding().get(key)
    # Only whoever saw it under way is told how it ended.
    awaited: set[tuple[str, str]] = st.session_state.setdefault("encoders-awaited", set())
    if job and job.encoder and key in awaited:
        awaited.remove(key)
        _finish(job.encoder.card)
    # It may end while this is drawn: then all of it is drawn again.
    busy, drawn = job is not None and job.running, job and job.visible
    wanted, wrong = None, None
    try:
        wanted = (
            ask_for_known(known, form, busy=busy)
            if known
            else _ask_for_given(form, busy=busy, upload=how == UPLOAD)
        )
    except LobuleError as error:
        wrong = str(error)
    if job and busy:
        awaited.add(key)
        show_progress(job, drawn or (), "stop-adding-encoder", _ON_STOP)
    elif wanted:
        made = wanted
        awaited.add(key)
        adding().start(key, lambda: made, anew=True)
        st.rerun()
    elif wrong:
        notice(wrong, "error")
    elif job and key in awaited:
        _show_end(job)


def _show_end(job: AddEncoderJob) -> None:
    if job.stopped:
        notice("Stopped; nothing was added.", "note")
    elif job.error:
        notice(job.error, "error")


def _finish(card: EncoderCard) -> None:
    """Say what was found, above the encoders, and begin an empty form."""
    st.session_state["encoder-forms"] += 1
    places = f"{card.grid[0]}×{card.grid[1]} places for heatmaps" if card.grid else "no places"
    st.session_state["encoder_told"] = (
        f"{card.name} was added: {card.dimension:,} features an image, {places}. To fit a model on "
        "it, choose the recipe “probe” on the Training page, and there this encoder."
    )
    st.rerun()


def _ask_for_given(form: int, *, busy: bool, upload: bool) -> AddGivenJob | None:
    """Draw the form of a file; returns what is to be done once it is sent.

    Its fields stay open meanwhile: Streamlit throws away what has just been typed into one that is
    closed to typing in the same run.

    Raises
    ------
    EncoderError
        If something is missing or cannot be so.
    """
    line = partial(_line, form)
    with st.form(f"encoder-asked-{form}", border=False, enter_to_submit=False):
        file_given = (
            _ask_for_upload(form)
            if upload
            else line("path", "File or folder", "/data/encoders/phikon.onnx", _PATH_HELP)
        )
        left, right = _beside("naming")
        with left:
            name = line("name", "Name", "phikon", f"{NAMES_ARE.capitalize()}.")
        with right:
            title = line("title", "Title", "as its name", "What pages call it.")
        left, right = _beside("rights")
        with left:
            licence = line("licence", "Licence", "such as CC-BY-NC-4.0")
        with right:
            commercial = _ask_for_commercial(form)
        left, right = _beside("origin")
        with left:
            source = line("source", "Source", "https://…", "Where others find it.")
        with right:
            citation = line("citation", "Citation", "Authors (year). Title. doi")
        with st.expander("Its input and output", key=f"encoder-input-{form}"):
            described = _ask_for_input(form)
        sent = st.form_submit_button(
            "Add this encoder", type="primary", key="add-encoder-now", disabled=busy
        )
    if not sent:
        return None
    file = as_path(file_given) if file_given and isinstance(file_given, str) else file_given or None
    fields = EncoderAsked(
        given=file,
        name=name,
        title=title,
        source=source,
        licence=licence,
        commercial=commercial,
        citation=citation,
        **described,
    )
    about = about_of(fields)
    assert fields.given  # noqa: S101 - else something were missing
    return AddGivenJob(about=about, given=fields.given)


def _beside(name: str) -> "tuple[DeltaGenerator, DeltaGenerator]":
    """Two columns, which come one after the other in a narrow window."""
    with st.container(key=f"beside-encoder-{name}"):
        left, right = st.columns(2)
    return left, right


def _line(
    form: int,
    name: str,
    label: str,
    placeholder: str,
    about: str | None = None,
    *,
    value: str = "",
) -> str:
    return st.text_input(
        label,
        value,
        key=f"encoder-{name}-{form}",
        placeholder=placeholder,
        help=about,
        persist_state="session",
    ).strip()


def _ask_for_upload(form: int) -> bytes:
    file = st.file_uploader(
        "ONNX file",
        type=["onnx"],
        key=f"encoder-file-{form}",
        max_upload_size=_MOST_MEGABYTES,
        help="One file with its weights inside; larger ones by their path.",
    )
    return file.getvalue() if file else b""


def _ask_for_commercial(form: int) -> Commercial | None:
    return st.selectbox(
        "Commercial use",
        list(_COMMERCIAL),
        index=None,
        format_func=lambda use: _COMMERCIAL[use],
        key=f"encoder-commercial-{form}",
        placeholder="What its licence says",
        help="The card of every model on it says so.",
        persist_state="session",
    )


def _ask_for_input(form: int) -> dict[str, Any]:
    """What most encoders have alike; the fields of `EncoderAsked`."""
    persistent: dict[str, Any] = {"persist_state": "session"}
    line = partial(_line, form)
    left, right = _beside("input")
    with left:
        size = st.number_input(
            "Side of its input, px", 16, 1024, 224, key=f"encoder-size-{form}", **persistent
        )
        mean = line("mean", "Mean of R, G, B", "", _COLOURS_HELP, value=_written(IMAGENET_MEAN))
        features = st.selectbox(
            "Features",
            list(_FEATURES),
            format_func=lambda each: _FEATURES[each],
            key=f"encoder-features-{form}",
            help="What of its output describes an image.",
            **persistent,
        )
    with right:
        scale = st.number_input(
            "Scale it was trained at, µm/px",
            min_value=0.01,
            max_value=100.0,
            value=None,
            format="%.3f",
            key=f"encoder-scale-{form}",
            placeholder="such as 0.5",
            **persistent,
        )
        deviation = line(
            *("deviation", "Deviation of R, G, B", "", _COLOURS_HELP),
            value=_written(IMAGENET_DEVIATION),
        )
        tensor = line("tensor", "Output", "the only one", "Its name, where there are several.")
    return {
        "size": size,
        "um_per_px": scale,
        "mean": mean,
        "deviation": deviation,
        "features": None if features == _AUTOMATIC else features,
        "tensor": tensor,
    }


def _written(colours: tuple[float, ...]) -> str:
    return ", ".join(f"{colour:g}" for colour in colours)
