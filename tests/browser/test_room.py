"""A server that is full: it takes no more than it holds, says so, and goes on by itself."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.parts.visitor import Visitor
from tests.browser.conftest import AppServer, free_port, serving

FILE = b"0" * 1_400_000
WORDS = "waits and goes on by itself"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[AppServer]:
    """Room for 3 windows and 6 MB of files, of which one window may take 3."""
    room = {"LOBULE_MAX_WINDOWS": "3", "LOBULE_MAX_MEMORY_GIGABYTES": "0.008"}
    with serving(tmp_path, free_port(), **room) as server:
        yield server


def at_rest(window: Visitor) -> Visitor:
    window.until(lambda it: bool(it.session) and not it.running, 60)
    return window


def test_newcomers_wait_in_words_and_go_on_by_themselves(small: AppServer) -> None:
    first, second, third, fourth = (at_rest(Visitor(small.url)) for _ in range(4))
    assert all("file_uploader" in window.text for window in (first, second, third))
    assert "Lobule is busy" in fourth.text
    assert "You are number 1 in line" in fourth.text
    assert "file_uploader" not in fourth.text

    for window in (first, second):
        statuses = [window.put(FILE, f"{number}.png", str(number)) for number in range(3)]
        assert statuses == [204, 204, 413]  # the third leaves no room for itself
    statuses = []
    waiting = threading.Thread(target=lambda: statuses.append(third.put(FILE, "0.png")))
    waiting.start()
    third.shows(WORDS)
    assert not statuses
    assert WORDS not in second.text
    status, _, _ = first.ask("DELETE", first.upload_path("0"), headers=first.origin)
    assert status == 204
    waiting.join(timeout=60)
    assert statuses == [204]
    third.until(lambda window: WORDS not in window.text, 60)

    second.close()
    fourth.until(lambda window: "file_uploader" in window.text, 60)
    for window in (first, third, fourth):
        window.close()
    assert not small.faults
