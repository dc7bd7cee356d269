"""Addresses of what the browser fetches beside the page: absolute, since the map asks for that."""

from functools import partial
from urllib.parse import quote, urlsplit

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.slides.serving import PREFIX
from core.slides.tickets import issue

PATH = "slides"
"""The page's own, below that of the server."""
_TICKET = "slides_ticket"


def thumbnail(slide_id: str) -> str:
    """A picture of a whole slide."""
    return f"{_start()}/slide/{quote(slide_id, safe='')}/thumbnail"


def slide_tiles(slide_id: str) -> str:
    """The tiles of a slide."""
    return f"{_start()}/slide/{quote(slide_id, safe='')}/{{z}}/{{x}}/{{y}}"


def map_tiles(layer_id: str, colours: str) -> str:
    """The tiles of a map."""
    return f"{_start()}/map/{layer_id}/{colours}/{{z}}/{{x}}/{{y}}"


def _start() -> str:
    """Of all of them: where the browser found this page, and what lets this window in."""
    if _TICKET not in st.session_state:
        st.session_state[_TICKET] = issue(partial(_is_there, _session()))
    return f"{_server()}/{PREFIX}/{st.session_state[_TICKET]}"


def _server() -> str:
    """The address of the server as the browser knows it, behind whatever proxy, without a slash."""
    address = urlsplit(str(st.context.url or ""))
    path = address.path.rstrip("/").removesuffix(f"/{PATH}")
    return f"{address.scheme}://{address.netloc}{path}" if address.netloc else path


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


def _is_there(session: str) -> bool:
    """Whether a window is open and connected; one whose user signed out is not."""
    return bool(get_instance().is_active_session(session))
