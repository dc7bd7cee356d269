"""Compute on this machine: processes that each do one piece of work after another."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from core.cluster.threads import available_cores, threads
from core.cluster.work import Came, Note, Task, in_words
from core.errors import ClusterError

_PATIENCE = 0.5  # seconds between two looks whether to stop
_BETWEEN = 0.5  # seconds between two notes of one piece of work
_ENDING = 5.0  # seconds that a process has to end


@dataclass
class _Worker:
    """A process, and what it is at."""

    place: str
    environment: dict[str, str]
    process: BaseProcess = field(init=False)
    line: Connection = field(init=False)
    work: Task | None = None
    since: float = 0.0

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        # Not forked: TensorFlow's threads do not survive it.
        context = multiprocessing.get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=_work, args=(other, self.environment), daemon=True)
        self.process.start()
        other.close()  # so that the end of the process is heard

    def give(self, work: Task) -> None:
        self.work, self.since = work, time.monotonic()
        ready = work.ready()
        with suppress(OSError):  # it has just died: heard in the next round
            self.line.send(ready)

    def hear(self) -> tuple[str, Any]:
        """What it has to say; where it died that it is lost, and another stands in its place."""
        try:
            kind, value = self.line.recv()
        except (EOFError, OSError):
            self.end()
            self.begin()
            return "lost", None
        return kind, value

    def end(self) -> None:
        self.process.kill()
        self.process.join(_ENDING)
        self.line.close()


def compute_here(
    works: Sequence[Task],
    cores: int,
    cards: int,
    hear: Callable[[Note], None],
    check: Callable[[], None],
    wanted: Callable[[str], bool],
    most_lost: int,
) -> Iterator[Came]:
    """As `core.cluster.compute`, in processes of this machine; each has a card, or its cores."""
    places = _places(cores, cards)[: len(works)]
    left, lost = deque(works), Counter[str]()
    workers = [_Worker(*place) for place in places]
    try:
        while left or any(worker.work for worker in workers):
            for worker in workers:
                while worker.work is None and left:
                    work = left.popleft()
                    if wanted(work.key):
                        worker.give(work)
                        hear(Note(work.key, "began", worker.place))
                    else:
                        yield unwanted(work.key)
            check()
            lines: dict[Any, _Worker] = {worker.line: worker for worker in workers}
            for line in wait(list(lines), _PATIENCE):
                outcome = _heard(lines[line], left, lost, hear, most_lost)
                if outcome is not None:
                    yield outcome
    finally:
        for worker in workers:
            worker.end()


def _heard(
    worker: _Worker,
    left: deque[Task],
    lost: Counter[str],
    hear: Callable[[Note], None],
    most_lost: int,
) -> Came | None:
    """Take what a process says; the outcome, where it says that its work is done or failed."""
    kind, value = worker.hear()
    work, seconds = worker.work, time.monotonic() - worker.since
    if work is None:
        return None
    if kind == "doing":
        hear(Note(work.key, "doing", worker.place, value))
        return None
    worker.work = None
    if kind == "result":
        return Came(work.key, value, None, seconds)
    if kind == "lost":
        lost[work.key] += 1
        hear(Note(work.key, "lost", worker.place))
        if lost[work.key] < most_lost:
            left.appendleft(work)
            return None
        value = lost_too_often(most_lost)
    return Came(work.key, None, in_words(value), seconds)


def unwanted(key: str) -> Came:
    """What comes of a piece that is of no use any more."""
    return Came(
        key, None, ClusterError("Left out, since another piece of the same gave no answer.")
    )


def lost_too_often(times: int) -> ClusterError:
    """What to say of work whose process died again and again."""
    return ClusterError(
        f"Its process died {times} times, as when the memory runs out. Make it smaller, use "
        "machines with more memory, or, in a sweep, give each piece of work more `cores`, so that "
        "fewer run side by side."
    )


def _places(cores: int, cards: int) -> list[tuple[str, dict[str, str]]]:
    """Where work can be done side by side: in words, and the environment there."""
    if cards:
        # Those that one was restricted to, as others may use the rest.
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        names = [name.strip() for name in visible.split(",") if name.strip()] or map(
            str, range(cards)
        )
        return [
            (f"this machine, card {card}", threads(cores) | {"CUDA_VISIBLE_DEVICES": card})
            for card in names
        ]
    number = max(1, available_cores() // cores)
    of = f"{cores} core{'s' * (cores > 1)}"
    return [(f"this machine, {of} ({place + 1})", threads(cores)) for place in range(number)]


def _work(line: Connection, environment: dict[str, str]) -> None:
    """Do whatever comes along the line until it is closed."""
    # Ctrl-C reaches every process of the terminal; the one that asked decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(environment)
    # What TensorFlow has to say of itself would run through the progress that is shown.
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - it is no path of ours
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # whoever asked is gone
        while True:
            work: Task = line.recv()
            try:
                result = do(work, lambda done: line.send(("doing", done)))
                line.send(("result", result))
            except Exception as error:  # noqa: BLE001 - it is told by who asked
                line.send(("error", in_words(error)))


def _end_with_parent() -> None:
    """End this process when the one that asked has ended, however busy it is."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


def do(work: Task, send: Callable[[float], None]) -> Any:
    """Do a piece of work whose files are where it says."""
    folders = {name: files.folder for name, files in work.files.items()}
    return work.function(progress=every_now_and_then(send), **work.arguments, **folders)


def every_now_and_then(send: Callable[[float], None]) -> Callable[[float], None]:
    """A function that passes on what it is told, but not all of what is told within one second."""
    last = -1.0

    def pass_on(done: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _BETWEEN:
            last = now
            send(done)

    return pass_on
