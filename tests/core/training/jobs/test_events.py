import json
import resource
import signal
from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from core.training.jobs.events import Events, parse
from core.training.jobs.folder import RunFolder
from core.training.jobs.state import read_story


def kinds(path: Path) -> list[str]:
    return [event.event for event in parse(path.read_bytes())]


def test_numbers_of_numpy_and_those_that_json_lacks_can_be_written(tmp_path: Path) -> None:
    Events(tmp_path / "e").write("epoch", loss=np.float32(0.5), epoch=np.int64(3), auroc=np.nan)
    event = json.loads((tmp_path / "e").read_text())
    assert (event["loss"], event["epoch"], event["auroc"]) == (0.5, 3, None)


@pytest.mark.parametrize("torn", [b'{"at": 1, "eve', b'{"at": 1, "event": "x"}', b"\xff\x00"])
def test_a_torn_last_line_is_ignored_and_spoils_no_other(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "events.jsonl"
    Events(path).write("queued")
    with path.open("ab") as file:
        file.write(torn)
    run = RunFolder(tmp_path)
    assert read_story(run).asked > 0
    assert read_story(run).started is None
    Events(path).write("started", device="d")
    assert read_story(run).device == "d"
    assert kinds(path)[0] == "queued"
    assert kinds(path)[-1] == "started"


def test_a_line_that_arrives_in_two_parts_is_read_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = json.dumps({"at": 5.0, "event": "started", "device": "d"}).encode() + b"\n"
    path.write_bytes(line[:20])
    run = RunFolder(tmp_path)
    assert read_story(run).device is None
    with path.open("ab") as file:
        file.write(line[20:])
    assert read_story(run).device == "d"


def test_an_epoch_that_is_done_again_replaces_it_and_what_followed(tmp_path: Path) -> None:
    events = Events(tmp_path / "events.jsonl")
    for epoch, loss in ((1, 0.9), (2, 0.8), (3, 0.7), (2, 0.6)):
        events.write("epoch", epoch=epoch, loss=loss)
    history = read_story(RunFolder(tmp_path)).history
    assert [(row["epoch"], row["loss"]) for row in history] == [(1, 0.9), (2, 0.6)]


def test_on_a_full_disk_the_end_is_still_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = Events(tmp_path / "events.jsonl")
    events.reserve()
    real = events._append

    def append(event: str, values: dict[str, object]) -> None:
        if (tmp_path / "spare").exists():
            raise OSError(28, "No space left on device")
        real(event, values)

    monkeypatch.setattr(events, "_append", append)
    with pytest.raises(TrainingError, match="No space left"):
        events.write("step")
    events.write_end("failed", message="full")
    assert kinds(tmp_path / "events.jsonl") == ["failed"]


def test_what_could_only_be_written_in_part_is_closed_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    events = Events(path)
    events.write("queued")
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
        with pytest.raises(TrainingError):
            events.write("started", device="d")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    events.write("failed")
    assert kinds(path) == ["queued", "failed"]
