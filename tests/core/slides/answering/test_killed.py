"""An answer that is killed at any write goes on and comes to the same numbers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.jobs.lock import let_go
from core.slides.answering import load_answer, status
from core.slides.answering.folder import create_answer
from core.slides.answering.request import AnswerRequest
from core.slides.slide import open_slide
from tests.core.slides.answering.conftest import WriteSlide

ROOT = Path(__file__).resolve().parents[4]
SHARES = [0.02, 0.5, 0.97]


class Killed:
    """Answers of one slide, and a process whose children do them."""

    def __init__(self, process: "subprocess.Popen[str]", home: Path, slide: Path) -> None:
        self._process = process
        self.home = home
        with open_slide(slide) as opened:
            print_ = opened.info.fingerprint
        self._request = AnswerRequest(
            slide=slide, name=slide.name, fingerprint=print_, model="tiny"
        )

    def ask(self) -> str:
        folder, lock = create_answer(self._request)
        let_go(lock)
        return folder.id

    def work(self, answer: str, **order: Any) -> int:
        order |= {"answer": answer, "home": str(self.home)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@pytest.fixture(scope="module")
def process(saved: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("killed.py")), str(saved)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as started:
        assert started.stdout.readline() == "ready\n"
        yield started
        started.stdin.close()


@pytest.mark.slow
def test_killed_at_any_write_it_goes_on_to_the_same_numbers(
    process: "subprocess.Popen[str]",
    home: Path,
    section: NDArray[np.uint8],
    write_slide: WriteSlide,
    tmp_path: Path,
) -> None:
    killed = Killed(process, home, write_slide(section))
    answer = killed.ask()
    assert killed.work(answer, record=str(tmp_path / "calls")) == 0
    calls = json.loads((tmp_path / "calls").read_text())
    expected = load_answer(answer)
    assert {"write tiles.bin", "write events.jsonl"} <= set(calls)
    records = [at for at, call in enumerate(calls, start=1) if call == "write tiles.bin"]
    assert len(records) > 8
    # Anywhere; and within records, of which a part is left.
    places = [(int(share * len(calls)) + 1, 1.0) for share in SHARES]
    places += [(records[int(share * len(records))], share) for share in (0.1, 0.6)]
    for place, share in places:
        answer = killed.ask()
        assert killed.work(answer, kill_at=place, share=share) == -9
        assert status(answer).state in {"interrupted", "finished"}
        before = status(answer).tiles_done
        if status(answer).state == "interrupted":
            assert killed.work(answer) == 0, calls[place - 1]
        state, given = status(answer), load_answer(answer)
        assert (state.state, state.tiles_done) == ("finished", state.tiles)
        assert state.tiles_done >= before
        np.testing.assert_array_equal(given.map, expected.map)
        drop = {"seconds", "finished"}
        assert {k: v for k, v in given.summary.items() if k not in drop} == {
            k: v for k, v in expected.summary.items() if k not in drop
        }
        assert not [
            path
            for path in (home / "slides" / "answers").glob(f"{answer}/.*")
            if path.name.startswith(".tiles")
        ]
