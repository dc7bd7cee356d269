"""The audit of the IDC patches against a plain loop of `cv2.imread` over the same files.

    python benchmarks/audit.py --data ../shared/data/idc

In turns in the same run: the loop (baseline), the audit of an unknown dataset (cold: every image
read, everything judged), and the audit again (warm: nothing changed). Cold means that nothing is
known to Lobule; for all three, the system has the files in memory.

Then what the whole public dataset of 277,524 patches would take. Reading: a straight line through
the times of three sizes. Judging, which does not grow straight: measured on so many, the same
patches many times over with other patients, digests and hashes. The memory: the peak of each of
these, in a process of its own (Linux).
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.audit.audit import audit, judge
from core.datasets.audit.scan import Scan, scan
from core.datasets.open import open_dataset
from core.datasets.records import Dataset

COLD_TARGET, WARM_TARGET = 0.7, 20
WHOLE = 277_524
ROUNDS = 5
SHARES = (0.25, 0.5, 1.0)

Found = TypeVar("Found")


def main() -> int:
    """Print the figures; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description="The audit against a loop of cv2.imread.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    dataset = open_dataset(given.data)
    images = len(dataset.records)
    print(f"{dataset.name}: {images:,} images")
    rounds = _seconds(dataset, given.rounds)
    baseline, cold, warm = np.min(rounds, axis=0).tolist()  # each when it was disturbed least
    for name, seconds in (
        ("cv2.imread in a loop (baseline)", baseline),
        ("audit, cold", cold),
        ("audit, warm", warm),
    ):
        rate = images / seconds
        print(f"{name:<34}{seconds:>8.3f} s{rate:>10,.0f}/s{baseline / seconds:>8.2f}×")
    print(f"warm against cold: {cold / warm:.1f}×")
    ratios = " ".join(f"{ratio:.2f}" for ratio in rounds[:, 0] / rounds[:, 1])
    print(f"cold against the baseline, round by round: {ratios}")
    _sizes(given.data)
    met = baseline / cold >= COLD_TARGET and cold / warm >= WARM_TARGET
    print(
        f"target: cold at least {COLD_TARGET} of the baseline, warm at least {WARM_TARGET} times "
        f"faster: {'met' if met else 'MISSED'}"
    )
    return 0 if met else 1


def _seconds(dataset: Dataset, rounds: int) -> NDArray[np.float64]:
    """Of the baseline, the cold and the warm audit, (rounds, 3), in turns."""
    paths = [str(dataset.root / path) for path in dataset.records["path"]]

    def loop() -> None:
        for path in paths:
            cv2.imread(path)

    taken = []
    for _ in range(rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            again = partial(audit, dataset, folder=folder)
            taken.append((_time(loop), _time(again), _time(again)))
    return np.array(taken[1:])  # the first round warms up


def _time(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _sizes(data: Path) -> None:
    measured = [_alone(_one_size, data, share) for share in SHARES]
    for images, seconds, before, peak in measured:
        print(
            f"{images:>7,} images: read in {seconds:.2f} s; "
            f"memory {before:.0f} MB before, {peak:.0f} MB at most"
        )
    sizes, seconds, *_ = np.array(measured).T
    slope, start = np.polyfit(sizes, seconds, 1)
    reading = start + slope * WHOLE
    judging, before, peak = _alone(_judge_whole, data)
    print(
        f"{WHOLE:,} images would take {reading + judging:.0f} s cold: {reading:.0f} s to read, "
        f"{judging:.1f} s to judge; memory {before:.0f} MB before, {peak:.0f} MB at most"
    )


def _alone(function: Callable[..., Found], *given: object) -> Found:
    """Call a function in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, given)


def _one_size(data: Path, share: float) -> tuple[int, float, float, float]:
    """Audit an even share of the images; return how many, seconds of reading, memory in MB."""
    dataset = open_dataset(data)
    rows = np.arange(0, len(dataset.records), round(1 / share))
    part = replace(dataset, records=dataset.records.iloc[rows].reset_index(drop=True))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        audit(replace(part, records=part.records.iloc[:64]), folder=folder / "warm up")
        before = _memory(afresh=True)
        seconds = min(_time(partial(scan, part, folder / f"{at}")) for at in range(3))
        audit(part, folder=folder / "0")
    return len(rows), seconds, before, _memory()


def _judge_whole(data: Path) -> tuple[float, float, float]:
    """Judge as many images as the public dataset has; return seconds and memory in MB."""
    dataset = open_dataset(data)
    with tempfile.TemporaryDirectory() as name:
        measured = scan(dataset, Path(name)).facts
    copy, row = np.divmod(np.arange(WHOLE), len(measured))
    facts = measured[row]
    other = np.random.default_rng(0).integers(2**63, size=copy[-1] + 1, dtype=np.uint64)[copy]
    facts["hash"] ^= other
    facts["digest"] ^= other[:, None]
    records = dataset.records.iloc[row].reset_index(drop=True)
    for column in ("path", "patient", "slide"):
        records[column] = [f"{text} {at}" for text, at in zip(records[column], copy, strict=True)]
    whole = replace(dataset, records=records)
    before = _memory(afresh=True)
    seconds = _time(lambda: judge(whole, Scan(facts, {}, WHOLE)))
    return seconds, before, _memory()


def _memory(*, afresh: bool = False) -> float:
    """The most memory held at any time so far, in MB; from now on, if afresh."""
    # Not `getrusage`: there a process starts with the peak of the one that started it.
    if afresh:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    raise SystemExit(main())
