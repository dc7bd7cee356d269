"""A cluster that works through tasks, simulated event by event.

Nodes have slots (a GPU, or cores that a task asks for), each of which does one task after another.
A task takes its own time on its slot and, at the same time, what others share with it: bytes from
the storage and work of its node's cores. It is done when all of that is, and its result has gone
back to the head. Before its first task a node fetches the data over the head's link, and a slot
starts a worker. The head hands out one task after another, in their order. When a node fails, the
tasks on it are computed again from their start, before those that wait; it is back later, without
data and workers.

What is shared is divided evenly among those that want it at a moment (processor sharing).
"""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.parts.evenly_shared import EvenlyShared

_STORAGE, _LINK, _NODES = 0, 1, 2  # places of what is shared


@dataclass(frozen=True)
class SimulatedTask:
    """What is to be computed.

    Attributes
    ----------
    seconds : float
        On its slot alone.
    reads_gb : float
        From the storage that all nodes share.
    core_seconds : float
        Of its node's cores, beside the slot.
    result_gb : float
        Over the head's link, at its end.
    """

    seconds: float
    reads_gb: float = 0.0
    core_seconds: float = 0.0
    result_gb: float = 0.0


@dataclass(frozen=True)
class SimulatedCluster:
    """What computes.

    Attributes
    ----------
    nodes, slots : int
        Slots are those of a node.
    cores : float
        Of a node, that slots share for `SimulatedTask.core_seconds`.
    readers : float
        The most cores that one task uses at once for them.
    storage_gb_s, link_gb_s : float
        GB a second of the shared storage, and of the head's link, for all together.
    data_gb : float
        What each node fetches from the head before its first task.
    prepare_seconds : float
        Of the head, before it hands out the first task.
    start_seconds : float
        Of a worker, before its first task.
    hand_out_seconds : float
        Of the head, for each task.
    repair_seconds : float
        Until a node that failed is back.
    """

    nodes: int
    slots: int
    cores: float = math.inf
    readers: float = math.inf
    storage_gb_s: float = math.inf
    link_gb_s: float = math.inf
    data_gb: float = 0.0
    prepare_seconds: float = 0.0
    start_seconds: float = 0.0
    hand_out_seconds: float = 0.0
    repair_seconds: float = math.inf


@dataclass
class SimulatedOutcome:
    """How it went.

    Attributes
    ----------
    seconds : float
        From the beginning to the last result.
    done : int
        Tasks whose result came back.
    repeated : int
        Tasks that were begun again because their node failed.
    slot_seconds : float
        Of slots with a task, starting and waiting included; what was lost, too.
    """

    seconds: float = 0.0
    done: int = 0
    repeated: int = 0
    slot_seconds: float = 0.0


@dataclass
class _TaskOnSlot:
    """A task on a slot, from being handed out to its end."""

    task: int
    node: int
    slot: int
    since: float
    ready: bool = False
    parts: int = 0


def simulate(
    tasks: Sequence[SimulatedTask],
    cluster: SimulatedCluster,
    failures: Iterable[tuple[float, int]] = (),
) -> SimulatedOutcome:
    """Work through tasks, in their order.

    Parameters
    ----------
    tasks : sequence of SimulatedTask
    cluster : SimulatedCluster
    failures : iterable of (float, int)
        Seconds from the beginning, and the node that fails then.

    Raises
    ------
    RuntimeError
        If tasks are left when no node is.
    """
    return _Simulation(tasks, cluster, failures).run()


class _Simulation:
    def __init__(
        self,
        tasks: Sequence[SimulatedTask],
        cluster: SimulatedCluster,
        failures: Iterable[tuple[float, int]],
    ) -> None:
        self.tasks, self.cluster = tasks, cluster
        self.outcome = SimulatedOutcome()
        self.now = 0.0
        self.number = itertools.count()
        self.events: list[tuple[float, int, str, tuple[int, int]]] = []
        self.queue = deque(range(len(tasks)))
        self.free = [(slot, node) for slot in range(cluster.slots) for node in range(cluster.nodes)]
        self.started: set[tuple[int, int]] = set()
        self.has_data = [not cluster.data_gb] * cluster.nodes
        self.down: set[int] = set()
        self.head_free = cluster.prepare_seconds
        self.works: dict[int, _TaskOnSlot] = {}
        self.fetching: dict[int, int] = {}
        self.shared = [EvenlyShared(cluster.storage_gb_s), EvenlyShared(cluster.link_gb_s)]
        self.shared += [EvenlyShared(cluster.cores, cluster.readers) for _ in range(cluster.nodes)]
        for when, node in failures:
            self.at(when, "fail", node)
        self.at(cluster.prepare_seconds, "ready")

    def at(self, when: float, what: str, first: int = 0, second: int = 0) -> None:
        heapq.heappush(self.events, (when, next(self.number), what, (first, second)))

    def run(self) -> SimulatedOutcome:
        while self.outcome.done < len(self.tasks):
            if not self.events:
                raise RuntimeError("All nodes failed and none comes back: tasks are left.")
            self.now, _, what, (first, second) = heapq.heappop(self.events)
            if what == "share":
                self.served(first, second)
            elif what == "fail":
                self.fail(first)
            elif what == "back":
                self.back(first)
            elif what == "started":
                self.ready(first)
            elif what == "part":
                self.part_done(first)
            self.hand_out()
        self.outcome.seconds = self.now
        return self.outcome

    def hand_out(self) -> None:
        """Give waiting tasks to free slots, those first of which there are most left on a node."""
        if self.now < self.cluster.prepare_seconds:
            return
        while self.queue and self.free:
            slot, node = heapq.heappop(self.free)
            work = _TaskOnSlot(self.queue.popleft(), node, slot, self.now)
            key = next(self.number)
            self.works[key] = work
            if not self.has_data[node] and node not in self.fetching.values():
                fetch = next(self.number)
                self.fetching[fetch] = node
                self.want(_LINK, self.cluster.data_gb, fetch)
            self.head_free = max(self.head_free, self.now) + self.cluster.hand_out_seconds
            first = (slot, node) not in self.started
            self.started.add((slot, node))
            starting = self.cluster.start_seconds if first else 0.0
            self.at(self.head_free + starting, "started", key)

    def ready(self, key: int) -> None:
        """Its worker has started."""
        work = self.works.get(key)
        if work is not None:
            work.ready = True
            self.begin(key, work)

    def begin(self, key: int, work: _TaskOnSlot) -> None:
        """Begin a task once its worker has started and its node has the data."""
        if not work.ready or not self.has_data[work.node]:
            return
        task = self.tasks[work.task]
        work.parts = 1 + (task.reads_gb > 0) + (task.core_seconds > 0)
        self.at(self.now + task.seconds, "part", key)
        if task.reads_gb:
            self.want(_STORAGE, task.reads_gb, key)
        if task.core_seconds:
            self.want(_NODES + work.node, task.core_seconds, key)

    def want(self, place: int, amount: float, user: int) -> None:
        self.shared[place].want(self.now, amount, user)
        self.foresee(place)

    def leave(self, place: int, user: int) -> None:
        if self.shared[place].leave(self.now, user):
            self.foresee(place)

    def foresee(self, place: int) -> None:
        """Note when the next user of it will have all it wants, as things stand."""
        shared = self.shared[place]
        shared.version += 1
        ends = shared.ends()
        if ends is not None:
            self.at(ends, "share", place, shared.version)

    def served(self, place: int, version: int) -> None:
        """Somebody has all it wanted, unless others came or left since this was foreseen."""
        shared = self.shared[place]
        if version != shared.version:
            return
        user = shared.first()
        self.leave(place, user)
        node = self.fetching.pop(user, None)
        if node is None:
            self.part_done(user)
            return
        self.has_data[node] = True
        for key, work in list(self.works.items()):
            if work.node == node:
                self.begin(key, work)

    def part_done(self, key: int) -> None:
        work = self.works.get(key)
        if work is None:
            return
        work.parts -= 1
        result = self.tasks[work.task].result_gb
        if work.parts == 0 and result:
            self.want(_LINK, result, key)
        elif work.parts in {0, -1}:
            del self.works[key]
            self.outcome.done += 1
            self.outcome.slot_seconds += self.now - work.since
            heapq.heappush(self.free, (work.slot, work.node))

    def fail(self, node: int) -> None:
        if node in self.down:
            return
        self.down.add(node)
        self.free = [place for place in self.free if place[1] != node]
        heapq.heapify(self.free)
        self.started = {place for place in self.started if place[1] != node}
        self.has_data[node] = not self.cluster.data_gb
        for fetch in [fetch for fetch, its in self.fetching.items() if its == node]:
            del self.fetching[fetch]
            self.leave(_LINK, fetch)
        lost = [(key, work) for key, work in self.works.items() if work.node == node]
        for key, work in lost:
            for place in range(len(self.shared)):
                self.leave(place, key)
            del self.works[key]
            self.outcome.repeated += 1
            self.outcome.slot_seconds += self.now - work.since
        self.queue.extendleft(sorted((work.task for _, work in lost), reverse=True))
        if math.isfinite(self.cluster.repair_seconds):
            self.at(self.now + self.cluster.repair_seconds, "back", node)

    def back(self, node: int) -> None:
        self.down.discard(node)
        for slot in range(self.cluster.slots):
            heapq.heappush(self.free, (slot, node))
