"""Answers the images of a desk in the background: one after the other, the one on show first.

The work goes on while the user looks at another page or image, and after a refresh. All desks of
this process take turns, so that however many people work, only so many images are decoded at once.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from core.errors import Stopped
from pages.desk.answers import FAULT, Failure, Query, ask, keep, summary
from pages.desk.state import Desk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.imaging.read import Image

log = logging.getLogger(__name__)

_TICK = 0.1  # seconds
_THREAD = "desk"


@dataclass(eq=False)
class Work:
    """What is being done on one desk."""

    desk: Desk
    queue: deque[Query] = field(default_factory=deque)
    current: Query | None = None
    share: float = 0.0
    words: str = ""
    growing: "tuple[Image, NDArray[np.float32] | None] | None" = None
    """The image that is being answered, and its probability map so far."""
    paused: bool = False
    done: int = 0
    """Images that were answered since the work began, in `seconds` of work."""
    seconds: float = 0.0
    wanted: set[tuple[str, str, float | None]] = field(default_factory=set)
    thread: threading.Thread | None = None
    cancel: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """End the work within a tile or two; what was answered stays."""
        with self.desk.lock:
            self.paused = True
            self.queue.clear()
            self.cancel.set()

    @property
    def seconds_left(self) -> float | None:
        """How long the images that are left will take; None while that cannot be told."""
        left = len(self.queue) + (self.current is not None)
        return self.seconds / self.done * left if self.done and left else None


def work_of(desk: Desk) -> Work:
    """Return the work of a desk."""
    with desk.lock:
        if desk.work is None:
            desk.work = Work(desk)
        work: Work = desk.work
        return work


def want(desk: Desk, queries: list[Query], first: Query) -> Work:
    """Have queries answered that are not, one of them before the others; returns at once."""
    work = work_of(desk)
    open_queries = [query for query in queries if summary(query, desk) is None]
    open_queries.sort(key=lambda query: query.upload.id != first.upload.id)
    with desk.lock:
        wanted = {query.subject for query in open_queries}
        if work.paused and not wanted <= work.wanted:  # another model, scale or image
            work.paused = False
        work.wanted = wanted
        current = work.current and work.current.subject
        if current is not None and current not in wanted:
            work.cancel.set()  # nobody waits for it any more
        if work.paused:
            return work
        if work.cancel.is_set():
            current = None  # its end has been asked for: who wants it again waits in line
        work.queue = deque(query for query in open_queries if query.subject != current)
        _begin(work)
    return work


def desks_at_work() -> int:
    """On how many desks of this process images are being answered or wait for it."""
    return sum(thread.name == _THREAD for thread in threading.enumerate())


def go_on(desk: Desk) -> None:
    """Take up stopped work at the next `want`."""
    work_of(desk).paused = False


def wait(
    work: Work,
    query: Query,
    progress: Callable[[float, str], None],
    grow: "Callable[[Image, NDArray[np.float32] | None], None]",
) -> None:
    """Wait until a query is answered or the work is stopped.

    `progress` is called again and again: a page that is no longer wanted leaves through it; `grow`
    whenever more of the answer is there.
    """
    desk = work.desk
    shown = None
    while summary(query, desk) is None and not work.paused:
        if query.upload.id not in desk.images:  # taken away in another window
            return
        with desk.lock:
            is_current = work.current is not None and work.current.subject == query.subject
            in_line = is_current or query.subject in {waiting.subject for waiting in work.queue}
            if not in_line and summary(query, desk) is None:
                # Another window on the same desk wants other answers.
                work.queue.appendleft(query)
                _begin(work)
        growing = work.growing if is_current else None
        if growing is not None and growing is not shown:
            shown = growing
            grow(*growing)
        progress(work.share if is_current else 0.0, work.words if is_current else "")
        time.sleep(_TICK)


def _begin(work: Work) -> None:
    """Start the thread that answers, unless it runs or there is nothing to do."""
    if work.queue and work.thread is None:
        work.done, work.seconds = 0, 0.0
        work.thread = threading.Thread(target=partial(_answer_all, work), name=_THREAD, daemon=True)
        work.thread.start()


def _answer_all(work: Work) -> None:
    while True:
        with work.desk.lock:
            work.current = work.queue.popleft() if work.queue else None
            work.share, work.words, work.growing = 0.0, "", None
            work.cancel.clear()
            if work.current is None:
                work.thread = None
                return
        started = time.monotonic()
        try:
            ask(work.current, partial(_note, work), work.desk, partial(_grow, work))
        except Stopped:
            continue
        except Exception:  # `ask` tells what goes wrong with an image: this is the desk's own
            log.exception("An answer could not be kept")
            keep(work.desk, work.current.key(work.desk), Failure(FAULT))
        _forget_if_gone(work.desk, work.current.upload.id)
        work.done += 1
        work.seconds += time.monotonic() - started


def _forget_if_gone(desk: Desk, image_id: str) -> None:
    """Drop an answer to an image that was taken away after its last tile."""
    with desk.lock:
        if image_id not in desk.images:
            desk.remove([image_id])


def _grow(work: Work, image: "Image", values: "NDArray[np.float32] | None") -> None:
    work.growing = (image, values)


def _note(work: Work, share: float, words: str) -> None:
    if work.cancel.is_set():
        raise Stopped
    work.share, work.words = min(max(share, 0.0), 1.0), words
