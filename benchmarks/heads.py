"""Whether small heads beyond logistic regression earn it on frozen features.

MobileNetV2 with ImageNet weights on images of every patient alike. Each head's setting is chosen
within the patients that are trained on, in inner folds; every head answers the same outer folds by
patient. AUROC pooled, every patient alike, and what each adds to logistic regression, paired by
patient (95 % intervals, 500 draws). Seconds are of the whole.

    PYTHONPATH=. python benchmarks/heads.py [--data ../shared/data/idc] [--images 3000]

`LOBULE_WEIGHTS` names the folder of the weights.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from core.architectures import build
from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.evaluation.balance import balance_weights, sample
from core.evaluation.folds import grouped_folds
from core.settings import get_settings
from core.training.judging.features import features_of, in_batches

OUTER, INNER, DRAWS = 5, 3, 500
SIDE = 64  # px

# A head of some setting; fitted with weights of images.
HEADS: dict[str, tuple[tuple[Any, ...], Callable[[Any, int], Any]]] = {
    "logistic regression": (
        (0.001, 0.01, 0.1, 1.0),
        lambda penalty, number: LogisticRegression(C=1 / (penalty * number), max_iter=500),
    ),
    "64 hidden units": (
        (0.01, 0.1, 1.0, 10.0),
        lambda alpha, _: MLPClassifier(
            (64,), alpha=alpha, max_iter=200, early_stopping=True, random_state=0
        ),
    ),
    "gradient boosting": (
        (4, 8, 16),
        lambda leaves, _: HistGradientBoostingClassifier(
            max_leaf_nodes=leaves, max_iter=100, random_state=0
        ),
    ),
}
KERNELS = (0.1, 0.3, 1.0)  # of 1 / features


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--images", type=int, default=3000)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.data)
    cached = pixel_cache(dataset, SIDE, get_settings().cache)
    records = cached.dataset.records
    labels, patients = records["label"].to_numpy(), records["patient"].to_numpy(dtype=object)
    rows = sample(labels, patients, arguments.images)
    labels, patients = labels[rows], patients[rows]
    network = build("mobilenetv2", (SIDE, SIDE, 3), 2, "softmax", "imagenet")
    features = in_batches(features_of(network), np.asarray(cached.pixels[rows]))
    people = len(np.unique(patients.astype(str)))
    print(f"MobileNetV2 at {SIDE} px, {dataset.name}: {len(labels):,} images of {people} patients")
    print("\n| head | AUROC | beyond logistic regression | seconds |\n|---|---|---|---|")
    chances: dict[str, NDArray[np.float64]] = {}
    for name in (*HEADS, "RBF kernel, 500 landmarks"):
        started = time.perf_counter()
        chances[name] = answered(name, features, labels, patients)
        seconds = time.perf_counter() - started
        first = next(iter(chances))
        auroc, beyond = paired(chances[name], chances[first], labels, patients)
        words = "" if name == first else f"{beyond[0]:+.3f} ({beyond[1]:+.3f} to {beyond[2]:+.3f})"
        print(f"| {name} | {auroc:.3f} | {words} | {seconds:.0f} |", flush=True)


def answered(
    name: str,
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
) -> NDArray[np.float64]:
    """Probability of class 1 of each image, by a head that had not seen its patient."""
    outer = grouped_folds(labels, patients, OUTER, 0)
    chances = np.full(len(labels), np.nan)
    for fold in range(OUTER):
        train, test = np.flatnonzero(outer != fold), outer == fold
        inner = grouped_folds(labels[train], patients[train], INNER, 0)
        best = min(
            settings(name),
            key=lambda setting: sum(
                loss(name, setting, features, labels, patients, train, inner, part)
                for part in range(INNER)
            ),
        )
        chances[test] = fitted(name, best, features, labels, patients, train)(features[test])
    return chances


def settings(name: str) -> tuple[Any, ...]:
    """What is chosen from."""
    return HEADS[name][0] if name in HEADS else KERNELS


def loss(
    name: str,
    setting: Any,
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    train: NDArray[np.int64],
    inner: NDArray[np.int64],
    part: int,
) -> float:
    """Logarithmic loss on one inner fold, every patient alike."""
    held = train[inner == part]
    predict = fitted(name, setting, features, labels, patients, train[inner != part])
    weights = balance_weights(labels[held], patients[held], "patient")
    return float(log_loss(labels[held], predict(features[held]), sample_weight=weights))


def fitted(
    name: str,
    setting: Any,
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    rows: NDArray[np.int64],
) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """A head on standardised features."""
    weights = balance_weights(labels[rows], patients[rows], "patient")
    weights = weights / weights.mean()
    scaler = StandardScaler().fit(features[rows], sample_weight=weights)
    steps = [scaler.transform]
    if name in HEADS:
        head = HEADS[name][1](setting, len(rows))
    else:
        kernel = Nystroem(gamma=setting / features.shape[1], n_components=500, random_state=0)
        kernel.fit(scaler.transform(features[rows]))
        steps.append(kernel.transform)
        head = LogisticRegression(C=1.0, max_iter=500)

    def ready(given: NDArray[np.float32]) -> NDArray[np.float32]:
        for step in steps:
            given = step(given)
        return given

    head.fit(ready(features[rows]), labels[rows], sample_weight=weights)
    return lambda given: np.asarray(head.predict_proba(ready(given))[:, 1], np.float64)


def paired(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
) -> tuple[float, tuple[float, float, float]]:
    """The first's AUROC, and its difference to the other's with an interval by patient."""
    weights = balance_weights(labels, patients, "patient")
    _, of = np.unique(patients.astype(str), return_inverse=True)

    def aurocs(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        drawn = weights * counts[of]
        return np.array([roc_auc_score(labels, each, sample_weight=drawn) for each in (one, other)])

    random, number = np.random.default_rng(0), int(of.max()) + 1
    both = aurocs(np.ones(number, np.int64))
    drawn = [
        np.bincount(random.integers(0, number, number), minlength=number) for _ in range(DRAWS)
    ]
    differences = [float(np.diff(aurocs(counts)[::-1])[0]) for counts in drawn]
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(both[0]), (float(both[0] - both[1]), float(low), float(high))


if __name__ == "__main__":
    main()
