"""How much room there is on this server for everybody together, and for one person."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.settings import get_settings

_OF_FILES, _OF_ANSWERS = 0.75, 0.25
_OF_ONE = 0.5
MOST_WINDOWS_OF_ONE = 20
LEFT_SECONDS = 3600.0
"""A window without a click for so long holds no place any more; the next click asks for one."""


def most_for_files() -> int:
    """Bytes of image files of everybody, in work or just uploaded."""
    return int(_OF_FILES * get_settings().max_memory_bytes)


def most_for_files_of_one() -> int:
    """Bytes of image files of one person; of one window where nobody signs in."""
    return int(_OF_ONE * most_for_files())


def most_for_answers() -> int:
    """Bytes of decoded pixels and maps of everybody, which can be made again."""
    return int(_OF_ANSWERS * get_settings().max_memory_bytes)


_desks: Callable[[], Iterable[tuple[str, str, int]]] = tuple


def count_desks_by(files: Callable[[], Iterable[tuple[str, str, int]]]) -> None:
    """Have `files_on_desks` ask whoever keeps the desks."""
    global _desks  # noqa: PLW0603 - one server a process
    _desks = files


def files_on_desks() -> Iterable[tuple[str, str, int]]:
    """Return owner, id and bytes of each image file on a desk."""
    return _desks()


@dataclass
class _Window:
    person: str
    is_there: Callable[[], bool]
    seen: float


@dataclass
class Windows:
    """The windows of browsers that are served, in the order in which they came."""

    by_id: dict[str, _Window] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def place_in_line(self, window: str, person: str, is_there: Callable[[], bool]) -> int:
        """Take a place for a window, or a place in line for one.

        Parameters
        ----------
        window
            Its id.
        person
            Who has signed in there; empty where nobody does.
        is_there
            Tells whether it is still open.

        Returns
        -------
        int
            0 where the window is served, else how many are to go before it is, and one.
        """
        now = time.monotonic()
        with self.lock:
            known = self.by_id.setdefault(window, _Window(person, is_there, now))
            known.seen, known.person = now, person
            self.by_id = {
                name: held
                for name, held in self.by_id.items()
                if name == window or (held.is_there() and now - held.seen < LEFT_SECONDS)
            }
            served, waiting = 0, 0
            of_each: dict[str, int] = {}
            for name, held in self.by_id.items():
                of_this = of_each.get(held.person, 0)
                mine = bool(held.person) and of_this >= MOST_WINDOWS_OF_ONE
                fits = served < get_settings().max_windows and not mine
                if name == window:
                    return 0 if fits else waiting + 1
                served += fits
                waiting += not fits
                of_each[held.person] = of_this + fits
        raise AssertionError("unreachable")

    def person_of(self, window: str) -> str:
        """Return who has signed in in a window, or else the window itself."""
        held = self.by_id.get(window)
        return (held.person if held else "") or window


class Turns:
    """Work that is done by so many at once, with so much memory; the first to come goes first.

    Parameters
    ----------
    most : int
        At once.
    most_bytes : callable
        That they may take together; one that takes more has its turn alone.
    """

    def __init__(self, most: int, most_bytes: Callable[[], int]) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._at_work: dict[object, int] = {}
        self._line: list[object] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, size: int, wait: Callable[[], None], tick: float = 0.05) -> Iterator[None]:
        """Hold a turn.

        Parameters
        ----------
        size
            Bytes that the work takes.
        wait
            Called again and again while others are at work; what it raises gives the place up.
        tick
            Seconds between two calls.
        """
        me = object()
        with self._changed:
            self._line.append(me)
        try:
            while not self._may_begin(me, size, tick):
                wait()
            yield
        finally:
            with self._changed:
                self._at_work.pop(me, None)
                if me in self._line:
                    self._line.remove(me)
                self._changed.notify_all()

    def _may_begin(self, me: object, size: int, tick: float) -> bool:
        with self._changed:
            if not self._fits(me, size):
                self._changed.wait(tick)
            if not self._fits(me, size):
                return False
            self._line.remove(me)
            self._at_work[me] = size
            self._changed.notify_all()
            return True

    def _fits(self, me: object, size: int) -> bool:
        if self._line[0] is not me or len(self._at_work) >= self._most:
            return False
        taken = sum(self._at_work.values())
        return not self._at_work or taken + size <= self._most_bytes()
