"""Compute on the machines of a Ray cluster."""

import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.cluster.connect import connect
from core.cluster.here import every_now_and_then, lost_too_often, unwanted
from core.cluster.travel import Sent, arrive, read_pieces
from core.cluster.work import Came, Note, Task, in_words
from core.errors import ClusterError

_PATIENCE = 0.5  # seconds between two looks whether to stop
_AHEAD = 2  # pieces of work read for each place: one that is done, and the next


def compute_on_ray(
    works: Sequence[Task],
    address: str,
    cores: int,
    hear: Callable[[Note], None],
    check: Callable[[], None],
    wanted: Callable[[str], bool],
    most_lost: int,
    *,
    on_cards: bool,
) -> Iterator[Came]:
    """As `core.cluster.compute`, on the machines of a Ray cluster.

    Ray decides where: each piece asks for its cores and, with `on_cards`, for a graphics card where
    there are any.
    The program travels with the work, and so do the files, once to each machine.

    Parameters
    ----------
    works, cores, hear, check, wanted, most_lost
        As `core.cluster.here.compute_here` takes them.
    address : str
        "auto" for the cluster that this machine is part of, or host:port.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached, or no machine of it has so many cores.
    """
    ray = connect(address, cores)
    refs: dict[Any, str] = {}
    try:
        cards = on_cards and float(ray.cluster_resources().get("GPU", 0)) > 0
        _refuse_too_small(ray, cores)
        # It takes no core, and stays where the results are wanted.
        board = ray.remote(_Board).options(num_cpus=0, resources=_this_node(ray)).remote()
        pieces = _Sending(ray)
        remote_task = ray.remote(_there).options(
            num_cpus=cores,
            num_gpus=1 if cards else 0,
            max_retries=most_lost - 1,
            scheduling_strategy="SPREAD",
        )
        sent = {
            work.key: {name: pieces.of(files) for name, files in work.files.items()}
            for work in works
        }
        _send_ahead(ray, sent.values(), cores, check, cards=cards)
        waiting = deque(works)

        def more() -> None:
            """Hand over what waits; of what has a content, so much that no core is idle."""
            while waiting and (
                waiting[0].content is None or len(refs) < _AHEAD * _rooms(ray, cores, cards=cards)
            ):
                work = waiting.popleft()
                # Values that stand for themselves are there before a piece begins.
                values = [pieces.value(value) for value in work.arguments.values()]
                names = tuple(work.arguments)
                if work.content:
                    values.append(ray.put(work.content()))
                    names += ("content",)
                leading = work.function, work.key, board, names, sent[work.key]
                refs[remote_task.remote(*leading, *values)] = work.key

        yield from _heard(ray, board, refs, hear, check, wanted, most_lost, more)
    finally:
        for ref in refs:
            ray.cancel(ref, force=True)
        ray.shutdown()


def _heard(
    ray: Any,
    board: Any,
    refs: dict[Any, str],
    hear: Callable[[Note], None],
    check: Callable[[], None],
    wanted: Callable[[str], bool],
    most_lost: int,
    more: Callable[[], None],
) -> Iterator[Came]:
    """Pass on what is heard until everything is done."""
    begun: Counter[str] = Counter()
    places: dict[str, str] = {}
    more()
    while refs:
        check()
        for ref, key in [each for each in refs.items() if not wanted(each[1])]:
            ray.cancel(ref, force=True)
            del refs[ref]
            yield unwanted(key)
        more()
        if not refs:
            return
        ready, _ = ray.wait(list(refs), num_returns=len(refs), timeout=_PATIENCE)
        for note in ray.get(board.take.remote()):
            if note.kind == "began":
                if begun[note.key]:
                    hear(Note(note.key, "lost", places[note.key]))
                begun[note.key] += 1
                places[note.key] = note.where
                if begun[note.key] > most_lost:  # Ray itself tries for ever where memory runs out
                    for ref in [ref for ref, key in refs.items() if key == note.key]:
                        ray.cancel(ref, force=True)
            hear(note)
        for ref in ready:
            key = refs.pop(ref)
            yield _outcome(ray, ref, key, most_lost)
        more()


def _outcome(ray: Any, ref: Any, key: str, most_lost: int) -> Came:
    lost = (
        *(ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError),
        *(ray.exceptions.OutOfMemoryError, ray.exceptions.TaskCancelledError),
    )
    try:
        result, seconds = ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        return Came(key, None, in_words(error.cause or error))
    except lost:
        return Came(key, None, lost_too_often(most_lost))
    except ray.exceptions.RayError as error:
        return Came(key, None, ClusterError(f"Ray lost it: {error}. Resume to do it again."))
    return Came(key, result, None, seconds)


def _refuse_too_small(ray: Any, cores: int) -> None:
    most = max(
        (node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=0
    )
    if most < cores:
        raise ClusterError(
            f"Each piece of work asks for {cores} cores, and no machine of the Ray cluster has "
            f"more than {most:g}. Set `cores` to at most {most:g}."
        )


def _this_node(ray: Any) -> dict[str, float]:
    """What only this machine has, a little of it, so that something stays here."""
    node_id = ray.get_runtime_context().get_node_id()
    own_node = next(node for node in ray.nodes() if node["NodeID"] == node_id)
    names = [
        name for name in own_node["Resources"] if name.startswith("node:") and "head" not in name
    ]
    return {names[0]: 0.001} if names else {}


class _Board:
    """Where pieces of work say how far they are; kept by Ray as an actor."""

    def __init__(self) -> None:
        self._notes: list[Note] = []

    def write(self, note: Note) -> None:
        """Take a note."""
        self._notes.append(note)

    def take(self) -> list[Note]:
        """Give what was noted since the last time."""
        notes, self._notes = self._notes, []
        return notes


class _Sending:
    """Files and arguments as objects of Ray, each once however many pieces of work take it."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._known: dict[str, list[Any]] = {}
        # With the value, so that no other one gets its number.
        self._values: dict[int, tuple[Any, Any]] = {}

    def value(self, value: Any) -> Any:
        """Something to get an argument by; the very same object is sent once."""
        if id(value) not in self._values:
            self._values[id(value)] = value, self._ray.put(value)
        return self._values[id(value)][1]

    def of(self, files: Any) -> Sent:
        for name, sha256 in files.hashes.items():
            if sha256 not in self._known:
                read = read_pieces(files.folder / name)
                self._known[sha256] = [self._ray.put(piece) for piece in read]
        return {name: (sha256, self._known[sha256]) for name, sha256 in files.hashes.items()}


def _send_ahead(
    ray: Any,
    sent: Iterable[Mapping[str, Sent]],
    cores: int,
    check: Callable[[], None],
    *,
    cards: bool,
) -> None:
    """Have all files arrive on every machine before anything is computed there.

    A piece of work that waits for an object gives its cores to another, and both compute then.
    """
    from ray.util.scheduling_strategies import (  # noqa: PLC0415 - an extra
        NodeAffinitySchedulingStrategy,
    )

    folders = {
        tuple((name, sha256) for name, (sha256, _) in files.items()): files
        for each in sent
        for files in each.values()
    }
    waiting = [
        ray.remote(_all_arrive)
        .options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True))
        .remote(list(folders.values()))
        for node in (each["NodeID"] for each in ray.nodes() if _has_room(each, cores, cards=cards))
    ]
    # What goes wrong is told by the pieces of work, which ask for the files again.
    while waiting:
        check()
        _, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=_PATIENCE)


def _rooms(ray: Any, cores: int, *, cards: bool) -> int:
    """How many pieces of work can be done side by side."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    number = 0
    for has in nodes:
        places = int(has.get("CPU", 0) // cores)
        number += min(places, int(has.get("GPU", 0))) if cards else places
    return max(1, number)


def _has_room(node: Mapping[str, Any], cores: int, *, cards: bool) -> bool:
    has = node["Resources"]
    return node["Alive"] and has.get("CPU", 0) >= cores and (not cards or has.get("GPU", 0) >= 1)


def _all_arrive(folders: list[Sent]) -> None:
    import ray  # noqa: PLC0415 - an extra

    for files in folders:
        arrive(files, ray.get)


def _there(
    function: Callable[..., Any],
    key: str,
    board: Any,
    names: tuple[str, ...],
    sent: Mapping[str, Sent],
    *values: Any,
) -> tuple[Any, float]:
    """Do a piece of work on the machine that Ray has chosen."""
    import ray  # noqa: PLC0415 - an extra

    where = _place(ray)
    # Nobody waits for the board's answer, see `_send_ahead`.
    board.write.remote(Note(key, "began", where))
    started = time.monotonic()
    folders = {name: arrive(files, ray.get) for name, files in sent.items()}
    progress = every_now_and_then(lambda done: board.write.remote(Note(key, "doing", where, done)))
    result = function(progress=progress, **dict(zip(names, values, strict=True)), **folders)
    return result, time.monotonic() - started


def _place(ray: Any) -> str:
    """The machine and what of it is used, for people."""
    context = ray.get_runtime_context()
    cards = [str(card) for card in ray.get_gpu_ids()]
    cores = context.get_assigned_resources().get("CPU", 0)
    used = f"card {', '.join(cards)}" if cards else f"{cores:g} core{'s' * (cores != 1)}"
    return f"{socket.gethostname()} (node {context.get_node_id()[:6]}), {used}"
