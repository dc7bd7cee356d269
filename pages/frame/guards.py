"""What guards Streamlit's server: who reaches it, under which names, and what strangers get."""

from typing import TypedDict

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from core.errors import LobuleError
from core.extras import check_backend
from core.gate import Gate
from core.hosts import KnownHosts
from core.rights import read_roles
from core.serving import SecurityHeaders, begin_serving
from core.settings import get_settings
from core.slides.serving import routes
from pages.frame.page_style import PageStyle
from pages.frame.sign_in import let_in, names_of_server, sign_in_is_configured


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
    base = st.get_option("server.baseUrlPath")
    layers = [Middleware(SecurityHeaders), Middleware(KnownHosts, names=names_of_server())]
    if sign_in:
        layers.append(Middleware(Gate, base=base, may_enter=let_in))
    return {"routes": routes(base), "middleware": [*layers, Middleware(PageStyle)]}
