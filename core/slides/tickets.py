"""Who may fetch tiles: a browser window that was let in, for as long as it is there."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable

from core.errors import TicketError

_TOKEN_BYTES = 24
_MOST = 10_000

_there: OrderedDict[str, Callable[[], bool]] = OrderedDict()
_lock = threading.Lock()


def issue(is_there: Callable[[], bool]) -> str:
    """Return an unguessable token, to be given only to a window whose user may see the slides.

    Parameters
    ----------
    is_there
        Tells whether that window is still there; the token is worth nothing from then on.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with _lock:
        _there[token] = is_there
        while len(_there) > _MOST:
            _there.popitem(last=False)
    return token


def check(token: str) -> None:
    """Let a window in that has a token.

    Raises
    ------
    TicketError
        If nobody was given this token, or the window it was given to is gone.
    """
    with _lock:
        is_there = _there.get(token)
    if is_there is None or not is_there():
        raise TicketError(
            "This address of a part of a slide is not, or no longer, valid: such addresses are "
            "given to one window of one user and end with it. Open the slide on the page Slides."
        )
