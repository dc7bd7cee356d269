"""The same work on two nodes of a Ray cluster, one of which is killed while it works."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cluster import Came, Files, Note, Task, compute
from core.errors import ClusterError, Stopped
from core.extras import is_installed
from tests.core.cluster import pieces
from tests.core.cluster.test_here import alive
from tests.core.cluster.two_nodes import TwoNodes, two_nodes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed("cluster"), reason="Ray is not installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path_factory.mktemp("nodes")) as cluster:
        yield cluster


@pytest.fixture
def ray(nodes: TwoNodes, monkeypatch: pytest.MonkeyPatch) -> TwoNodes:
    monkeypatch.setenv("LOBULE_RAY", nodes.address)
    return nodes


@pytest.mark.exhaustive
def test_work_is_done_on_both_nodes_and_files_travel_once_to_each(
    ray: TwoNodes, tmp_path: Path
) -> None:
    content = {"a.bin": b"a" * 70_000_000, "empty.bin": b""}
    for name, bytes_ in content.items():
        (tmp_path / name).write_bytes(bytes_)
    files = Files(tmp_path, tuple(content))
    works = [Task(f"w{n}", pieces.read, {"seconds": 1.0}, {"folder": files}) for n in range(6)]
    notes: list[Note] = []
    outcomes = [each.result for each in compute(works, 1, notes.append, lambda: None)]
    expected = {name: hashlib.sha256(bytes_).hexdigest() for name, bytes_ in content.items()}
    assert [hashes for _, hashes, _ in outcomes] == [expected] * 6
    assert {home for _, _, home in outcomes} == set(map(str, ray.homes))
    assert len({folder for folder, _, _ in outcomes}) == 2
    for home in ray.homes:
        assert len([path for path in (home / "cache/arrived").iterdir() if path.is_dir()]) == 1
    assert len({note.where for note in notes if note.kind == "began"}) == 2
    assert {note.kind for note in notes} == {"began", "doing"}


@pytest.mark.exhaustive
@pytest.mark.usefixtures("ray")
def test_errors_and_threads_are_as_on_one_machine() -> None:
    works = [Task(f"w{n}", pieces.refuse, {"number": n}) for n in range(2, 5)]
    works.append(Task("threads", pieces.threads))
    outcomes: dict[str, Came] = {
        each.key: each for each in compute(works, 1, lambda _: None, lambda: None)
    }
    assert isinstance(outcomes["w3"].error, ClusterError)
    assert str(outcomes["w3"].error) == "3 is refused. Give another number."
    assert "ZeroDivisionError('four')" in str(outcomes["w4"].error)
    assert outcomes["w2"].result == 4
    assert outcomes["threads"].result == ("1", "1")


@pytest.mark.exhaustive
@pytest.mark.usefixtures("ray")
def test_of_many_contents_few_are_read_ahead() -> None:
    read: list[int] = []

    def content(number: int) -> bytes:
        read.append(number)
        return b"x" * number

    works = [
        Task(f"w{n}", pieces.measure, content=lambda number=n: content(number)) for n in range(20)
    ]
    for done, came in enumerate(compute(works, 1, lambda _: None, lambda: None), start=1):
        assert came.result == int(came.key[1:])
        assert len(read) <= done + 4, "of two places, what is done and the next"
    assert sorted(read) == list(range(20))


@pytest.mark.usefixtures("ray")
def test_more_cores_than_a_machine_has_are_refused_at_once() -> None:
    with pytest.raises(ClusterError, match=r"asks for 64 cores.*at most 1"):
        list(compute([Task("w", pieces.threads)], 64, lambda _: None, lambda: None))


@pytest.mark.exhaustive
@pytest.mark.usefixtures("ray")
def test_stopping_reaches_every_node(tmp_path: Path) -> None:
    works = [
        Task(f"w{n}", pieces.wait, {"marks": str(tmp_path), "number": n, "seconds": 90.0})
        for n in range(4)
    ]

    def check() -> None:
        if len(list(tmp_path.iterdir())) > 1:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        list(compute(works, 1, lambda _: None, check))
    processes = [int(mark.name.partition("-")[2]) for mark in tmp_path.iterdir()]
    until = time.monotonic() + 15
    while any(map(alive, processes)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(alive, processes))


@pytest.mark.exhaustive
def test_a_node_that_is_lost_costs_its_piece_and_nothing_else(
    ray: TwoNodes, tmp_path: Path
) -> None:
    """The last of the module: the second node is gone afterwards."""
    works = [
        Task(f"w{n}", pieces.wait, {"marks": str(tmp_path), "number": n, "seconds": 4.0})
        for n in range(4)
    ]
    notes: list[Note] = []
    killed = False

    def check() -> None:
        nonlocal killed
        if not killed and len(list(tmp_path.iterdir())) > 1:
            killed = True
            ray.kill_second()

    outcomes = {each.key: each.result for each in compute(works, 1, notes.append, check)}
    assert killed
    assert outcomes == {f"w{n}": n for n in range(4)}
    lost = [note.key for note in notes if note.kind == "lost"]
    assert len(lost) == 1
    begun = [mark.name.partition("-")[0] for mark in tmp_path.iterdir()]
    assert sorted(begun) == sorted([*"0123", lost[0].removeprefix("w")])


def test_what_cannot_be_reached_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = time.monotonic()
    for address, words in {
        "127.0.0.1:1": "Connection refused",
        "ray://127.0.0.1:10001": "Expected `auto`",
        "here": "Expected `auto`",
        "auto": "not part of one",
    }.items():
        monkeypatch.setenv("LOBULE_RAY", address)
        monkeypatch.delenv("RAY_ADDRESS", raising=False)
        monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
        with pytest.raises(ClusterError, match=words):
            list(compute([Task("w", pieces.threads)], 1, lambda _: None, lambda: None))
    assert time.monotonic() - started < 30


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_RAY", "auto")
    monkeypatch.setattr("core.cluster.connect.is_installed", lambda _: False)
    with pytest.raises(ClusterError, match=r"requirements-cluster\.txt.*unset LOBULE_RAY"):
        list(compute([Task("w", pieces.threads)], 1, lambda _: None, lambda: None))
