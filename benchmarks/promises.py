"""Whether intervals and prediction sets keep their promise on patients that nobody has seen.

Patients are drawn from a population in which they shift against each other, many times; how often
the 95 % intervals hold the truth, and how much of new patients the 90 % sets hold, is counted. The
baselines are what Lobule did before: percentiles of a bootstrap at any number of patients, and the
plain quantile of the patients' mean distribution; beside the latter the correction of Lee, Barber
and Willett (2025), which guarantees coverage.

    PYTHONPATH=. python benchmarks/promises.py [--times 1000]

The exit code is 1 if an interval covers less than 93 or more than 97 %, or sets hold other than
88 to 92 % of new patients on average.
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.population import FIGURES, both_intervals, draw, held, held_at, truth
from core.evaluation.conformal import LEVEL, cut_off
from core.evaluation.predictions import patient_weights

SIZES = (5, 8, 12, 20, 30, 50, 100, 200)
_COVERS, _HOLDS = (0.93, 0.97), (0.88, 0.92)


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    arguments = parser.parse_args()
    kept = [_print_intervals(arguments.sizes, arguments.times)]
    kept.append(_print_sets(arguments.sizes, arguments.times))
    return 0 if all(kept) else 1


def _print_intervals(sizes: tuple[int, ...], times: int) -> bool:
    true = truth(np.random.default_rng(0))
    print(f"95 % intervals, {times} times; coverage and width: bootstrap at any size → now")
    print("truth: " + ", ".join(f"{n} {v:.3f}" for n, v in zip(FIGURES, true, strict=True)))
    print("| patients | " + " | ".join(FIGURES) + " |\n|" + "---|" * (1 + len(FIGURES)))
    kept = True
    for size in sizes:
        random = np.random.default_rng(size)
        ends = np.array([both_intervals(random, draw(random, size)) for _ in range(times)])
        covers = np.mean((ends[..., 0] <= true) & (true <= ends[..., 1]), axis=0)
        width = np.nanmean(np.diff(ends, axis=3)[..., 0], axis=0)
        cells = [
            f"{covers[0, figure]:.1%} ({width[0, figure]:.2f}) → "
            f"{covers[1, figure]:.1%} ({width[1, figure]:.2f})"
            for figure in range(len(FIGURES))
        ]
        print(f"| {size} | " + " | ".join(cells) + " |", flush=True)
        whole = covers[1].round(2)  # a thousand draws tell no more than a per cent
        kept &= bool(((whole >= _COVERS[0]) & (whole <= _COVERS[1])).all())
    return kept


def _print_sets(sizes: tuple[int, ...], times: int) -> bool:
    population = held_at(np.random.default_rng(1))
    print(f"\n90 % sets, {times} times; of new patients' images they hold (standard deviation)")
    print("| patients | plain quantile, before | guaranteed | now | never ruled out |")
    print("|---|---|---|---|---|")
    kept = True
    for size in sizes:
        random = np.random.default_rng(size)
        shares = []
        for _ in range(times):
            sample = draw(random, size)
            rows = sample.positive
            scores, people = sample.scores[rows], sample.patients[rows]
            number = len(np.unique(people))
            now = cut_off(scores, people.astype(object))
            plain = _plain(scores, people, LEVEL)
            guaranteed = _plain(scores, people, LEVEL * (number + 1) / number)
            values = [held(way, population) for way in (plain, guaranteed, now)]
            shares.append([*values, float(now == 0)])
        mean, spread = np.mean(shares, axis=0), np.std(shares, axis=0)
        cells = [f"{mean[way]:.1%} ({spread[way]:.1%})" for way in range(3)]
        print(f"| {size} | " + " | ".join(cells) + f" | {mean[3]:.0%} |", flush=True)
        kept &= bool(_HOLDS[0] <= mean[2] <= _HOLDS[1])
    return kept


def _plain(scores: NDArray[np.float64], people: NDArray[np.int64], level: float) -> float:
    """The quantile of the mean of the patients' distributions; 0 where there is none."""
    if level > 1:
        return 0.0
    weights = patient_weights(people)
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(scores[order][min(int(np.searchsorted(reached, level - 1e-9)), len(order) - 1)])


if __name__ == "__main__":
    raise SystemExit(main())
