"""The answering in the background: stopped, given up, shared by windows, and its faults."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import core.diagnosis
from pages.desk import answers
from pages.desk import work as desk_work
from pages.desk.answers import Query
from pages.desk.state import Desk
from tests.pages.desk.test_desk import uploaded

pytestmark = pytest.mark.usefixtures("shelf")


def nothing(*_: object) -> None:
    """Hear of the progress, or of what has grown."""


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Answers wait at their first tile until they are let go."""
    go = threading.Event()
    real = core.diagnosis.diagnose

    def diagnose(source: bytes, **settings: Any) -> core.diagnosis.Diagnosis:
        while not go.wait(0.01):
            if told := settings.get("progress"):
                told(0.5, "1 of 2 tiles")
        return real(source, **settings)

    monkeypatch.setattr(core.diagnosis, "diagnose", diagnose)
    yield go
    go.set()


@pytest.mark.slow
def test_the_work_is_stopped_and_taken_up_again(held: threading.Event) -> None:
    desk = Desk("token")
    package = SimpleNamespace(model_sha256="m", card=SimpleNamespace(name="n"))
    desk.put([uploaded(str(number)) for number in range(3)])
    queries = [Query(one, package, None) for one in desk.images.values()]  # type: ignore[arg-type]
    work = desk_work.want(desk, queries, queries[1])
    while work.share < 0.5:
        pass
    assert work.current == queries[1]
    work.stop()
    desk_work.wait(work, queries[1], nothing, nothing)  # returns, since nobody works any more
    assert work.thread is None or not work.thread.join(10)
    assert not desk.summaries
    assert desk_work.want(desk, queries, queries[0]).paused
    held.set()
    desk_work.go_on(desk)
    desk_work.want(desk, queries, queries[0])
    for query in queries:
        desk_work.wait(work, query, nothing, nothing)
    assert len(desk.summaries) == 3  # three refusals: these are no images
    assert work.done == 3


def test_what_was_given_up_and_is_wanted_again_is_answered(held: threading.Event) -> None:
    desk = Desk("token")
    package = SimpleNamespace(model_sha256="m", card=SimpleNamespace(name="n"))
    desk.put([uploaded("a")])
    one, other = (Query(desk.images["a"], package, um) for um in (1.0, 2.0))  # type: ignore[arg-type]
    with desk.lock:  # nobody gives up or begins meanwhile
        work = desk_work.want(desk, [one], one)
        work.current = work.queue.popleft()
        desk_work.want(desk, [other], other)
        assert work.cancel.is_set()
        desk_work.want(desk, [one], one)
        assert list(work.queue) == [one]
    held.set()
    assert work.thread is None or not work.thread.join(10)
    assert len(desk.summaries) == 1


def test_two_windows_on_one_desk_both_get_their_answers(held: threading.Event) -> None:
    desk = Desk("token")
    desk.put([uploaded("a")])
    package = SimpleNamespace(model_sha256="m", card=SimpleNamespace(name="n"))
    here, there = (Query(desk.images["a"], package, um) for um in (1.0, 2.0))  # type: ignore[arg-type]
    work = desk_work.want(desk, [here], here)
    desk_work.want(desk, [there], there)
    held.set()
    for query in (here, there):
        desk_work.wait(work, query, nothing, nothing)
    assert len(desk.summaries) == 2
    desk.remove(["a"])
    desk_work.wait(work, here, nothing, nothing)  # returns: there is nothing to wait for


def test_a_fault_of_the_desk_itself_does_not_end_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk("token")
    desk.put([uploaded("a"), uploaded("b")])
    package = SimpleNamespace(model_sha256="m", card=SimpleNamespace(name="n"))
    queries = [Query(one, package, None) for one in desk.images.values()]  # type: ignore[arg-type]
    real, faults = answers._summarise, [MemoryError("no thumbnail")]

    def summarise(answer: Any) -> answers.Summary:
        if faults:
            raise faults.pop()
        return real(answer)

    monkeypatch.setattr(answers, "_summarise", summarise)
    work = desk_work.want(desk, queries, queries[0])
    for query in queries:
        desk_work.wait(work, query, nothing, nothing)
    told = [str(getattr(answer, "reason", "")) for answer in desk.answers.values()]
    assert told[0] == answers.FAULT
    assert "not an image" in told[1]


def test_an_image_taken_off_after_its_last_tile_leaves_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk("token")
    desk.put([uploaded("a"), uploaded("b")])
    real = core.diagnosis.diagnose

    def take_off_and_answer(source: bytes, **settings: Any) -> core.diagnosis.Diagnosis:
        desk.remove(["a"])
        return real(source, **settings)

    monkeypatch.setattr(core.diagnosis, "diagnose", take_off_and_answer)
    package = SimpleNamespace(model_sha256="m", card=SimpleNamespace(name="n"))
    queries = [Query(one, package, None) for one in desk.images.values()]  # type: ignore[arg-type]
    work = desk_work.want(desk, queries, queries[0])
    assert work.thread is None or not work.thread.join(10)
    assert list(desk.hashes) == ["b"]
    assert len(desk.answers) == len(desk.summaries) == 1
