"""Odd lines and damaged runs: passed over or told of in words, and in nobody's way."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.jobs.lock import let_go, take
from core.training.jobs import list_runs, list_unreadable
from core.training.jobs.events import Events, parse
from core.training.jobs.folder import RunFolder
from core.training.jobs.line import line, wait_for_device
from core.training.jobs.state import read_story, state_of
from core.training.watch import Watch, epoch_line
from tests.pages.made_up_runs import MadeUpRuns, epoch_row

KINDS = ("queued", "started", "dataset", "stage", "step", "epoch", "finished", "failed")
KEYS = (
    *("at", "event", "name", "done", "epoch", "epochs", "step", "steps", "loss", "device"),
    *("fingerprint", "message", "package", "val_loss", "learning_rate", "memory_mb", "phase"),
)
ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 10**400, 1e308, -1e308, 253_402_300_800]),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([*KINDS, "../../etc", "a\0b", "x" * 5000, ""]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
ODD_LINES = st.one_of(
    st.binary(max_size=30),
    st.text(max_size=30).map(str.encode),
    ODD_VALUES.map(json.dumps).map(str.encode),
    st.dictionaries(st.sampled_from(KEYS), ODD_VALUES).map(json.dumps).map(str.encode),
    # An event that may lack something, or hold something of a wrong type.
    st.builds(
        lambda kind, values: json.dumps({"at": 1.0, "event": kind, **values}).encode(),
        st.sampled_from(KINDS),
        st.dictionaries(st.sampled_from(KEYS), ODD_VALUES, max_size=6),
    ),
)
SOUND = [
    {"at": 5.0, "event": "queued"},
    {"at": 6.0, "event": "started", "device": "d"},
    {"at": 7.0, "event": "dataset", "fingerprint": "f"},
    {"at": 8.0, "event": "stage", "name": "Training", "done": 0.5},
    {"at": 9.0, "event": "epoch", **epoch_row(1)},
]


def lines_of(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUpRuns:
    monkeypatch.setenv("LOBULE_HOME", str(tmp_path))
    return MadeUpRuns(tmp_path, tmp_path / "none")


@pytest.mark.parametrize(
    "odd",
    [
        b"no JSON",
        b"[1, 2]",
        b"7",
        b'"text"',
        b"null",
        b"{}",
        b'{"event": "stage", "name": "x", "done": 0.1}',
        b'{"at": "now", "event": "queued"}',
        b'{"at": NaN, "event": "queued"}',
        b'{"at": 1e999, "event": "queued"}',
        b'{"at": 1e300, "event": "queued"}',
        b'{"at": -1, "event": "queued"}',
        b'{"at": 1, "event": 3}',
        b'{"at": 1, "event": "unheard of"}',
        b'{"at": 1, "event": "dataset"}',
        b'{"at": 1, "event": "stage", "name": "x"}',
        b'{"at": 1, "event": "stage", "name": 3, "done": 0.1}',
        b'{"at": 1, "event": "stage", "name": "x", "done": Infinity}',
        b'{"at": 1, "event": "step", "epoch": 1, "epochs": 0, "step": 1, "steps": 1}',
        b'{"at": 1, "event": "step", "epoch": 1, "epochs": 1, "step": 1, "steps": null}',
        b'{"at": 1, "event": "epoch"}',
        b'{"at": 1, "event": "epoch", "epoch": "one"}',
        b'{"at": 1, "event": "epoch", "epoch": 1' + b"0" * 400 + b"}",
        b'{"at": 1, "event": "epoch", "epoch": 1, "loss": "low"}',
        b'{"at": 1, "event": "failed", "message": 7}',
        b'{"at": 1, "event": "finished", "package": "../../elsewhere"}',
        b"\xff\xfe\x00\x80",
        b"[" * 100_000,
    ],
)
def test_an_odd_line_is_passed_over_and_spoils_no_other(tmp_path: Path, odd: bytes) -> None:
    assert not parse(odd)
    first, *rest = SOUND
    (tmp_path / "events.jsonl").write_bytes(lines_of(first) + odd + b"\n" + lines_of(*rest))
    story = read_story(RunFolder(tmp_path))
    assert (story.asked, story.started, story.device, story.fingerprint) == (5.0, 6.0, "d", "f")
    assert (story.stage, story.done, story.ended) == ("Training", 0.5, None)
    assert story.history == [epoch_row(1)]


@given(before=st.lists(ODD_LINES, max_size=4), after=st.lists(ODD_LINES, max_size=4))
@example(before=[], after=[b'{"at": 1.0, "event": "stage", "name": "x", "done": 1e-300}'])
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_stands_in_a_file_the_run_can_be_shown(
    runs: MadeUpRuns, before: list[bytes], after: list[bytes]
) -> None:
    shutil.rmtree(runs.home / "runs", ignore_errors=True)
    odd = runs.home / "runs" / runs.add("odd", "failed", epochs=1) / "events.jsonl"
    content = odd.read_bytes()
    odd.write_bytes(b"\n".join([*before, content, *after]))
    (state,) = list_runs()
    assert state.asked.astimezone().isoformat()
    assert state.ended is None or state.ended.astimezone().isoformat()
    assert 0 <= state.done <= 1
    assert state.eta_seconds is None or 0 <= state.eta_seconds < float("inf")
    for row in state.history:
        assert epoch_line(row)
    assert [row["epoch"] for row in state.history] == sorted(
        {row["epoch"] for row in state.history}
    )
    assert state.package is None or state.package.parent == odd.parent / "package"
    assert line() == [] or state.state in {"waiting", "running"}


def test_a_half_written_last_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    *sound, last = SOUND
    whole = lines_of(last)
    path = tmp_path / "events.jsonl"
    path.write_bytes(lines_of(*sound) + whole[:-10])
    run = RunFolder(tmp_path)
    assert read_story(run).history == []
    with path.open("ab") as file:
        file.write(whole[-10:])
    assert read_story(run).history == [epoch_row(1)]


def test_a_half_written_line_that_a_resumed_run_closed_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(lines_of(*SOUND) + b'{"at": 10.0, "event": "epo')
    Events(path).write("epoch", epoch=2)
    assert [row["epoch"] for row in read_story(RunFolder(tmp_path)).history] == [1, 2]


def damage_request(run: Path) -> None:
    (run / "request.json").write_text('{"recipe": {}}')


def make_request_binary(run: Path) -> None:
    (run / "request.json").write_bytes(b"\xff\x00" * 100)


def lose_request(run: Path) -> None:
    (run / "request.json").unlink()


def make_events_a_folder(run: Path) -> None:
    (run / "events.jsonl").unlink()
    (run / "events.jsonl").mkdir()


def lose_events(run: Path) -> None:
    (run / "events.jsonl").unlink()


def fill_events_with_noise(run: Path) -> None:
    (run / "events.jsonl").write_bytes(b"noise\n[]\n\x00\n")


def make_lock_a_loop(run: Path) -> None:
    (run / "lock").symlink_to(run / "lock")


def make_run_a_file(run: Path) -> None:
    shutil.rmtree(run)
    run.write_text("no folder")


def make_run_a_loop(run: Path) -> None:
    shutil.rmtree(run)
    run.symlink_to(run)


DAMAGES = [
    damage_request,
    make_request_binary,
    lose_request,
    make_events_a_folder,
    lose_events,
    fill_events_with_noise,
    make_lock_a_loop,
    make_run_a_file,
    make_run_a_loop,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_unreadable_run_is_told_of_and_is_in_nobodys_way(
    runs: MadeUpRuns, damage: Callable[[Path], None]
) -> None:
    sound = [runs.add("first", "failed"), runs.add("last", "failed", hour=2)]
    odd = runs.add("odd", "failed", hour=1)
    damage(runs.home / "runs" / odd)
    assert [state.id for state in list_runs()] == sound[::-1]
    (unreadable,) = list_unreadable()
    assert unreadable.id == odd
    assert unreadable.reason.startswith(f"The run {odd} cannot be read: ")
    assert unreadable.reason.endswith(".")


@pytest.mark.parametrize("damage", [damage_request, make_events_a_folder, fill_events_with_noise])
def test_an_unreadable_run_does_not_hold_up_the_line(
    runs: MadeUpRuns, damage: Callable[[Path], None]
) -> None:
    odd = runs.home / "runs" / runs.add("odd", "waiting")  # it was asked for first, and lives
    mine = RunFolder(runs.home / "runs" / runs.add("mine", "waiting", hour=1))
    assert [state.id for state in line()] == [odd.name, mine.id]
    damage(odd)
    assert [state.id for state in line()] == [mine.id]
    assert state_of(mine).state == "waiting"
    let_go(wait_for_device(mine, Watch()))
    for lock in runs.held:
        let_go(lock)
    assert take(mine.lock) is not None
