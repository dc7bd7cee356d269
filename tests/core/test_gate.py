"""What a stranger is answered before sign-in."""

from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core.gate import Gate
from core.slides.serving import PREFIX


def answer(_: Request) -> PlainTextResponse:
    return PlainTextResponse("inside")


left: list[Mapping[str, str]] = []


def client(base: str = "") -> TestClient:
    methods = ["GET", "PUT", "POST", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
    guarded = Gate(app, base, lambda cookies: cookies.get("who") == "anna", [PREFIX], left.append)
    return TestClient(guarded, base_url="http://localhost")


@pytest.mark.parametrize("base", ["", "lobule", "/a/b/"])
@pytest.mark.parametrize(
    ("method", "path", "open_to_all"),
    [
        ("GET", "", True),
        ("GET", "worklist", True),
        ("GET", "static/js/index.js", True),
        ("GET", "oauth2callback", True),
        ("GET", "auth/login", True),
        ("GET", "_stcore/health", True),
        ("GET", "_stcore/host-config", True),
        ("GET", "_stcore/metrics", False),
        ("PUT", "_stcore/upload_file/session/file", False),
        ("DELETE", "_stcore/upload_file/session/file", False),
        ("POST", "_stcore/agent/interact", False),
        ("GET", "_stcore/anything-new", False),
        ("GET", "_stcore//metrics", False),
        ("GET", "./media/abc.png", False),
        ("GET", "_stcore/health/../metrics", False),
        ("GET", "media/abc.png", False),
        ("GET", "component/x/index.html", False),
        ("GET", "slide-tiles/ticket/slide/id/1/2/3", False),
        ("PUT", "worklist", False),
    ],
)
def test_strangers_get_the_way_in_and_nothing_else(
    base: str, method: str, path: str, *, open_to_all: bool
) -> None:
    start = "/".join(["", *filter(None, [base.strip("/")]), ""])
    page = client(base)
    stranger = page.request(method, f"{start}{path}")
    assert stranger.status_code == (200 if open_to_all else 403)
    assert open_to_all or stranger.text == "Sign in first.\n"
    page.cookies.set("who", "anna")
    assert page.request(method, f"{start}{path}").status_code == 200


@pytest.mark.parametrize("path", ["/lobule/auth/logout", "/lobule//auth/./logout"])
def test_who_asks_for_the_address_that_signs_out_has_left(path: str) -> None:
    left.clear()
    page = client("lobule")
    page.cookies.set("who", "anna")
    page.get("/lobule/auth/login")
    assert not left
    page.get(path)
    assert left == [{"who": "anna"}]
