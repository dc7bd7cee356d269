"""How slowly a request may come: on whoever sends next to nothing, the server hangs up.

uvicorn itself waits without end for the rest of a request's head or body.
"""

import asyncio
import socket
from functools import partial

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS = 20.0
"""From the opening of a connection, or the answer before, to the end of a request's head."""
STALL_SECONDS = 30.0
"""Nothing of a body has come for so long."""
LEAST_RATE = 10_000
"""Bytes a second of a body, on the average after the first `STALL_SECONDS`."""
GONE = "lobule.gone"
"""In the scope of a request: a function that tells whether the other side has hung up."""
_SLOW = 408
_ENDING = (7, 8)
"""TCP_CLOSE and TCP_CLOSE_WAIT of Linux's netinet/tcp.h."""
_connection_made = H11Protocol.connection_made


def have_patience() -> None:
    """Have this process hang up on whoever connects and sends no whole head of a request."""
    # The type checker lets no method be replaced.
    setattr(H11Protocol, "connection_made", _begin)  # noqa: B010


def _begin(connection: H11Protocol, transport: asyncio.Transport) -> None:
    _connection_made(connection, transport)
    _look(connection, None, connection.loop.time())


def _look(connection: H11Protocol, before: object, idle_since: float) -> None:
    """Look again and again whether a request is being answered, or one was since `before`."""
    answer, transport = connection.cycle, connection.transport
    if transport.is_closing() or transport.get_protocol() is not connection:
        return  # the latter is a WebSocket now, which may be silent
    now = connection.loop.time()
    # What is still sent of a request that was answered is read by nobody.
    idle = answer is None or answer.response_complete
    if not idle or answer is not before:
        idle_since = now
    elif now - idle_since >= HEAD_SECONDS:
        transport.close()
        return
    connection.loop.call_later(HEAD_SECONDS / 4, _look, connection, answer, idle_since)


def _has_gone(answer: RequestResponseCycle | None) -> bool:
    """Tell whether the other side has hung up: to ask for the next message would be to take it.

    Where more has been sent than the system holds, that cannot be seen before it is read.
    """
    if answer is None or answer.disconnected:
        return answer is not None
    line = answer.transport.get_extra_info("socket")
    if line is None or not hasattr(socket, "TCP_INFO"):  # Linux has it
        return False
    try:
        state = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except OSError:
        return True
    return state in _ENDING


class Slow(Exception):  # noqa: N818 - nothing failed here
    """The other side has stopped sending."""


class Patience:
    """ASGI middleware that ends requests whose body comes too slowly."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a WebSocket may be silent for as long as it is open."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[GONE] = partial(_has_gone, getattr(receive, "__self__", None))
        came, waited, ended = 0, 0.0, False
        started = False

        async def receive_in_time() -> Message:
            nonlocal came, waited, ended
            if ended:  # what comes next is that the browser has left
                return await receive()
            loop = asyncio.get_running_loop()
            before = loop.time()
            try:
                message = await asyncio.wait_for(receive(), STALL_SECONDS)
            except TimeoutError:
                raise Slow from None
            waited += loop.time() - before
            came += len(message.get("body", b""))
            ended = not message.get("more_body")
            if not ended and came < LEAST_RATE * (waited - STALL_SECONDS):
                raise Slow
            return message

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive_in_time, send_on)
        except Slow:
            if not started:
                words = "This came too slowly and was given up. Try again.\n"
                answer = PlainTextResponse(words, _SLOW, {"connection": "close"})
                await answer(scope, receive, send)
