"""The routes by which a browser fetches the tiles of slides and of their maps."""

import logging
from collections.abc import Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.errors import LobuleError, SlideError, TicketError
from core.slides.frame import FINEST
from core.slides.tickets import check

log = logging.getLogger(__name__)

PREFIX = "slide-tiles"
THUMBNAIL = 320
"""Longest side of the picture of a whole slide, px."""
# A part of a slide never changes under its address; the address ends with its window.
_HEADERS = {"cache-control": "private, max-age=3600"}
_NOT_FOUND, _FORBIDDEN, _FAULT = 404, 403, 500
_FAULT_WORDS = (
    "This part of the slide could not be drawn: a fault in the program; its log says why."
)

Handler = Callable[[Request], Response]


def routes(base: str) -> list[Route]:
    """Return the routes, to be given to the server.

    Parameters
    ----------
    base
        The path under which the server answers, such as "lobule"; empty for none.
    """
    start = "/".join(["", *filter(None, [base.strip("/")]), PREFIX, "{ticket}"])
    address = "{z:int}/{x:int}/{y:int}"
    return [
        Route(f"{start}/slide/{{slide}}/thumbnail", _answered(_thumbnail)),
        Route(f"{start}/slide/{{slide}}/{address}", _answered(_slide_tile)),
        Route(f"{start}/map/{{layer}}/{{colours}}/{address}", _answered(_map_tile)),
    ]


def _answered(handler: Handler) -> Handler:
    """Let only windows with a ticket in, and say in words what goes wrong."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        try:
            check(request.path_params["ticket"])
            return handler(request)
        except TicketError as error:
            return PlainTextResponse(str(error), _FORBIDDEN)
        except LobuleError as error:
            return PlainTextResponse(str(error), _NOT_FOUND)
        except Exception:
            log.exception("A part of a slide could not be drawn")
            return PlainTextResponse(_FAULT_WORDS, _FAULT)

    return answer


def _slide_tile(request: Request) -> Response:
    from core.slides.open_slides import opened  # noqa: PLC0415 - OpenCV; the server starts without
    from core.slides.pyramid import on_slide, tile, unreadable_tile  # noqa: PLC0415

    z, x, y = _address(request)
    slide = opened(request.path_params["slide"])
    try:
        return Response(tile(slide, z, x, y), media_type="image/jpeg", headers=_HEADERS)
    except SlideError as error:
        log.warning("%s", error)
        picture = unreadable_tile(on_slide(slide, z, x, y))
        return Response(picture, media_type="image/png")


def _thumbnail(request: Request) -> Response:
    from core.slides.open_slides import opened  # noqa: PLC0415 - OpenCV; the server starts without
    from core.slides.pyramid import thumbnail, unreadable_tile  # noqa: PLC0415

    try:
        picture = thumbnail(opened(request.path_params["slide"]), THUMBNAIL)
    except SlideError:  # opening the slide says why
        return Response(unreadable_tile(), media_type="image/png")
    return Response(picture, media_type="image/jpeg", headers=_HEADERS)


def _map_tile(request: Request) -> Response:
    from core.slides.map_layers import laid  # noqa: PLC0415 - OpenCV; the server starts without
    from core.slides.probability_tiles import probability_tile  # noqa: PLC0415

    layer, colours = laid(request.path_params["layer"]), request.path_params["colours"]
    png = probability_tile(layer, *_address(request), colours)
    return Response(png, media_type="image/png", headers=_HEADERS)


def _address(request: Request) -> tuple[int, int, int]:
    """Return z, x, y of the tile that is asked for."""
    z, x, y = (int(request.path_params[name]) for name in "zxy")
    if not (1 <= z <= FINEST and x < 1 << z and y < 1 << z):
        raise SlideError(
            f"There is no tile {z}/{x}/{y}: the zoom is from 1 to {FINEST}, and zoom z has 2^z "
            "tiles a side."
        )
    return z, x, y
