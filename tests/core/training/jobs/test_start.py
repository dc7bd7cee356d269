"""The life of a run, from being asked for to its end, by processes that pretend to train."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from core.errors import DatasetError, Stopped, TrainingError
from core.jobs.lock import is_held, let_go, take
from core.settings import get_settings
from core.training.jobs import (
    RunState,
    cancel,
    list_runs,
    read_log,
    read_run,
    resume,
    resume_here,
    run_here,
    start,
)
from core.training.jobs.folder import find_folder
from core.training.request.request import Request
from core.training.watch import Watch

Ask = Callable[..., Request]
Wait = Callable[..., RunState]


class Stop(Watch):
    """Stops after some questions."""

    def __init__(self, questions: int) -> None:
        self.questions = questions

    def cancelled(self) -> bool:
        self.questions -= 1
        return self.questions < 0


def kill(run: str) -> None:
    """Kill the process that was started for a run."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"work" in command and run.encode() in command:
            os.kill(int(path.parent.name), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
def test_a_run_outlives_its_page_and_is_found_by_others(ask: Ask, wait_until: Wait) -> None:
    run = start(ask(epochs=3))
    assert read_run(run).state in {"waiting", "running"}  # from its first moment
    state = wait_until(run)
    assert state.state == "finished"
    assert state.package == find_folder(run).packages / "mine"
    assert [row["epoch"] for row in state.history] == [1, 2, 3]
    assert state.history[0]["val_auroc"] is None
    assert (state.epoch, state.epochs, state.step, state.steps) == (3, 3, 4, 4)
    assert state.device == "a pretended device"
    assert state.asked <= state.started <= state.ended
    assert "\npretending\n" in read_log(run)
    wait_until(run, lambda _: not is_held(find_folder(run).lock))
    assert not find_folder(run).checkpoints.exists()
    # Another process reads the same.
    program = f"from core.training.jobs import read_run; print(read_run({run!r}).state)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert answer.stdout == b"finished\n"


@pytest.mark.usefixtures("pretence")
def test_the_log_holds_the_stages_and_epochs_with_their_times(ask: Ask) -> None:
    run = run_here(ask(), Watch()).id
    times, lines = zip(*(line.split("  ") for line in read_log(run).splitlines()), strict=True)
    assert list(lines) == [
        "Started on a pretended device",
        "Reading images",
        "Training",
        "Epoch 1: loss 0.500, validation –, accuracy –, AUROC –, 0.0 s",
        "Epoch 2: loss 0.500, validation –, accuracy –, AUROC –, 0.0 s",
        "Finished",
    ]
    told = [datetime.fromisoformat(time) for time in times]
    assert told == sorted(told)
    assert abs(datetime.now(UTC) - told[-1]) < timedelta(minutes=1)


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
def test_a_run_outlives_the_server_that_started_it(ask: Ask, wait_until: Wait) -> None:
    request = ask(epochs=5, pace=0.1).model_dump_json()
    program = (
        "import time; from core.training.jobs import start; "
        "from core.training.request.request import Request; "
        f"print(start(Request.model_validate_json({request!r})), flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        run = server.stdout.readline().strip()
        assert not read_run(run).history
        os.killpg(server.pid, signal.SIGKILL)
    assert wait_until(run).state == "finished"


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
def test_a_running_run_stops_within_a_step_and_keeps_the_best(ask: Ask, wait_until: Wait) -> None:
    run = start(ask(epochs=50, pace=0.05))
    wait_until(run, lambda state: len(state.history) >= 2)
    cancel(run)
    state = wait_until(run)
    assert state.state == "cancelled"
    assert state.package.is_dir()
    assert len(state.history) < 50
    with pytest.raises(TrainingError, match="already cancelled"):
        cancel(run)


@pytest.mark.usefixtures("pretence")
def test_cancelled_before_the_first_epoch_nothing_is_kept(ask: Ask) -> None:
    with pytest.raises(Stopped):
        run_here(ask(), Stop(2))
    state = list_runs()[0]
    assert (state.state, state.package) == ("cancelled", None)
    assert "cancelled before" in state.message
    assert resume_here(state.id, Watch()).state == "finished"


@pytest.mark.usefixtures("pretence")
@pytest.mark.parametrize("stage", ["Judging", "Looking at what was trained on"])
@pytest.mark.parametrize("by", ["file", "watch"])
def test_cancelled_in_another_stage_than_training_it_ends_there_and_goes_on(
    ask: Ask, pretence: ModuleType, monkeypatch: pytest.MonkeyPatch, stage: str, by: str
) -> None:
    monkeypatch.setattr(pretence, "train", judged(pretence.train, stage))
    with pytest.raises(Stopped, match=f"in the stage '{stage}'"):
        run_here(ask(), StopIn(stage, by))
    state = list_runs()[0]
    assert (state.state, state.package, len(state.history)) == ("cancelled", None, 2)
    assert "Epochs up to 2 are kept" in state.message
    # What is kept does not keep it from being cancelled while the images are read again.
    with pytest.raises(Stopped, match="in the stage 'Reading images'"):
        resume_here(state.id, StopIn("Reading images", by))
    assert resume_here(state.id, Watch()).state == "finished"


@pytest.mark.usefixtures("pretence")
@pytest.mark.parametrize("again", [False, True])
def test_cancelled_while_it_learns_its_best_is_judged_unless_that_is_cancelled_too(
    ask: Ask, pretence: ModuleType, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    monkeypatch.setattr(pretence, "train", judged(pretence.train, "Judging"))
    watch = StopIn("Judging" if again else "never", "file", learning=True)
    if again:
        with pytest.raises(Stopped, match="in the stage 'Judging'"):
            run_here(ask(epochs=9), watch)
    else:
        run_here(ask(epochs=9), watch)
    state = list_runs()[0]
    assert (state.state, len(state.history)) == ("cancelled", 1)
    assert (state.package is None) == again
    assert resume_here(state.id, Watch()).state == "finished"


class StopIn(Watch):
    """Asks to stop in a stage, by the run's file or by itself; or after the first epoch as well."""

    def __init__(self, stage: str, by: str, *, learning: bool = False) -> None:
        self.at, self.by, self.learning = stage, by, learning
        self.stopping = False

    def stage(self, name: str, done: float) -> None:  # noqa: ARG002 (the interface)
        if name == self.at:
            self.stopping = self.by == "watch"
            if self.by == "file":
                cancel(list_runs()[0].id)

    def epoch(self, values: dict[str, float | str]) -> None:  # noqa: ARG002 (the interface)
        if self.learning:
            cancel(list_runs()[0].id)

    def cancelled(self) -> bool:
        return self.stopping


def judged(train: Callable[..., object], stage: str) -> Callable[..., object]:
    """Training as it is pretended, with a stage of two reports after it."""

    def with_judging(request: Request, watch: Watch) -> object:
        package = train(request, watch)
        watch.stage(stage, 0.0)
        watch.stage(stage, 0.5)
        return package

    return with_judging


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
def test_a_killed_run_is_told_by_its_lock_and_goes_on(ask: Ask, wait_until: Wait) -> None:
    run = start(ask(epochs=8, pace=0.1))
    wait_until(run, lambda state: len(state.history) >= 2)
    with pytest.raises(TrainingError, match="still running"):
        resume(run)
    kill(run)
    state = wait_until(run)
    assert state.state == "interrupted"
    assert f"Epochs up to {len(state.history)} are kept" in state.message
    assert state.eta_seconds is None
    resume(run)
    assert read_run(run).state in {"waiting", "running"}
    state = wait_until(run)
    assert state.state == "finished"
    assert [row["epoch"] for row in state.history] == list(range(1, 9))
    assert state.message is None
    with pytest.raises(TrainingError, match="nothing to resume"):
        resume(run)


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
def test_runs_wait_in_the_order_of_their_start(ask: Ask, wait_until: Wait) -> None:
    device = take(find_runs() / "device.lock")
    runs = [start(ask(f"number-{number}", epochs=1)) for number in range(3)]
    assert [read_run(run).place_in_line for run in runs] == [1, 2, 3]
    assert [state.id for state in list_runs()] == runs[::-1]
    assert [state.place_in_line for state in list_runs()] == [3, 2, 1]
    wait_until(runs[1], lambda state: state.stage.startswith("Waiting for the device"))
    cancel(runs[0])
    assert wait_until(runs[0]).state == "cancelled"
    assert [read_run(run).place_in_line for run in runs] == [None, 1, 2]
    let_go(device)
    first, second = (wait_until(run) for run in runs[1:])
    assert (first.state, second.state) == ("finished", "finished")
    assert first.ended <= second.started


def find_runs() -> Path:
    get_settings().runs.mkdir(parents=True, exist_ok=True)
    return get_settings().runs


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
@pytest.mark.exhaustive
def test_two_that_start_at_once_get_a_folder_each_and_take_turns(
    ask: Ask, wait_until: Wait
) -> None:
    runs: list[str] = []
    request = ask(epochs=2, pace=0.05)
    threads = [threading.Thread(target=lambda: runs.append(start(request))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(runs)) == 2
    states = sorted((wait_until(run) for run in runs), key=lambda state: state.started)
    assert [state.state for state in states] == ["finished", "finished"]
    assert states[0].ended <= states[1].started
    assert states[0].asked <= states[1].asked


@pytest.mark.usefixtures("pretence")
def test_of_two_that_resume_at_once_one_is_refused(ask: Ask) -> None:
    with pytest.raises(Stopped):
        run_here(ask(pace=0.2), Stop(2))
    run = list_runs()[0].id
    ends: list[str] = []

    def go_on() -> None:
        try:
            ends.append(resume_here(run, Watch()).state)
        except TrainingError as error:
            ends.append(str(error))

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(end == "finished" for end in ends) == [False, True]
    assert any("nothing to resume" in end or "still running" in end for end in ends)


@pytest.mark.usefixtures("pretence")
def test_data_that_changed_meanwhile_are_refused_and_nothing_is_lost(ask: Ask) -> None:
    request = ask(epochs=3)
    with pytest.raises(Stopped):
        run_here(request, Stop(2))
    run = list_runs()[0].id
    (request.data / "fingerprint").write_text("b" * 64)
    with pytest.raises(TrainingError, match="have changed since this run began"):
        resume_here(run, Watch())
    assert read_run(run).state == "failed"
    assert "aaaaaaaaaaaa and is bbbbbbbbbbbb" in read_run(run).message
    (request.data / "fingerprint").write_text("a" * 64)
    assert resume_here(run, Watch()).state == "finished"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TrainingError("The loss became nan."), "The loss became nan."),
        (MemoryError(), "not enough memory"),
        (OSError(28, "No space left on device"), "is full"),
        (RuntimeError("(errno = 28, error message = 'No space left on device')"), "is full"),
        (ZeroDivisionError("x"), "Program error: ZeroDivisionError('x')"),
    ],
)
def test_whatever_goes_wrong_ends_in_words(
    ask: Ask,
    pretence: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    words: str,
) -> None:
    def train(request: Request, watch: Watch) -> None:  # noqa: ARG001 (the interface)
        watch.epoch({"epoch": 4})
        raise error

    monkeypatch.setattr(pretence, "train", train)
    with pytest.raises(TrainingError, match=words.replace("(", r"\(").replace(")", r"\)")):
        run_here(ask(), Watch())
    state = list_runs()[0]
    assert state.state == "failed"
    assert words in state.message
    if not isinstance(error, TrainingError):
        assert "pochs up to 4 are kept" in state.message
        assert "Traceback" in read_log(state.id)


def test_what_cannot_work_is_refused_before_there_is_a_run(
    ask: Ask, home: Path, tmp_path: Path
) -> None:
    (home / "models" / "mine").mkdir(parents=True)
    (tmp_path / "there" / "yours").mkdir(parents=True)
    for request, words in (
        (ask(), "already a model named 'mine'"),
        (ask("yours", folder=tmp_path / "there"), "already a model named 'yours'"),
        (ask("No good"), "cannot be called 'No good'"),
    ):
        with pytest.raises(TrainingError, match=words):
            start(request)
    with pytest.raises(DatasetError, match="no folder or manifest"):
        start(ask("other").model_copy(update={"data": tmp_path / "none"}))
    assert list_runs() == []


def test_an_unwritable_home_is_said_in_words(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LOBULE_HOME", str(tmp_path / "file"))
    with pytest.raises(TrainingError, match="set LOBULE_HOME to another folder"):
        start(ask())


@pytest.mark.parametrize("run", ["", "..", "20260101-000000-no", "a/b", "\0", "../x"])
def test_unknown_runs_are_refused(run: str) -> None:
    for ask_for in (read_run, cancel, resume, read_log):
        with pytest.raises(TrainingError, match="There is no run"):
            ask_for(run)


@pytest.mark.usefixtures("pretence")
def test_homes_with_spaces_and_relative_paths_stay_the_same_for_the_process(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> None:
    request = ask()
    (tmp_path / "work here").mkdir()
    monkeypatch.chdir(tmp_path / "work here")
    monkeypatch.setenv("LOBULE_HOME", "a home 'of' $mine")
    run = start(request.model_copy(update={"data": Path("../data of a run")}))
    assert wait_until(run).state == "finished"
    assert read_run(run).request.data == request.data
    assert (tmp_path / "work here" / "a home 'of' $mine" / "runs" / run).is_dir()


@pytest.mark.usefixtures("pretence")
def test_a_damaged_run_hides_no_other(ask: Ask) -> None:
    run_here(ask(), Watch())
    run_here(ask("yours"), Watch())
    find_folder(list_runs()[0].id).request.write_text("{")
    assert [state.request.name for state in list_runs()] == ["mine"]


@pytest.mark.usefixtures("pretence")
def test_folders_that_were_half_made_are_cleared_away(ask: Ask) -> None:
    left = find_runs() / ".new-left"
    left.mkdir()
    run_here(ask(), Watch())
    assert not left.exists()


@pytest.mark.usefixtures("pretence")
def test_the_lock_is_free_after_a_run_here(ask: Ask) -> None:
    state = run_here(ask(), Watch())
    assert not is_held(find_folder(state.id).lock)
    assert not is_held(find_runs() / "device.lock")


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
def test_the_time_left_follows_from_the_pace(ask: Ask, wait_until: Wait) -> None:
    run = start(ask(epochs=30, pace=0.1))
    state = wait_until(run, lambda state: state.eta_seconds and state.done > 0.25)
    cancel(run)
    assert state.eta_seconds == pytest.approx((1 - state.done) * 30 * 4 * 0.1, rel=0.5)
    assert wait_until(run).state == "cancelled"


def test_importing_the_runs_loads_no_tensorflow() -> None:
    program = (
        "import core.training.jobs, core.cli.runs, sys, json; print(json.dumps([*sys.modules]))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert not {"tensorflow", "keras"} & set(json.loads(answer.stdout))
