"""Who may reach the server, and what browsers are told to allow its pages."""

import ipaddress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ServingError
from core.extras import how_to_install, is_installed
from core.roots import hold_to_roots
from core.settings import get_settings

_ALLOWED = {
    "default-src": "'self'",
    # Streamlit's page starts with a script of its own in the page, and Plotly compiles some.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "worker-src": "'self' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    # Nothing that a page holds can be sent anywhere but back to this server.
    "connect-src": "'self' data: blob:",
    "form-action": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "content-security-policy": "; ".join(
        f"{directive} {where}" for directive, where in _ALLOWED.items()
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # The address may hold the token of a desk.
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""Of every response; meant as the OWASP Secure Headers Project explains them."""

SIGN_IN_IS_MISSING = (
    "Users must sign in ([auth] in .streamlit/secrets.toml), but what that needs is not "
    f"installed. {how_to_install('sign-in')}"
)


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, the start of a response with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers)


def is_local(address: str | None) -> bool:
    """Tell whether only this machine can reach a server that listens on an address."""
    if not address:  # every address that the machine has
        return False
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def begin_serving(address: str | None, *, sign_in: bool) -> None:
    """Check whether to serve, and hold this process to the data roots if there is reason to.

    Takes and raises what `check_serving` does.
    """
    check_serving(address, sign_in=sign_in)
    hold_to_roots(others=sign_in or not is_local(address))


def check_serving(address: str | None, *, sign_in: bool) -> None:
    """Refuse to serve where everybody could read what lies on the desks, or nobody could sign in.

    Parameters
    ----------
    address
        That the server will listen on; None is all.
    sign_in
        Whether users must sign in.

    Raises
    ------
    ServingError
        If others could come in without sign-in and `LOBULE_SERVE_WITHOUT_SIGN_IN` is not set,
        who may come in is listed but nobody is asked, or what signing in needs is not installed.
    """
    settings = get_settings()
    if not sign_in and (settings.users is not None or settings.roles is not None):
        raise ServingError(
            "LOBULE_USERS or LOBULE_ROLES say who may come in, but there is no [auth] section to "
            "sign in by: everybody would be let in. Nothing was started. Put it into "
            ".streamlit/secrets.toml, in Lobule's folder or in the home of the account that Lobule "
            "runs as (docs/department.md says how), or unset both."
        )
    if sign_in and not is_installed("sign-in"):
        raise ServingError(f"{SIGN_IN_IS_MISSING} Nothing was started.")
    if is_local(address) or sign_in or settings.serve_without_sign_in:
        return
    raise ServingError(
        f"Lobule was told to listen on {address or 'every address of this machine'}, where "
        "others can reach it without signing in. Nothing was started. Listen on this machine "
        "only (--server.address=localhost), or have users sign in: put an [auth] section "
        "into .streamlit/secrets.toml (the README says how). If something else keeps "
        "strangers out, set LOBULE_SERVE_WITHOUT_SIGN_IN=1."
    )
