"""Work in the background: started once, followed, stopped, and told of in words when it fails."""

import errno
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import DatasetError, Stopped
from pages.shared.jobs import Job, Jobs, progress_in_words

SECONDS = 30


@dataclass(eq=False)
class Counting(Job):
    """Counts its runs; does what a test gives it to do."""

    deed = "count"

    do: Callable[["Counting"], None] = lambda _: None
    runs: int = 0

    def work(self) -> None:
        self.runs += 1
        self.do(self)


def ended(job: Job) -> Job:
    deadline = time.monotonic() + SECONDS
    while job.running and time.monotonic() < deadline:
        time.sleep(0.002)
    assert not job.running
    return job


def ran(do: Callable[[Counting], None]) -> Job:
    job = Counting(do=do)
    job.start()
    return ended(job)


def until_stopped(job: Counting) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job.report("Counting", 0.5)
        time.sleep(0.002)


def failing(error: Exception) -> Callable[[Counting], None]:
    def fail(_: Counting) -> None:
        raise error

    return fail


def held(gate: threading.Event) -> Counting:
    """A job that runs until the gate is opened."""

    def wait(_: Counting) -> None:
        gate.wait(SECONDS)

    return Counting(do=wait)


def test_it_ends_well() -> None:
    job = ran(lambda job: job.report("Counting", 1.0))
    assert (job.stage, job.share) == ("Counting", 1.0)
    assert (job.stopped, job.error) == (False, None)


def test_it_is_told_to_stop_once_and_is_stopped() -> None:
    job = Counting(do=until_stopped)
    job.start()
    assert not job.stopping
    job.stop()
    assert job.stopping
    assert ended(job).stopped
    assert job.error is None


def test_what_only_notes_goes_on_to_its_end() -> None:
    job = Counting()
    job.stop()
    job.note("The last words", 0.9)
    assert job.stage == "The last words"
    with pytest.raises(Stopped):
        job.report("More", 0.1)
    assert job.stage == "The last words"


def test_a_refusal_is_told_as_it_is() -> None:
    job = ran(failing(DatasetError("No such classes.")))
    assert job.error == "No such classes."
    assert not job.stopped


@pytest.mark.parametrize("fault", [ZeroDivisionError("by 0"), MemoryError(), RuntimeError("x")])
def test_a_fault_of_the_program_is_a_sentence(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    job = ran(failing(fault))
    assert job.error == ("Lobule could not count because of a program error; see the log.")
    assert type(fault).__name__ in caplog.text  # with its traceback


def test_a_full_disk_is_no_program_error() -> None:
    job = ran(failing(OSError(errno.ENOSPC, "No space left on device")))
    assert job.error == "Lobule could not count: the disk is full. Make room, then try again."


def test_a_share_stays_between_nothing_and_all() -> None:
    job = Counting()
    job.note("Counting", -0.5)
    assert job.share == 0
    job.note("Counting", 1.5)
    assert job.share == 1


def test_the_rest_takes_as_long_as_what_was_done_in_this_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("pages.shared.jobs.time.monotonic", lambda: now[0])
    job = Counting(running=True)
    job.note("Reading", 0.0)
    assert job.seconds_left is None
    now[0] += 1
    job.note("Reading", 0.01)
    assert job.seconds_left is None  # too little to tell
    now[0] += 9
    job.note("Reading", 0.25)
    assert job.seconds_left == pytest.approx(30)
    # The next stage begins with half of it done from earlier times: its pace is that of the rest.
    job.note("Judging", 0.5)
    assert job.seconds_left is None
    now[0] += 4
    job.note("Judging", 0.9)
    assert job.seconds_left == pytest.approx(1)
    assert progress_in_words(job) == "Judging, 90%, about 1.0 s left …"
    job.stop()
    assert progress_in_words(job).endswith("left, stopping …")
    job.running = False
    assert job.seconds_left is None


def test_who_asks_at_the_same_time_gets_the_same_job() -> None:
    gate = threading.Event()
    jobs: Jobs[str, Counting] = Jobs(most_kept=3)
    ready = threading.Barrier(16)
    given: list[Counting] = []

    def ask(*, anew: bool) -> None:
        ready.wait(SECONDS)
        given.append(jobs.start("key", partial(held, gate), anew=anew))

    threads = [threading.Thread(target=partial(ask, anew=number % 2 == 0)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(given) == 16
    assert set(given) == {jobs.get("key")}
    assert jobs.running == 1
    gate.set()
    ended(given[0])
    assert given[0].runs == 1
    assert jobs.running == 0


def test_an_ended_job_is_kept_until_it_is_asked_for_anew() -> None:
    jobs: Jobs[str, Counting] = Jobs(most_kept=3)
    assert jobs.get("key") is None
    first = jobs.start("key", Counting)
    ended(first)
    assert jobs.start("key", Counting) is first
    second = jobs.start("key", Counting, anew=True)
    assert second is not first
    assert jobs.get("key") is second
    assert first.runs == 1


def test_the_longest_unused_is_forgotten_first() -> None:
    jobs: Jobs[int, Counting] = Jobs(most_kept=3)
    for key in (1, 2, 3, 1, 4):
        ended(jobs.start(key, Counting))
    assert [key for key in range(6) if jobs.get(key)] == [1, 3, 4]


def test_what_runs_is_never_forgotten() -> None:
    gate = threading.Event()
    jobs: Jobs[int, Counting] = Jobs(most_kept=2)
    for key in range(4):
        jobs.start(key, partial(held, gate))
    ended(jobs.start(9, Counting))
    assert [key for key in range(10) if jobs.get(key)] == [0, 1, 2, 3, 9]
    jobs.start(0, Counting)  # the four that run are more than are kept: what has ended makes room
    assert [key for key in range(10) if jobs.get(key)] == [0, 1, 2, 3]
    gate.set()


def test_a_job_can_be_forgotten() -> None:
    jobs: Jobs[str, Counting] = Jobs(most_kept=3)
    first = jobs.start("key", Counting)
    jobs.forget("key")
    jobs.forget("never there")
    assert jobs.get("key") is None
    assert jobs.start("key", Counting) is not first


def _page() -> None:
    import streamlit as st  # noqa: PLC0415 - AppTest runs the text of this function alone

    from pages.shared.jobs import show_progress  # noqa: PLC0415

    job = st.session_state["job"]
    if job.running:
        show_progress(job, job.visible, "stop", "Nothing is kept.")
    else:
        st.text("Stopped." if job.stopped else "Done.")


def test_a_page_shows_how_far_it_is_and_stops_it() -> None:
    job = Counting(do=until_stopped)
    job.start()
    page = AppTest.from_function(_page, default_timeout=SECONDS)
    page.session_state["job"] = job
    page.run()
    assert "Counting, 50%" in page.get("progress")[0].proto.text
    page.button(key="stop").click().run()
    assert ended(job).stopped
    page.run()
    assert not page.exception
    assert [text.value for text in page.text] == ["Stopped."]
