from pathlib import Path

from core.errors import SettingsError
from core.jobs.events import EventLog, Stories


def test_only_what_is_new_is_read_and_only_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    heard: list[bytes] = []
    stories: Stories[list[bytes]] = Stories(list, lambda story, lines: story.append(lines))
    assert stories.read(path) == []
    events = EventLog(path, SettingsError, "Nothing is kept.", ())
    events.write("one", values=(1, float("nan")))
    heard = stories.read(path)
    assert b'"values": [1, null]' in heard[0]
    with path.open("ab") as file:
        file.write(b'{"event": "two"')
    assert stories.read(path)[1:] == [b""]
    with path.open("ab") as file:
        file.write(b"}\n")
    assert stories.read(path)[-1] == b'{"event": "two"}\n'


def test_another_file_in_its_place_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    stories: Stories[list[bytes]] = Stories(list, lambda story, lines: story.append(lines))
    path.write_bytes(b"first\n")
    assert stories.read(path) == [b"first\n"]
    (tmp_path / "other").write_bytes(b"other\n")
    (tmp_path / "other").replace(path)
    assert stories.read(path) == [b"other\n"]
