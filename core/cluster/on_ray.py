"""Compute on the machines of a Ray cluster."""

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.cluster.here import every_now_and_then, lost_too_often
from core.cluster.threads import threads
from core.cluster.travel import Sent, arrive, read_pieces
from core.cluster.work import Came, Note, Task, in_words
from core.errors import ClusterError
from core.extras import how_to_install, is_installed
from core.settings import ROOT

_PATIENCE = 0.5  # seconds between two looks whether to stop
_CONNECTING = 10  # seconds
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def compute_on_ray(
    works: Sequence[Task],
    address: str,
    cores: int,
    hear: Callable[[Note], None],
    check: Callable[[], None],
    most_lost: int,
) -> Iterator[Came]:
    """As `core.cluster.compute`, on the machines of a Ray cluster.

    Ray decides where: each piece asks for its cores, and for a graphics card where there are any.
    The program travels with the work, and so do the files, once to each machine.

    Parameters
    ----------
    works, cores, hear, check, most_lost
        As `core.cluster.here.compute_here` takes them.
    address : str
        "auto" for the cluster that this machine is part of, or host:port.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached, or no machine of it has so many cores.
    """
    ray = _connect(address, cores)
    refs: dict[Any, str] = {}
    try:
        cards = float(ray.cluster_resources().get("GPU", 0)) > 0
        _refuse_too_small(ray, cores)
        # It takes no core, and stays where the results are wanted.
        board = ray.remote(_Board).options(num_cpus=0, resources=_this_node(ray)).remote()
        pieces = _Sending(ray)
        there = ray.remote(_there).options(
            num_cpus=cores,
            num_gpus=1 if cards else 0,
            max_retries=most_lost - 1,
            scheduling_strategy="SPREAD",
        )
        keys = [work.key for work in works]
        for work in works:
            travelling = {name: pieces.of(files) for name, files in work.files.items()}
            arguments = {name: pieces.value(value) for name, value in work.arguments.items()}
            ref = there.remote(work.function, arguments, travelling, work.key, board)
            refs[ref] = work.key
        yield from _heard(ray, board, refs, keys, hear, check, most_lost)
    finally:
        for ref in refs:
            ray.cancel(ref, force=True)
        ray.shutdown()


def _heard(
    ray: Any,
    board: Any,
    refs: dict[Any, str],
    keys: list[str],
    hear: Callable[[Note], None],
    check: Callable[[], None],
    most_lost: int,
) -> Iterator[Came]:
    """Pass on what is heard until everything is done."""
    begun: Counter[str] = Counter()
    places = dict.fromkeys(keys, "")
    while refs:
        check()
        ready, _ = ray.wait(list(refs), num_returns=len(refs), timeout=_PATIENCE)
        for note in ray.get(board.take.remote()):
            if note.kind == "began":
                if begun[note.key]:
                    hear(Note(note.key, "lost", places[note.key]))
                begun[note.key] += 1
                places[note.key] = note.where
                if begun[note.key] > most_lost:  # Ray itself tries for ever where memory runs out
                    ray.cancel(next(ref for ref in refs if refs[ref] == note.key), force=True)
            hear(note)
        for ref in ready:
            key = refs.pop(ref)
            yield _outcome(ray, ref, key, most_lost)


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


def _connect(address: str, cores: int) -> Any:
    host, port = head_of(address)
    # Ray reports how it is used unless told not to.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if host in _LOOPBACK:
        # Else Ray takes it for this machine's address in the network, where nothing listens.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import ray  # noqa: PLC0415 - an extra

    program = {
        "py_modules": [str(ROOT / "core")],
        "excludes": ["__pycache__", "*.pyc"],
        "env_vars": threads(cores) | _backend(),
    }
    try:
        ray.init(
            address=f"{host}:{port}",
            runtime_env=program,
            log_to_driver=False,
            configure_logging=False,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        raise _unreachable(address, str(error)) from error
    return ray


def _backend() -> dict[str, str]:
    chosen = os.environ.get("KERAS_BACKEND")
    return {"KERAS_BACKEND": chosen} if chosen else {}


def head_of(address: str) -> tuple[str, int]:
    """Host and port of the cluster's head, at which something listens.

    Raises
    ------
    ClusterError
        If nothing does, which Ray itself takes minutes to say; or Ray is not installed.
    """
    if not is_installed("cluster"):
        raise ClusterError(
            f"LOBULE_RAY is {address!r}, and Ray is not installed. {how_to_install('cluster')} Or "
            "unset LOBULE_RAY to compute on this machine."
        )
    known = address
    if address == "auto":
        known = os.environ.get("RAY_ADDRESS", "")
        with suppress(OSError):
            known = known or _current().read_text(encoding="utf-8").strip()
        if not known:
            raise _unreachable(address, "this machine is not part of one")
    host, _, port = known.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or "/" in host:
        raise ClusterError(
            f"LOBULE_RAY is {address!r}. Expected `auto`, or the host:port of the cluster's head "
            "as `ray start --head` prints it, such as 10.0.0.5:6379."
        )
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECTING).close()
    except OSError as error:
        raise _unreachable(address, f"{known}: {error.strerror or error}") from error
    return host, int(port)


def _current() -> Path:
    """Where Ray notes the address of the cluster that was started on this machine last."""
    folder = os.environ.get("RAY_TMPDIR", "/tmp")  # noqa: S108 - Ray's own place
    return Path(folder) / "ray" / "ray_current_cluster"


def _unreachable(address: str, reason: str) -> ClusterError:
    return ClusterError(
        f"The Ray cluster {address!r} (LOBULE_RAY) cannot be reached: {reason.splitlines()[0]}. "
        "Sweep on a machine of the cluster, name its head (host:port) in LOBULE_RAY, or unset "
        "LOBULE_RAY to compute on this machine."
    )


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
    here = ray.get_runtime_context().get_node_id()
    own = next(node for node in ray.nodes() if node["NodeID"] == here)
    names = [name for name in own["Resources"] if name.startswith("node:") and "head" not in name]
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


def _there(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    travelling: Mapping[str, Sent],
    key: str,
    board: Any,
) -> tuple[Any, float]:
    """Do a piece of work on the machine that Ray has chosen."""
    import ray  # noqa: PLC0415 - an extra

    where = _place(ray)
    ray.get(board.write.remote(Note(key, "began", where)))
    started = time.monotonic()
    given = {name: ray.get(reference) for name, reference in arguments.items()}
    folders: dict[str, Path] = {name: arrive(files, ray.get) for name, files in travelling.items()}
    told = every_now_and_then(lambda done: board.write.remote(Note(key, "doing", where, done)))
    result = function(told=told, **given, **folders)
    return result, time.monotonic() - started


def _place(ray: Any) -> str:
    """The machine and what of it is used, for people."""
    context = ray.get_runtime_context()
    cards = [str(card) for card in ray.get_gpu_ids()]
    cores = context.get_assigned_resources().get("CPU", 0)
    used = f"card {', '.join(cards)}" if cards else f"{cores:g} core{'s' * (cores != 1)}"
    return f"{socket.gethostname()} (node {context.get_node_id()[:6]}), {used}"
