"""What a browser gets before its user has signed in: the page that asks for it, no more."""

from collections.abc import Callable, Collection, Mapping

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_CLOSED = ("_stcore", "media", "component", "app/static")
# The page itself, what it asks before it is drawn, and the connection that draws the way in.
_OPEN = frozenset(
    f"_stcore/{name}"
    for name in (
        "health",
        "script-health-check",
        "host-config",
        "stream",
        "allowed-message-origins",
    )
)
_SIGN_OUT = "auth/logout"
_READING = {"GET", "HEAD", "OPTIONS"}


class Gate:
    """ASGI middleware that answers strangers with 403: uploads, pictures, downloads, metrics.

    Parameters
    ----------
    app
        What it stands before.
    base
        The path under which the server answers, such as "lobule"; empty for none.
    may_enter
        Tells by the cookies of a request whether its user has signed in and may come in.
    also_closed
        Starts of further paths that are for those alone.
    leave
        Called with the cookies of whoever asks for the address that signs out.
    """

    def __init__(
        self,
        app: ASGIApp,
        base: str,
        may_enter: Callable[[Mapping[str, str]], bool],
        also_closed: Collection[str],
        leave: Callable[[Mapping[str, str]], None],
    ) -> None:
        self.app = app
        self.closed = (*_CLOSED, *also_closed)
        self.base = f"/{base.strip('/')}".rstrip("/") + "/"
        self.may_enter = may_enter
        self.leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 403."""
        closed = scope["type"] == "http" and self._is_closed(scope)
        if scope["type"] == "http" and self._inside(scope["path"]) == _SIGN_OUT:
            self.leave(HTTPConnection(scope).cookies)
        if closed and not self.may_enter(HTTPConnection(scope).cookies):
            await PlainTextResponse("Sign in first.\n", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _inside(self, path: str) -> str:
        inside = path.removeprefix(self.base) if path.startswith(self.base) else path
        # However it is spelled: two slashes or a dot lead to the same place on some servers.
        return "/".join(part for part in inside.split("/") if part not in {"", "."})

    def _is_closed(self, scope: Scope) -> bool:
        inside = self._inside(scope["path"])
        if inside in _OPEN:
            return False
        return (
            scope["method"] not in _READING
            or ".." in inside.split("/")
            or any(inside == name or inside.startswith(f"{name}/") for name in self.closed)
        )
