"""What steers the maps in the browser, and what it tells of them.

Streamlit tells a page nothing of where a Plotly map was moved to. This component, mounted beside
the maps, does: it draws what depends on the view (scale bar, overview, magnifications), hears the
keys, and says which place or region was pointed at.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from pages.viewer.legend import Legend

_FOLDER = Path(__file__).parent
_KEY, _POINTED, _LOOKED = "slides_steering", "slides_pointed", "slides_looked"
_mount = component(
    "slide_steering",
    html=(_FOLDER / "steering.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "steering.css").read_text(encoding="utf-8"),
    js="".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("pane.js", "steer.js")),
)


Corners = tuple[tuple[float, float], ...]
"""In pixels of the slide's finest level."""


@dataclass(frozen=True, slots=True)
class LaidMap:
    """A map of probabilities over a slide."""

    tiles: str
    """Absolute address with {z}, {x} and {y}."""
    opacity: float


@dataclass(frozen=True, slots=True)
class Pane:
    """One map on the page."""

    key: str
    """Of the container that it stands in."""
    width: int
    """Of the slide, px."""
    height: int
    um: float | None
    """Micrometres a pixel, where known."""
    picture: str
    """Address of a picture of the whole slide."""
    fits: bool
    """Whether all of the slide is shown at first."""
    returns: bool
    """Whether the view is to be as this window left it."""
    maps: list[LaidMap] = field(default_factory=list)
    """The lowest first."""
    outlines: list[Corners] = field(default_factory=list)
    """Lines round what reaches the threshold."""
    marked: list[Corners] = field(default_factory=list)
    """Closed lines round what was pointed at."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """What was pointed at since the last run, in pixels of the finest level."""

    pane: int
    polygon: Corners
    """Only one corner where a place was clicked."""


@dataclass(frozen=True, slots=True)
class Going:
    """Where the view of a map is to go."""

    id: int
    """Another one each time."""
    pane: int
    x: float
    y: float
    side: float
    """How much of the slide is to be seen around, all in pixels of its finest level."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Which part of a slide is looked at, in pixels of the finest level."""

    pane: int
    box: tuple[float, float, float, float]
    """x, y, width, height."""


def steer(
    panes: list[Pane], *, linked: bool, watched: bool, going: Going | None, legend: Legend | None
) -> None:
    """Mount the toolbar of the maps, which also lays things over them.

    Parameters
    ----------
    panes
        The maps.
    linked
        Whether they move together.
    watched
        Whether it is to be told which part is looked at.
    going
        Where to go; once.
    legend
        Of the maps.
    """
    _mount(
        key=_KEY,
        data={
            "linked": linked,
            "watched": watched,
            "going": asdict(going) if going else None,
            "legend": asdict(legend) if legend else None,
            "panes": [asdict(pane) for pane in panes],
        },
        on_pointed_change=_note,
        on_region_change=_note,
        on_looked_change=_note,
    )


def take_pointed() -> Pointed | None:
    """Return what was pointed at, once."""
    message = st.session_state.pop(_POINTED, None)
    try:
        polygon = tuple((float(x), float(y)) for x, y in message["polygon"])
        return Pointed(int(message["pane"]), polygon) if polygon else None
    except (KeyError, TypeError, ValueError):  # nothing, or not as the component says it
        return None


def take_looked() -> Looked | None:
    """Return which part has come into view, once."""
    message = st.session_state.pop(_LOOKED, None)
    try:
        x, y, width, height = (float(value) for value in message["box"])
        return Looked(int(message["pane"]), (x, y, width, height))
    except (KeyError, TypeError, ValueError):
        return None


def _note() -> None:
    """Keep what the browser says; the page takes it when it is drawn."""
    message = st.session_state[_KEY]
    if pointed := message.get("pointed") or message.get("region"):
        st.session_state[_POINTED] = pointed
    if looked := message.get("looked"):
        st.session_state[_LOOKED] = looked
