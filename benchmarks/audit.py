"""The audit of the IDC patches against a plain loop of `cv2.imread` over the same files.

    python benchmarks/audit.py --data ../shared/data/idc

In turns in the same run: the loop (baseline), the audit of an unknown dataset (cold: every image
read, everything judged), and the audit again (warm: nothing changed). Then the peak of the memory
at three sizes, each in a process of its own, and the time that the whole public dataset of 277,524
patches would take, from a straight line through the times of the three sizes.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np

from core.datasets.audit.audit import audit
from core.datasets.open import open_dataset
from core.datasets.records import Dataset

COLD_TARGET, WARM_TARGET = 0.7, 20
WHOLE = 277_524
ROUNDS = 5
SHARES = (0.25, 0.5, 1.0)


def main() -> int:
    """Print the figures; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description="The audit against a loop of cv2.imread.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    dataset = open_dataset(given.data)
    images = len(dataset.records)
    print(f"{dataset.name}: {images:,} images")
    baseline, cold, warm = _seconds(dataset, given.rounds)
    for name, seconds in (
        ("cv2.imread in a loop (baseline)", baseline),
        ("audit, cold", cold),
        ("audit, warm", warm),
    ):
        rate = images / seconds
        print(f"{name:<34}{seconds:>8.3f} s{rate:>10,.0f}/s{baseline / seconds:>8.2f}×")
    print(f"warm against cold: {cold / warm:.1f}×")
    _sizes(given.data)
    met = baseline / cold >= COLD_TARGET and cold / warm >= WARM_TARGET
    print(
        f"target: cold at least {COLD_TARGET} of the baseline, warm at least {WARM_TARGET} times "
        f"faster: {'met' if met else 'MISSED'}"
    )
    return 0 if met else 1


def _seconds(dataset: Dataset, rounds: int) -> tuple[float, float, float]:
    """Of the baseline, the cold and the warm audit: the round that was disturbed least."""
    paths = [str(dataset.root / path) for path in dataset.records["path"]]
    taken: list[tuple[float, float, float]] = []
    for _ in range(rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            memory = Path(folder)
            taken.append(
                (
                    _time(lambda: [cv2.imread(path) for path in paths]),
                    _time(lambda memory=memory: audit(dataset, folder=memory)),  # type: ignore[misc]
                    _time(lambda memory=memory: audit(dataset, folder=memory)),  # type: ignore[misc]
                )
            )
    baseline, cold, warm = np.min(taken[1:], axis=0).tolist()  # the first round warms up
    return baseline, cold, warm


def _time(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _sizes(data: Path) -> None:
    context = multiprocessing.get_context("spawn")
    found = []
    for share in SHARES:
        with context.Pool(1) as pool:
            found.append(pool.apply(_one_size, (data, share)))
    for images, seconds, megabytes in found:
        print(f"{images:>7,} images: {seconds:.2f} s, peak memory {megabytes:.0f} MB")
    sizes, seconds, megabytes = np.array(found).T
    slope, start = np.polyfit(sizes, seconds, 1)
    more = np.polyfit(sizes, megabytes, 1)[0]
    print(
        f"{WHOLE:,} images would take {start + slope * WHOLE:.0f} s cold and "
        f"{more * (WHOLE - sizes[-1]):.0f} MB more than {int(sizes[-1]):,} "
        f"({more * 1e6:.0f} bytes an image)"
    )


def _one_size(data: Path, share: float) -> tuple[int, float, float]:
    """Audit an even share of the images; return how many, the seconds, and the peak in MB."""
    dataset = open_dataset(data)
    rows = np.arange(0, len(dataset.records), round(1 / share))
    part = replace(dataset, records=dataset.records.iloc[rows].reset_index(drop=True))
    with tempfile.TemporaryDirectory() as folder:
        audit(replace(part, records=part.records.iloc[:64]), folder=Path(folder) / "warm up")
        seconds = min(
            _time(lambda at=at: audit(part, folder=Path(folder) / f"{at}"))  # type: ignore[misc]
            for at in range(3)
        )
    return len(rows), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
