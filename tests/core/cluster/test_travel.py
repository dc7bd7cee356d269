"""Files that arrive on a machine: once, whole, and not for ever."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from core.cluster import Files
from core.cluster.travel import arrive
from core.errors import ClusterError

MONTH = 31 * 24 * 3600


def sent(content: bytes) -> dict[str, tuple[str, list[Any]]]:
    return {"a.bin": (hashlib.sha256(content).hexdigest(), [content[:2], content[2:]])}


def refuse(_: Any) -> bytes:
    pytest.fail("it is fetched again")


@pytest.mark.usefixtures("home")
def test_they_are_fetched_once() -> None:
    folder = arrive(sent(b"content"), bytes)
    assert (folder / "a.bin").read_bytes() == b"content"
    assert arrive(sent(b"content"), refuse) == folder


@pytest.mark.usefixtures("home")
def test_what_changed_on_its_way_is_refused_and_leaves_nothing() -> None:
    with pytest.raises(ClusterError, match=r"a\.bin changed while it was sent"):
        arrive(sent(b"content"), lambda piece: bytes(piece).upper())
    folder = arrive(sent(b"content"), bytes)
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


@pytest.mark.usefixtures("home")
def test_what_nobody_asks_for_in_a_month_is_deleted() -> None:
    old, used, held = (arrive(sent(content), bytes) for content in (b"old", b"used", b"held"))
    long_ago = time.time() - MONTH
    for folder in (old, used, held):
        os.utime(folder, (long_ago, long_ago))
    assert arrive(sent(b"used"), refuse) == used
    with FileLock(held.with_suffix(".lock")):  # by somebody who is about to read it
        arrive(sent(b"new"), bytes)
    assert not old.exists()
    assert used.is_dir()
    assert held.is_dir()
    arrive(sent(b"newer"), bytes)
    assert not held.exists()


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"gone\.bin cannot be read"):
        _ = Files(tmp_path, ("gone.bin",)).hashes
