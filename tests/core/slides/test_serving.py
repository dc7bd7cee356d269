"""Only a window that was let in gets tiles, and whatever goes wrong is told in words."""

import asyncio
import io
import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette

from core.errors import SlideError
from core.slides.frame import FINEST
from core.slides.map_layers import MapLayer, lay
from core.slides.open_slides import opened
from core.slides.roots import list_slides
from core.slides.serving import PREFIX, routes
from core.slides.slide import Slide
from core.slides.tickets import issue
from tests.made_slides import section, write_tiff

HALF = 2 ** (FINEST - 1)
_SEEDS = itertools.count(10)


@pytest.fixture
def slide_id(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of the one slide that there is."""
    root = home / "root"
    root.mkdir()
    monkeypatch.setenv("LOBULE_SLIDES", str(root))
    # Tiles are kept by what a slide holds: each test has pixels of its own.
    write_tiff(root / "made.tif", [section(300, 200, seed=next(_SEEDS))], tile=64)
    (slide,) = list_slides()
    return slide.id


def get(path: str, base: str = "") -> tuple[int, str, bytes]:
    """Ask the routes as a browser does; returns status, type and content."""
    sent: list[dict[str, object]] = []

    async def ask() -> None:
        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: object) -> None:
            sent.append(dict(message))  # type: ignore[call-overload]

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("localhost", 1),
        }
        await Starlette(routes=routes(base))(scope, receive, send)

    asyncio.run(ask())
    headers = dict(sent[0]["headers"])  # type: ignore[call-overload]
    body = b"".join(message.get("body", b"") for message in sent[1:])  # type: ignore[misc]
    return int(str(sent[0]["status"])), headers[b"content-type"].decode(), body


def test_tiles_and_pictures_come_to_who_has_a_ticket(slide_id: str) -> None:
    start = f"/{PREFIX}/{issue(lambda: True)}/slide/{slide_id}"
    status, kind, body = get(f"{start}/{FINEST}/{HALF}/{HALF}")
    assert (status, kind) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(body)).size == (256, 256)
    status, kind, body = get(f"{start}/thumbnail")
    assert (status, Image.open(io.BytesIO(body)).size) == (200, (300, 200))


def test_a_map_comes_as_it_was_laid() -> None:
    layer = lay(MapLayer(np.ones((4, 4)), 64.0 * np.arange(5), 64.0 * np.arange(5)), "a slide")
    start = f"/{PREFIX}/{issue(lambda: True)}/map"
    status, kind, body = get(f"{start}/{layer}/viridis/{FINEST}/{HALF}/{HALF}")
    assert (status, kind) == (200, "image/png")
    assert Image.open(io.BytesIO(body)).getpixel((9, 9))[3] == 255  # type: ignore[index]
    assert get(f"{start}/gone/viridis/{FINEST}/{HALF}/{HALF}")[0] == 404


def test_without_a_ticket_nothing_comes(slide_id: str) -> None:
    there = True
    ticket = issue(lambda: there)
    path = f"/slide/{slide_id}/{FINEST}/{HALF}/{HALF}"
    assert get(f"/{PREFIX}/{ticket}{path}")[0] == 200
    status, kind, body = get(f"/{PREFIX}/guessed{path}")
    assert (status, kind) == (403, "text/plain; charset=utf-8")
    assert b"Open the slide on the page Slides" in body
    there = False
    assert get(f"/{PREFIX}/{ticket}{path}")[0] == 403, "its window is gone"
    assert get(f"/{PREFIX}/{ticket}/slide/{slide_id}/thumbnail")[0] == 403


@pytest.mark.parametrize("path", ["0/0/0", f"{FINEST + 1}/0/0", "3/8/0"])
def test_tiles_that_are_none_are_refused(slide_id: str, path: str) -> None:
    status, _, body = get(f"/{PREFIX}/{issue(lambda: True)}/slide/{slide_id}/{path}")
    assert status == 404
    assert body.startswith(b"There is no tile")


def test_no_other_file_can_be_had(slide_id: str) -> None:
    start = f"/{PREFIX}/{issue(lambda: True)}/slide"
    for name in ("nothing", "..", "%2e%2e%2fmade.tif", f"{slide_id}0"):
        assert get(f"{start}/{name}/{FINEST}/{HALF}/{HALF}")[0] == 404


def test_it_answers_below_a_base_path(slide_id: str) -> None:
    path = f"/{PREFIX}/{issue(lambda: True)}/slide/{slide_id}/thumbnail"
    assert get(f"/deep/lobule{path}", base="/deep/lobule/")[0] == 200
    assert get(path, base="deep/lobule")[0] == 404


def test_what_is_damaged_is_seen_to_be(slide_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise SlideError("damaged")

    monkeypatch.setattr(Slide, "read", fail)
    ticket = issue(lambda: True)
    for path in (f"{FINEST}/{HALF}/{HALF}", "thumbnail"):
        status, kind, body = get(f"/{PREFIX}/{ticket}/slide/{slide_id}/{path}")
        assert (status, kind) == (200, "image/png")
        assert np.asarray(Image.open(io.BytesIO(body))).min() < 100, "words"
    # The slide ends 44 px into the second tile.
    _, _, body = get(f"/{PREFIX}/{ticket}/slide/{slide_id}/{FINEST}/{HALF + 1}/{HALF}")
    shown = np.asarray(Image.open(io.BytesIO(body)))
    assert shown[:200, :44, :3].max() < 255
    assert shown[:, 44:, :3].min() == shown[200:, :, :3].min() == 255, "no hatching beyond"


def test_a_fault_is_told_in_words(slide_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Slide, "read", None)
    path = f"/{PREFIX}/{issue(lambda: True)}/slide/{slide_id}/{FINEST}/{HALF}/{HALF}"
    status, _, body = get(path)
    assert status == 500
    assert b"Traceback" not in body


def test_a_slide_that_was_replaced_is_opened_anew(slide_id: str) -> None:
    first = opened(slide_id)
    assert opened(slide_id) is first
    write_tiff(first.info.path, [section(310, 200)], tile=64)
    assert opened(slide_id).info.width == 310
