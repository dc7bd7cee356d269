"""Files appear whole or not at all; taken names are numbered."""

from pathlib import Path

import pytest

from core.atomic import free_name, whole_file, write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file.txt"
    write_whole(file, "µ\n")
    write_whole(file, b"second")
    assert file.read_bytes() == b"second"
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(file.parent.iterdir()) == [file]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("first")

    def interrupted() -> None:
        with whole_file(file) as sink:
            sink.write(b"half")
            sink.flush()
            assert file.read_text() == "first"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.read_text() == "first"
    assert list(tmp_path.iterdir()) == [file]


def test_a_taken_name_gets_the_next_number() -> None:
    assert free_name("a", lambda _: False) == "a"
    assert free_name("a", {"a", "a-2", "a-4"}.__contains__) == "a-3"
