"""Requests under foreign names and from foreign pages, as browsers send them."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.hosts import KnownHosts, known_names


async def answer(_: Request) -> PlainTextResponse:
    return PlainTextResponse("in")


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


def client(names: set[str] | None = None) -> TestClient:
    layers = [Middleware(KnownHosts, names=names or known_names("localhost", None, None))]
    routes = [Route("/", answer, methods=["GET", "PUT", "DELETE"]), WebSocketRoute("/ws", talk)]
    return TestClient(Starlette(routes=routes, middleware=layers))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8501", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:8501", 200),
        ("[::1]:8501", 200),
        ("192.0.2.7", 200),  # nobody's page can take an address of numbers
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("evil.example:8501", 400),
        ("", 400),
        ("[::1", 400),
        ("localhost@evil.example", 400),
    ],
)
def test_it_answers_under_names_that_it_knows(host: str, status: int) -> None:
    response = client().get("/", headers={"host": host})
    assert response.status_code == status
    if status == 400:
        assert "LOBULE_HOSTS" in response.text
        assert "evil" not in response.text


def test_the_names_are_those_of_the_settings_and_of_the_sign_in() -> None:
    names = known_names(
        None, "https://Lobule.Hospital.example/oauth2callback", "a.example, b.example"
    )
    assert {"localhost", "lobule.hospital.example", "a.example", "b.example"} <= names
    assert "" not in names
    assert client(names).get("/", headers={"host": "b.example"}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8501", 200),
        ("http://localhost:9000", 403),
        ("http://localhost", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_only_its_own_pages_change_anything(origin: str, status: int) -> None:
    headers = {"host": "localhost:8501", "origin": origin}
    for method in ("PUT", "DELETE"):
        assert client().request(method, "/", headers=headers).status_code == status
    # What is only read is kept from other pages by the browser.
    assert client().get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:9000", "https://evil.example", "null"])
def test_no_other_page_opens_a_connection(origin: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client().websocket_connect("/ws", headers={"host": "localhost:8501", "origin": origin}),
    ):
        pass


def test_its_own_page_does_and_one_behind_a_proxy() -> None:
    names = known_names(None, "https://lobule.example/oauth2callback", None)
    proxied = {"x-forwarded-proto": "https"}
    for headers in (
        {"host": "localhost:8501", "origin": "http://localhost:8501"},
        {"host": "lobule.example", "origin": "https://lobule.example"},
        {"host": "lobule.example:8501", "origin": "https://lobule.example", **proxied},
    ):
        with client(names).websocket_connect("/ws", headers=headers) as socket:
            assert socket.receive_text() == "in"
