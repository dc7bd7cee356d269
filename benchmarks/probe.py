"""How long a change of split, penalty or labels takes once an encoder's features are kept.

20,000 made-up patches of 100 patients by an encoder of few operations and as many features as
DenseNet121 has: computed once, then refitted and judged anew. The baseline is what a script does
that knows no kept features and no folds shared between choosing and testing: logistic regression
of scikit-learn as it comes, the penalty by inner folds within each outer one.

    PYTHONPATH=. python benchmarks/probe.py [--patches 20000] [--features 1024]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from core.evaluation.colour_alone import FOLDS
from core.evaluation.cross_validate import choose_and_cross_validate
from core.evaluation.folds import grouped_folds
from core.evaluation.probe import predicting, probe_maps
from core.training.judging.kept import KeptVectors, key_of
from core.training.request.recipe import load_recipe

PATIENTS = 100
INNER = 3


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patches", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=1024)
    arguments = parser.parse_args()
    features, labels, patients = made(arguments.patches, arguments.features)
    folds = grouped_folds(labels, patients, FOLDS, 0)
    recipe = load_recipe("probe")
    assert recipe.probe is not None  # noqa: S101 - that recipe has one
    penalties = recipe.probe.penalties
    print(
        f"{arguments.patches:,} patches of {PATIENTS} patients, {arguments.features:,} features, "
        f"{len(penalties)} penalties, {FOLDS} folds by patient, {os.cpu_count()} cores"
    )
    reading, kept = from_disk(features)
    refitted = refit(kept, labels, patients, folds, penalties)
    one, number = as_usual(features[:, 0], labels, patients, folds, penalties)
    print("\n| what | seconds | of the script |\n|---|---|---|")
    print(f"| features read from where they are kept | {reading:.1f} | |")
    print(f"| refitted and judged by patient | {refitted:.1f} | {refitted / (one * number):.3f} |")
    print(f"| the script: {number} fits of {one:.1f} s | {one * number:.0f} | 1 |")
    print(f"\nTogether {reading + refitted:.1f} s; the aim is 20.")


def made(
    patches: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.object_]]:
    """Features (N, 1, F) that tell of class and patient as real ones do, mostly of neither."""
    random = np.random.default_rng(0)
    people = np.sort(random.integers(0, PATIENTS, patches))
    labels = (random.random(patches) < random.beta(2, 4, PATIENTS)[people]).astype(np.int64)
    # Few directions hold most of what real features vary by.
    scale = 1 / np.sqrt(np.arange(1, width + 1))
    hidden = random.normal(size=(patches, width)) * scale
    hidden += random.normal(size=(PATIENTS, width))[people] * scale / 2
    hidden[:, :8] += 0.6 * labels[:, None] * scale[:8]
    turned = hidden @ np.linalg.qr(random.normal(size=(width, width)))[0]
    return turned[:, None].astype(np.float32), labels, people.astype(str).astype(object)


def from_disk(features: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """Seconds to look every patch up in what is kept; and what came."""
    keys = [key_of(row) for row in range(len(features))]
    with tempfile.TemporaryDirectory() as folder:
        vectors = KeptVectors(Path(folder) / "encoder", features.shape[2])
        vectors.of(keys, lambda rows: features[rows, 0])
        started = time.perf_counter()
        kept = vectors.of(keys, lambda _: np.empty((0, 0), np.float32))
        return time.perf_counter() - started, kept[:, None]


def refit(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    penalties: tuple[float, ...],
) -> float:
    """Seconds of all that a run does with features: folds, threshold, temperature, last fit."""
    views = features[None]
    started = time.perf_counter()
    maps = probe_maps(views, labels, patients, "patient", penalties)
    fit = predicting(maps, views)
    _, best = choose_and_cross_validate(fit, len(penalties), labels, patients, folds[None])
    maps(np.arange(len(labels)), (best,))
    return time.perf_counter() - started


def as_usual(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    penalties: tuple[float, ...],
) -> tuple[float, int]:
    """Seconds of one of the script's fits, the mean of three, and how many it makes."""
    train = np.flatnonzero(folds != 0)
    learnt, _ = next(GroupKFold(INNER).split(train, groups=patients[train]))
    rows = train[learnt]
    started = time.perf_counter()
    standard = StandardScaler().fit_transform(features[rows])
    for penalty in penalties[1:]:
        LogisticRegression(C=1 / (penalty * len(rows)), max_iter=500).fit(standard, labels[rows])
    seconds = (time.perf_counter() - started) / len(penalties[1:])
    # For each fold the penalty by inner folds, then the threshold by as many further ones.
    return seconds, FOLDS * (INNER * len(penalties) + 1) * (1 + INNER)


if __name__ == "__main__":
    main()
