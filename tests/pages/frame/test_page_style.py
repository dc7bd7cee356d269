"""The style sheet stands in each HTML page, whatever the browser asks for, and nowhere else."""

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from pages.frame.page_style import STYLE, PageStyle

PAGE = "<html><head></head><body>ä</body></html>"
TAG = '"1"'


def page(request: Request) -> Response:
    if request.headers.get("if-none-match") == TAG:
        return Response(status_code=304)
    return HTMLResponse(PAGE, headers={"etag": TAG})


def in_parts(_: Request) -> Response:
    return StreamingResponse(iter([PAGE[:20], PAGE[20:]]), media_type="text/html")


def other(_: Request) -> Response:
    return JSONResponse({"a": "</body>"})


APP = Starlette(
    routes=[Route("/", page), Route("/parts", in_parts), Route("/other", other)],
    middleware=[Middleware(PageStyle), Middleware(GZipMiddleware, minimum_size=1)],
)


def get(path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask as a server would; returns status, headers and body."""
    sent: list[dict[str, Any]] = []
    asked = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": asked, "query_string": b""}

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # a browser that stays
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(APP(scope, receive, send))
    told = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(one.get("body", b"") for one in sent[1:])


@pytest.mark.parametrize("path", ["/", "/parts"])
def test_a_page_has_the_style_behind_all_else(path: str) -> None:
    status, headers, body = get(path, accept="text/html,*/*", accept_encoding="gzip")
    assert status == 200
    assert body.decode() == PAGE.replace("</body>", f"{STYLE}</body>")
    assert int(headers["content-length"]) == len(body)


def test_a_page_is_never_taken_from_what_the_browser_kept() -> None:
    status, headers, _ = get("/", accept="text/html", if_none_match=TAG)
    assert status == 200
    assert "etag" not in headers


def test_all_else_is_passed_on_as_it_is() -> None:
    assert get("/other", accept="text/html")[2] == b'{"a":"</body>"}'
    assert get("/", accept="*/*")[2].decode() == PAGE
    assert get("/", accept="*/*", if_none_match=TAG)[0] == 304
