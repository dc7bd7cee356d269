"""The style sheet within the page itself, so that it counts before the first thing is drawn.

Sent as part of a page's content it would come last, and all that stands there would jump.
"""

from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RESEARCH_USE = (
    "For research use only. Lobule is not a medical device: its answers are not a diagnosis "
    "and must not guide patient care."
)
_FILE = Path(__file__).parents[1] / "shared" / "look.css"
STYLE = f"<style>\n{_FILE.read_text(encoding='utf-8')}</style>\n"
_DRAWN = '<span class="lobule-drawn"></span>'
_END = b"</body>"  # behind Streamlit's own styles, which stand in the head, so that ours count
# A compressed page cannot be added to; one that the browser has kept may be of another Lobule.
_NOT_PASSED_ON = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}


class PageStyle:
    """ASGI middleware that adds the style sheet to every HTML page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, HTML pages with the style sheet."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        passed_on = [pair for pair in scope["headers"] if pair[0] not in _NOT_PASSED_ON]
        # A file that the server itself would send could not be added to either.
        offered = {**scope.get("extensions", {})}
        offered.pop("http.response.pathsend", None)
        start: Message | None = None
        body = b""

        async def send_page(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                if Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                    start = message
                    return
            elif start is not None and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                message = {"type": "http.response.body", "body": _with_style(body)}
                headers = MutableHeaders(scope=start)
                headers["content-length"] = str(len(message["body"]))
                for name in ("etag", "last-modified"):
                    del headers[name]
                await send(start)
            await send(message)

        await self.app({**scope, "headers": passed_on, "extensions": offered}, receive, send_page)


def _with_style(page: bytes) -> bytes:
    before, end, after = page.partition(_END)
    return before + STYLE.encode() + end + after if end else page


def show_page() -> None:
    """Let what is drawn be seen: the style sheet hides it until this has come too."""
    st.html(_DRAWN)


def hold_sidebar() -> None:
    """Have the sidebar there before the page fills it, or it would push all else aside."""
    st.sidebar.html(_DRAWN)
