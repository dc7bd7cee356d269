"""What a network made elsewhere is made of, and what it answers on a picture."""

from typing import TYPE_CHECKING

import streamlit as st

from core.adoption.by_picture import answers_by_scaling, middle
from core.adoption.scaling import SCALINGS
from core.errors import LobuleError
from core.imaging.read import read_image
from pages.shared.plain import as_html, notice, quiet, table

if TYPE_CHECKING:
    from core.adoption.foreign import Foreign
    from pages.shelf.brought_job import ReadJob

_SHOWN_PX = 160


def show_network(job: "ReadJob") -> None:
    """Say what the network is, and what was done to it."""
    foreign, network = job.foreign, job.network
    assert foreign  # noqa: S101 - it was read
    assert network  # noqa: S101 - it was made flat
    weights = sum(layer.weights for layer in network.layers)
    side = f"{foreign.side} px, square" if foreign.side else "any size"
    ends = f"{foreign.head} of {foreign.outputs}"
    facts = (
        ("Input", side),
        ("Ends with", ends if foreign.activated else f"{ends}, added"),
        ("Weights", f"{weights:,}"),
        ("Heatmaps explain", network.heatmap_layer),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{as_html(value)}</dd></div>" for name, value in facts)
    st.html(f'<h3>The network</h3><dl class="lobule-numbers">{cells}</dl>')
    for change in network.changes:
        quiet(change)
    if job.inside:
        quiet(f"It scales colours itself ({job.inside}).")


def show_layers(job: "ReadJob") -> None:
    """Show the layers of the flat network in a table."""
    layers = job.network.layers if job.network else ()
    with st.expander(f"{len(layers):,} layers, flattened"), st.container(height=260, border=False):
        table(
            ("Layer", "Kind", "Output", "Weights"),
            [
                (
                    layer.name,
                    layer.kind,
                    layer.output,
                    f"{layer.weights:,}" if layer.weights else "",
                )
                for layer in layers
            ],
            caption="The layers of the network",
        )


def try_picture(foreign: "Foreign", key: str) -> None:
    """Show what it answers on a picture under each scaling."""
    file = st.file_uploader(
        "Try it on a picture",
        type=["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"],
        key=f"try-{key}",
        help="One whose class you know. Its middle square is answered under each scaling, "
        "uncalibrated.",
    )
    if file is None:
        return
    try:
        pixels = read_image(file.getvalue()).pixels
        known = st.session_state.setdefault("tried", {})
        if (key, file.file_id) not in known:
            with st.spinner("Answering …"):
                known[key, file.file_id] = answers_by_scaling(foreign, pixels)
        answers = known[key, file.file_id]
    except LobuleError as error:
        notice(str(error), "error")
        return
    st.image(middle(pixels), width=_SHOWN_PX)
    names = st.session_state.get(f"named-{key}") or ()
    if len(names) != foreign.classes:
        names = tuple(f"class {number}" for number in range(foreign.classes))
    table(
        ("Colours", *names),
        [
            (SCALINGS[scaling].title, *(f"{chance:.0%}" for chance in chances))
            for scaling, chances in answers.items()
        ],
        caption="Answers by scaling",
    )
