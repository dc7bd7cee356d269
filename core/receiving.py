"""What the server takes in waits until there is room for it: uploads, and windows."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from html import escape
from typing import Protocol

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.atomic import FULL, is_full
from core.patience import GONE

MOST_AT_ONCE = 4
"""Uploads of one window under way."""
MOST_IN_LINE = 200
"""Uploads of one window that wait."""
WAIT_SECONDS = 600.0
_LOOK_AGAIN = 0.1
_BUSY, _MANY, _LARGE, _FULL = 503, 429, 413, 507
_TRY_LATER = _BUSY, "Lobule is busy: it has no memory left for this file. Try again later.\n"
_TOO_MANY = _MANY, "This window sends too many files at once. Try again.\n"
_TOO_LARGE = (
    _LARGE,
    "These files together are more than one person may have open. Upload fewer at a time.\n",
)
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")


class Room(Protocol):
    """What an upload needs to know of the memory of this server."""

    def held(self, window: str) -> tuple[int, int]:
        """Return bytes of files of whoever is in a window, and of everybody."""

    def uploaded(self, window: str) -> int:
        """Return bytes of files that came in a window, and that nobody can clear on its page."""

    def most(self) -> tuple[int, int]:
        """Return what both may be at most."""

    def tell(self, window: str) -> None:
        """Have the page in a window say that uploads wait."""


class Uploads:
    """ASGI middleware by which uploads wait, unread, until there is room for them.

    Parameters
    ----------
    app
        What it stands before.
    room
        Of this server.
    """

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self.app, self.room = app, room
        self.under_way: Counter[str] = Counter()
        self.coming: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, an upload when there is room."""
        match = _UPLOAD.search(scope["path"]) if scope["type"] == "http" else None
        if match is None or scope["method"] != "PUT":
            await self.app(scope, receive, send)
            return
        window = match[1]
        size = _declared(scope)
        refused: tuple[int, str] | None = _TOO_MANY
        if waiting[window] < MOST_IN_LINE:
            refused = await self._wait(window, size, scope.get(GONE, lambda: False))
        if refused is None:
            await self._take(window, size, scope, receive, send)
            return
        await PlainTextResponse(refused[1], refused[0], {"connection": "close"})(
            scope, receive, send
        )

    async def _wait(
        self, window: str, size: int, gone: Callable[[], bool]
    ) -> tuple[int, str] | None:
        """Wait for room; returns status and words where there will be none."""
        loop = asyncio.get_running_loop()
        until = loop.time() + WAIT_SECONDS
        page_told = False
        waiting[window] += 1
        try:
            while loop.time() < until and not gone():
                if self.under_way[window] < MOST_AT_ONCE:
                    if self._fits(window, size):
                        self.under_way[window] += 1
                        self.coming[window] += size  # or others would begin in the same place
                        return None
                    if self._is_in_its_own_way(window, size):
                        return _TOO_LARGE
                    if not page_told:
                        page_told = True
                        for_room[window] += 1
                        self.room.tell(window)
                await asyncio.sleep(_LOOK_AGAIN)
            return _TRY_LATER
        finally:
            _less(waiting, window)
            if page_told:
                _less(for_room, window)

    def _fits(self, window: str, size: int) -> bool:
        own_bytes, everybody = self.room.held(window)
        most_own, most = self.room.most()
        coming = sum(self.coming.values())
        # A file that is larger than all the room is told so where it is read.
        return (
            own_bytes + self.coming[window] + min(size, most_own) <= most_own
            and everybody + coming + min(size, most) <= most
        )

    def _is_in_its_own_way(self, window: str, size: int) -> bool:
        """Whether the rest of what was dropped with a file leaves no room for it: nobody waits."""
        most_own, _ = self.room.most()
        before = self.room.uploaded(window) + self.coming[window]
        return before > 0 and before + min(size, most_own) > most_own

    async def _take(
        self, window: str, size: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        came, counted = 0, size

        async def receive_counted() -> Message:
            nonlocal came, counted
            message = await receive()
            came += len(message.get("body", b""))
            if came > counted:  # more than was declared
                self.coming[window] += came - counted
                counted = came
                if not self._fits(window, 0):
                    raise _TooMuch
            return message

        try:
            await self.app(scope, receive_counted, send)
        except _TooMuch:
            status, words = _TRY_LATER
            await PlainTextResponse(words, status, {"connection": "close"})(scope, receive, send)
        except OSError as error:  # what comes is laid on the disk until all of it is there
            if not is_full(error):
                raise
            words = f"Nothing was taken: {FULL}\n"
            await PlainTextResponse(words, _FULL, {"connection": "close"})(scope, receive, send)
        finally:
            _less(self.coming, window, counted)
            _less(self.under_way, window)


class _TooMuch(Exception):  # noqa: N818
    pass


waiting: Counter[str] = Counter()
"""Uploads that are in line, by their window."""
for_room: Counter[str] = Counter()
"""Of these, those that wait until others need less memory."""


def _less(counter: Counter[str], window: str, by: int = 1) -> None:
    counter[window] -= by
    if counter[window] <= 0:
        del counter[window]


def _declared(scope: Scope) -> int:
    stated = Headers(scope=scope).get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else 0


_WAIT_PAGE = """<!doctype html><html lang="en"><title>Lobule is busy</title>
<meta charset="utf-8"><meta http-equiv="refresh" content="10">
<body style="font-family: sans-serif; margin: 4rem auto; max-width: 40rem">
<h1>Lobule is busy</h1><p>{words}</p></body></html>"""


class Connections:
    """ASGI middleware that keeps so many WebSockets open, and of strangers half as many.

    Parameters
    ----------
    app
        What it stands before.
    most
        At once: a window has one.
    most_of_one
        Of one person who has signed in.
    person_of
        Tells by a connection who has signed in there: None for strangers, empty where nobody is
        asked to.
    """

    def __init__(
        self, app: ASGIApp, most: int, most_of_one: int, person_of: Callable[[Scope], str | None]
    ) -> None:
        self.app, self.most, self.most_of_one = app, most, most_of_one
        self.person_of = person_of
        self.open: Counter[str | None] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a connection on, or tell its user to wait: the page tries again by itself."""
        kind = scope["type"]
        if kind not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if kind == "http":
            page = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get(
                "accept", ""
            )
            if not page or not self._is_full(person := self.person_of(scope)):
                await self.app(scope, receive, send)
                return
            number = self.open[person] if person else self.open.total()
            words = escape(
                f"{number:,} windows are open, as many as "
                f"{'one person' if person else 'this server'} may have. Close some; this page "
                "tries again by itself."
            )
            page_of_words = HTMLResponse(
                _WAIT_PAGE.format(words=words), _BUSY, {"retry-after": "10"}
            )
            await page_of_words(scope, receive, send)
            return
        if self._is_full(person := self.person_of(scope)):
            await send({"type": "websocket.close", "code": 1013, "reason": "busy"})
            return
        self.open[person] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.open[person] -= 1
            if not self.open[person]:
                del self.open[person]

    def _is_full(self, person: str | None) -> bool:
        if self.open.total() >= self.most:
            return True
        if person is None:
            return self.open[None] >= self.most / 2
        return bool(person) and self.open[person] >= self.most_of_one
