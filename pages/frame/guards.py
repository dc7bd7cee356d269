"""What guards Streamlit's server: who reaches it, under which names, and what strangers get."""

from functools import partial
from typing import TypedDict

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import Scope

from core.errors import LobuleError
from core.extras import check_backend
from core.gate import Gate
from core.hosts import KnownHosts
from core.patience import Patience, have_patience
from core.receiving import Connections, Uploads
from core.rights import read_roles
from core.room import MOST_WINDOWS_OF_ONE
from core.serving import SecurityHeaders, begin_serving
from core.settings import get_settings
from core.slides.serving import PREFIX, routes
from pages.frame.page_style import PageStyle
from pages.frame.room import ServerRoom
from pages.frame.sign_in import (
    leave,
    let_in,
    names_of_server,
    person_by,
    sign_in_is_configured,
)

_WINDOWS_OPEN = 4
"""Connections that are kept for each window that is served: some wait, or ask to sign in."""


class Guarded(TypedDict):
    """What Streamlit's `App` takes besides its script."""

    routes: list[Route]
    middleware: list[Middleware]


def guarded() -> Guarded:
    """Return the server's routes and layers, or end the process where it must not be served."""
    sign_in = sign_in_is_configured()
    try:
        check_backend()
        begin_serving(st.get_option("server.address"), sign_in=sign_in)
        if roles := get_settings().roles:
            read_roles(roles)
    except LobuleError as error:
        raise SystemExit(str(error)) from None
    have_patience()
    base = st.get_option("server.baseUrlPath")
    most = _WINDOWS_OPEN * get_settings().max_windows
    layers = [
        Middleware(SecurityHeaders),
        Middleware(KnownHosts, names=names_of_server()),
        Middleware(Patience),
        Middleware(
            Connections,
            most=most,
            most_of_one=_WINDOWS_OPEN * MOST_WINDOWS_OF_ONE,
            person_of=partial(_person_of, sign_in=sign_in),
        ),
    ]
    if sign_in:
        layers.append(
            Middleware(Gate, base=base, may_enter=let_in, also_closed=[PREFIX], leave=leave)
        )
    layers += [Middleware(Uploads, room=ServerRoom()), Middleware(PageStyle)]
    return {"routes": routes(base), "middleware": layers}


def _person_of(scope: Scope, *, sign_in: bool) -> str | None:
    return person_by(HTTPConnection(scope).cookies) if sign_in else ""
