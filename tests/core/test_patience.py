"""Whoever sends next to nothing is hung up on; whoever looks at a page is not."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.protocols.http.h11_impl import H11Protocol
from websockets.sync.client import connect

from core import patience
from core.patience import GONE, Patience, have_patience

SECONDS = 1.0  # in place of the 20 and 30 of the server


async def take(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} bytes")


hung_up: list[bool] = []


async def wait(request: Request) -> PlainTextResponse:
    """As an upload does for which there is no room: without reading it."""
    until = time.monotonic() + 2 * LONG
    while not request.scope[GONE]():
        assert time.monotonic() < until
        await asyncio.sleep(0.01)
    hung_up.append(True)
    return PlainTextResponse("nobody there")


async def refuse(_: Request) -> PlainTextResponse:
    return PlainTextResponse("no", 413)


async def watch(window: WebSocket) -> None:
    await window.accept()
    await window.send_text(await window.receive_text())


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(H11Protocol, "connection_made", H11Protocol.connection_made)
    monkeypatch.setattr(patience, "HEAD_SECONDS", SECONDS)
    monkeypatch.setattr(patience, "STALL_SECONDS", SECONDS)
    have_patience()
    routes = [
        Route("/take", take, methods=["PUT"]),
        Route("/wait", wait, methods=["PUT"]),
        Route("/refuse", refuse, methods=["PUT"]),
        WebSocketRoute("/watch", watch),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Patience)])
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", ws="websockets-sansio", timeout_keep_alive=60)
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield int(listening.getsockname()[1])
        server.should_exit = True
        thread.join()


def drip(port: int, begin: bytes, drop: bytes, seconds: float) -> tuple[bytes, float]:
    """Send something, and then a byte now and then; returns what came, and when the line ended."""
    started, came = time.monotonic(), b""
    with closing(socket.create_connection(("127.0.0.1", port))) as line:
        line.sendall(begin)
        line.settimeout(0.05)
        while time.monotonic() - started < seconds:
            try:
                part = line.recv(1000)
                came += part
                if not part:
                    break
                line.sendall(drop)
            except TimeoutError:
                try:
                    line.sendall(drop)
                except OSError:
                    break
            except OSError:
                break
        return came, time.monotonic() - started


def answered(line: socket.socket, words: bytes) -> bool:
    came = b""
    while words not in came:
        part = line.recv(1000)
        if not part:
            return False
        came += part
    return True


HEAD = b"HTTP/1.1\r\nHost: localhost\r\n"
LONG = 20 * SECONDS


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        (b"", b""),
        (b"GET / " + HEAD, b"x"),
        (b"GET /", b"x"),
        (b"PUT /refuse " + HEAD + b"Content-Length: 50000\r\n\r\n", b"x"),
        # A request is answered, and the next one never ends.
        (b"GET /take " + HEAD + b"\r\nGET / " + HEAD, b"x"),
    ],
    ids=["nothing", "headers", "line", "body of a refused one", "second request"],
)
def test_a_line_without_a_request_is_ended(port: int, begin: bytes, drop: bytes) -> None:
    _, ended = drip(port, begin, drop, LONG)
    assert SECONDS / 2 < ended < LONG / 2


def test_a_body_that_stalls_is_given_up(port: int) -> None:
    begin = b"PUT /take " + HEAD + b"Content-Length: 50000\r\n\r\n123"
    came, ended = drip(port, begin, b"", LONG)
    assert came.startswith(b"HTTP/1.1 408")
    assert ended < LONG / 2


def test_a_body_byte_by_byte_is_given_up(port: int) -> None:
    begin = b"PUT /take " + HEAD + b"Content-Length: 50000\r\n\r\n123"
    came, ended = drip(port, begin, b"x", LONG)
    assert came.startswith(b"HTTP/1.1 408")
    assert ended < LONG / 2


def test_who_hangs_up_in_line_is_known_to_have_gone(port: int) -> None:
    before = len(hung_up)
    with closing(socket.create_connection(("127.0.0.1", port))) as line:
        line.sendall(b"PUT /wait " + HEAD + b"Content-Length: 500000\r\n\r\n" + b"x" * 100_000)
        time.sleep(2 * SECONDS)  # nothing is read meanwhile, and nothing ends it
        assert len(hung_up) == before
    deadline = time.monotonic() + LONG
    while len(hung_up) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(hung_up) == before + 1


def test_a_body_on_a_slow_line_arrives(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port))) as line:
        line.sendall(b"PUT /take " + HEAD + b"Content-Length: 50000\r\n\r\n")
        for _ in range(10):
            time.sleep(SECONDS / 4)
            line.sendall(b"x" * 5000)
        assert answered(line, b"50000 bytes")


def test_a_window_that_is_looked_at_stays_open(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/watch", proxy=None) as window:
        time.sleep(4 * SECONDS)
        window.send("still here")
        assert window.recv() == "still here"


def test_a_line_that_is_used_again_stays_open(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port))) as line:
        for _ in range(8):
            line.sendall(b"PUT /take " + HEAD + b"Content-Length: 1\r\n\r\nx")
            assert answered(line, b"1 bytes")
            time.sleep(SECONDS / 3)
