"""Task in processes of this machine: all of it is done, whatever happens to one of them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.cluster import Came, Note, Task, compute
from core.cluster.threads import available_cores
from core.errors import ClusterError, Stopped
from tests.core.cluster import pieces

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow


def alive(pid: int) -> bool:
    """Whether a process still works; one that is dead but not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def done(works: list[Task], cores: int = 1) -> tuple[dict[str, Came], list[Note]]:
    notes: list[Note] = []
    outcomes = {each.key: each for each in compute(works, cores, notes.append, lambda: None)}
    return outcomes, notes


def test_each_piece_is_done_once_and_heard_of() -> None:
    works = [Task(f"w{n}", pieces.square, {"number": n}) for n in range(5)]
    outcomes, notes = done(works)
    assert {key: each.result for key, each in outcomes.items()} == {f"w{n}": n**2 for n in range(5)}
    assert sorted(note.key for note in notes if note.kind == "began") == sorted(outcomes)
    assert {note.done for note in notes if note.kind == "doing"} == {0.5}
    assert all(note.where.startswith("this machine, 1 core (") for note in notes)
    assert all(each.seconds >= 0 for each in outcomes.values())


def test_one_that_fails_costs_nothing_else_and_says_why() -> None:
    works = [Task(f"w{n}", pieces.refuse, {"number": n}) for n in range(2, 6)]
    outcomes, _ = done(works)
    assert str(outcomes["w3"].error) == "3 is refused. Give another number."
    assert isinstance(outcomes["w3"].error, ClusterError)
    assert "ZeroDivisionError('four')" in str(outcomes["w4"].error)
    assert (outcomes["w2"].result, outcomes["w5"].result) == (4, 25)


def test_contents_are_read_when_their_piece_begins() -> None:
    read: list[int] = []

    def content(number: int) -> bytes:
        read.append(number)
        return b"x" * number

    works = [
        Task(f"w{n}", pieces.measure, content=lambda number=n: content(number)) for n in range(6)
    ]
    ahead = []
    for came in compute(works, available_cores(), lambda _: None, lambda: None):
        assert came.result == int(came.key[1:])
        ahead.append(len(read))
    assert ahead == list(range(1, 7)), "one place: one content at a time"


def test_a_process_that_dies_costs_its_piece_alone(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    works = [Task(f"w{n}", pieces.die_once, {"number": n, "mark": mark}) for n in range(4)]
    outcomes, notes = done(works)
    assert {key: each.result for key, each in outcomes.items()} == {f"w{n}": n**2 for n in range(4)}
    assert [note.key for note in notes if note.kind == "lost"] == ["w2"]
    assert [note.key for note in notes if note.kind == "began"].count("w2") == 2


def test_one_that_dies_again_and_again_is_given_up() -> None:
    outcomes, notes = done([Task("bad", pieces.die), Task("good", pieces.square, {"number": 3})])
    assert "died 5 times" in str(outcomes["bad"].error)
    assert "`cores`" in str(outcomes["bad"].error)
    assert outcomes["good"].result == 9
    assert [note.kind for note in notes if note.key == "bad"].count("lost") == 5


def test_each_has_the_cores_that_were_asked_for() -> None:
    outcomes, notes = done([Task("w", pieces.threads)], cores=2)
    assert outcomes["w"].result == ("2", "2")
    assert notes[0].where == "this machine, 2 cores (1)"


def test_stopping_ends_what_is_being_done(tmp_path: Path) -> None:
    works = [
        Task(f"w{n}", pieces.wait, {"marks": str(tmp_path), "number": n, "seconds": 60.0})
        for n in range(3)
    ]

    def check() -> None:
        if any(tmp_path.iterdir()):
            raise Stopped("enough")

    with pytest.raises(Stopped):
        list(compute(works, 1, lambda _: None, check))
    processes = [int(mark.name.partition("-")[2]) for mark in tmp_path.iterdir()]
    assert processes
    until = time.monotonic() + 5
    while any(map(alive, processes)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, processes))


def test_one_whose_result_cannot_be_sent_says_so() -> None:
    outcomes, notes = done([Task("w", pieces.unsendable)])
    assert "Program error" in str(outcomes["w"].error)
    assert [note.kind for note in notes].count("lost") == 0


def test_they_end_with_who_asked(tmp_path: Path) -> None:
    """Also where it is killed, and they are too busy to say anything."""
    script = (
        "from core.cluster import Task, compute\n"
        "from tests.core.cluster import pieces\n"
        "if __name__ == '__main__':\n"
        f"    tasks = [Task('w', pieces.sleep, {{'marks': {str(tmp_path)!r}}})]\n"
        "    list(compute(tasks, 1, lambda _: None, lambda: None))\n"
    )
    file = tmp_path / "asks.py"
    file.write_text(script, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    asking = subprocess.Popen([sys.executable, str(file)], cwd=ROOT, env=environment)
    until = time.monotonic() + 60
    while not (marks := list(tmp_path.glob("mark-*"))) and time.monotonic() < until:
        time.sleep(0.05)
    asking.kill()
    asking.wait()
    (process,) = [int(mark.name.partition("-")[2]) for mark in marks]
    until = time.monotonic() + 10
    while alive(process) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(process)


def test_what_is_of_no_use_any_more_is_not_begun() -> None:
    tasks = [Task(f"w{n}", pieces.refuse, {"number": n}) for n in (3, 3.5, 5, 6)]
    failed: set[str] = set()
    notes: list[Note] = []
    outcomes = {}
    for each in compute(
        tasks, 2, notes.append, lambda: None, wanted=lambda key: key == "w6" or not failed
    ):
        outcomes[each.key] = each
        if each.error is not None:
            failed.add(each.key)
    begun = [note.key for note in notes if note.kind == "began"]
    assert "w3" in begun
    assert "w6" in begun
    assert len(begun) < 4
    left_out = [key for key, each in outcomes.items() if "Left out" in str(each.error)]
    assert sorted([*begun, *left_out]) == ["w3", "w3.5", "w5", "w6"]
    assert outcomes["w6"].result == 36
