"""Under which names the server answers, and to pages of which origin.

A page elsewhere on the web can have its own name point at this machine and then read what a browser
here may read ("DNS rebinding"); a page of another port of this machine can open a connection to
this one. Neither knows the address that the user typed: the name, or the origin, gives it away.
"""

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READING = {"GET", "HEAD", "OPTIONS"}


def known_names(address: str | None, sign_in_address: str | None, more: str | None) -> set[str]:
    """Return the names under which the server may be called, besides addresses of numbers.

    Parameters
    ----------
    address
        That the server listens on.
    sign_in_address
        Where the sign-in sends users back to, a URL.
    more
        Further names, divided by commas: `LOBULE_HOSTS`.
    """
    host_name = socket.gethostname()
    names = {"localhost", host_name, f"{host_name}.local", address or "", *(more or "").split(",")}
    names.add(urlsplit(sign_in_address or "").hostname or "")
    return {name.strip().casefold() for name in names} - {""}


class KnownHosts:
    """ASGI middleware that refuses requests under other names, and from pages of other origins.

    Parameters
    ----------
    app
        What it stands before.
    names
        As of `known_names`. Addresses of numbers are known always: no page can take them.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 400 (name) or 403 (origin)."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await PlainTextResponse(refused[1], refused[0])(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = _name(f"//{host}")
        if not self._is_known(name):
            return 400, (
                "Lobule was called under a name that it does not know. If it is its own, have "
                "whoever runs it add the name to LOBULE_HOSTS.\n"
            )
        origin = headers.get("origin")
        reads = scope["type"] == "http" and scope["method"] in _READING
        if origin is None or reads:
            return None
        # Behind a proxy the port that the browser sees is not known here: there the name decides.
        same = urlsplit(origin).netloc.casefold() == host.casefold()
        proxied = "x-forwarded-host" in headers or "x-forwarded-proto" in headers
        if same or (proxied and _name(origin) == name and name != "localhost"):
            return None
        return 403, "A page of another address asked Lobule for this. It was refused.\n"

    def _is_known(self, name: str) -> bool:
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""
