"""Many people at once, with slides in work: who is answered, how soon, with whose pictures.

    python benchmarks/people.py --people 20 50 --from ../shared/data/slides/cmu-1-small-region.svs

Baseline: one person alone on the same server. Then so many at once, each with two pictures of
their own, while five slides are being answered. What each window shows is held against the answer
that this process gives to the same file: another's name or picture in it, or another's numbers,
count as wrong. People here are windows without a browser (`benchmarks/parts/visitor.py`).
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.parts.made_slide import Plan, Tiles, square, write_tiff
from benchmarks.parts.visitor import Visitor
from core.diagnosis import diagnose
from core.imaging.overlay import encode_png
from core.slides.answering import cancel, start, status
from tests.browser.conftest import AppServer, free_port, most_memory, serving

PICTURES, SLIDES, MOST_SECONDS = 2, 5, 900.0
AGREE = 2e-4
UM_PER_PX = 0.25


def main() -> int:
    """Print the figures; return 1 if anybody got no answer or a wrong one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, nargs="+", default=[20, 50])
    parser.add_argument("--from", dest="source", type=Path, help="a slide; None: no slides in work")
    given = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        os.environ["LOBULE_HOME"] = str(home)
        slides = _slides(Path(folder), given.source) if given.source else []
        with serving(Path(folder), free_port()) as server:
            _together(server, [0])  # loads the model
            alone = _together(server, [1])
            print(f"one person alone: {alone.words}")  # the baseline
            for number in given.people:
                people = list(range(1000 * number, 1000 * number + number))
                with _answering(slides) as answers:
                    crowd = _together(server, people)
                    tiles = sum(status(answer).tiles_done for answer in answers)
                slower = crowd.median / alone.median
                print(
                    f"{number} people, {len(answers)} slides in work "
                    f"({tiles:,} of their tiles answered): {crowd.words}; "
                    f"{slower:.1f} times one alone"
                )
                missed |= crowd.answered < number or crowd.wrong > 0
    return int(missed)


@dataclass
class Seen:
    """What people saw."""

    seconds: list[float] = field(default_factory=list)
    wrong: int = 0
    faults: list[str] = field(default_factory=list)
    people: int = 0
    megabytes: tuple[float, float] = (0.0, 0.0)

    @property
    def answered(self) -> int:
        """How many got all their answers."""
        return len(self.seconds)

    @property
    def median(self) -> float:
        """Seconds to the first answer."""
        return float(np.median(self.seconds)) if self.seconds else float("nan")

    @property
    def words(self) -> str:
        """All figures."""
        before, most = self.megabytes
        last = max(self.seconds, default=float("nan"))
        faults = f" ({'; '.join(sorted(set(self.faults)))[:200]})" if self.faults else ""
        return (
            f"{self.answered} of {self.people} answered{faults}, {self.wrong} wrong pictures, "
            f"{self.median:.1f} s to the answer in the middle, {last:.1f} s at last, "
            f"{before:.0f} MB before, {most:.0f} MB at most"
        )


def _together(server: AppServer, people: list[int]) -> Seen:
    files = {person: _pictures(person) for person in people}
    seen = Seen(people=len(people))
    names = {person: set(own) for person, own in files.items()}
    everybody = set().union(*names.values())
    begin, lock = threading.Barrier(len(people)), threading.Lock()

    def work(person: int) -> None:
        window = Visitor(server.url)
        try:
            window.until(lambda it: it.uploader is not None and not it.running, MOST_SECONDS)
        finally:
            begin.wait(MOST_SECONDS)
        began = time.perf_counter()
        window.give(files[person])
        window.until(lambda it: bool(_result(it)) and not it.running, MOST_SECONDS)
        seconds = time.perf_counter() - began
        wrong = _wrong(window, files[person], everybody - names[person])
        window.close()
        with lock:
            seen.seconds.append(seconds)
            seen.wrong += wrong

    with most_memory(server) as megabytes, ThreadPoolExecutor(len(people)) as pool:
        for result in [pool.submit(work, person) for person in people]:
            if error := result.exception(MOST_SECONDS):
                seen.faults.append(f"{type(error).__name__} {error}")
    seen.megabytes = megabytes[0], max(megabytes)
    return seen


def _pictures(person: int) -> dict[str, bytes]:
    """Patches of a known scale, in colours of their own."""
    files = {}
    for number in range(PICTURES):
        random = np.random.default_rng((person, number))
        colour = random.integers((150, 80, 140), (210, 150, 190))
        pixels = (colour + random.integers(-30, 30, (50, 50, 3))).clip(0, 255).astype(np.uint8)
        files[f"{10_000 + person}_idx5_x{number}_y1_class0.png"] = encode_png(pixels)
    return files


def _wrong(window: Visitor, own: dict[str, bytes], of_others: set[str]) -> int:
    """1 if a window shows anything that is somebody else's."""
    code, content = 0, b""
    while code != HTTPStatus.OK:  # a page that is drawn anew has another address for it
        window.until(lambda it: bool(_result(it)) and not it.running, MOST_SECONDS)
        code, _, content = window.ask("GET", _result(window))
        if code != HTTPStatus.OK:
            window.listen()
    answer = json.loads(content)
    name = answer["path"]
    if name not in own or any(other in window.text for other in of_others):
        return 1
    expected = diagnose(own[name], name=name)
    same = hashlib.sha256(own[name]).hexdigest() == answer["sha256"]
    numbers = np.allclose(list(answer["probabilities"]), expected.probabilities, atol=AGREE)
    return int(not same or not numbers)


def _result(window: Visitor) -> str:
    """Where the page offers the result as JSON; empty until it does."""
    found = re.findall(r'label: "Result, JSON"[^}]*?url: "([^"]+)"', window.text)
    return found[-1] if found else ""


def _slides(folder: Path, source: Path) -> list[Path]:
    period = square(source)
    paths = [folder / f"{number}.svs" for number in range(SLIDES)]
    for number, path in enumerate(paths):
        plan = Plan(8_000 + 512 * number, 6_000, 0.9, UM_PER_PX, 80, 4)
        write_tiff(path, plan, Tiles(plan, period))
    return paths


@contextmanager
def _answering(slides: list[Path]) -> Iterator[list[str]]:
    """Slides that are being answered, or wait for it; stopped at the end."""
    answers = [start(slide, um_per_px=UM_PER_PX) for slide in slides]
    try:
        yield answers
    finally:
        for answer in answers:
            if status(answer).state in {"waiting", "running"}:
                cancel(answer)
        while any(status(answer).state in {"waiting", "running"} for answer in answers):
            time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
