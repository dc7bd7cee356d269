"""Slides that are being looked at, kept open."""

import threading
from collections import OrderedDict
from pathlib import Path

from core.slides.roots import slide_path
from core.slides.slide import Slide, open_slide

MOST_OPEN = 8

_open: OrderedDict[str, tuple[Slide, tuple[int, int]]] = OrderedDict()
_lock = threading.Lock()


def opened(slide_id: str) -> Slide:
    """Return a slide of the list, open; nobody need close it.

    Raises
    ------
    SlideError
        If there is no such slide or it cannot be opened.
    """
    with _lock:
        held = _open.get(slide_id)
        if held is not None and _state(held[0].info.path) == held[1]:
            _open.move_to_end(slide_id)
            return held[0]
        path = slide_path(slide_id)
        slide = open_slide(path)
        _open[slide_id] = slide, _state(path)
        # One that makes room may be being read: it is closed when nobody holds it any more.
        while len(_open) > MOST_OPEN:
            _open.popitem(last=False)
    return slide


def let_go(slide_id: str) -> None:
    """Keep a slide open no longer: its file is to go. Who still reads it can finish."""
    with _lock:
        _open.pop(slide_id, None)


def _state(path: Path) -> tuple[int, int]:
    """What changes when a slide is written to or replaced."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
