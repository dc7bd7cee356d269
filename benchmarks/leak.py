"""Show what an image split hides: the same model judged with and without its patients in training.

Logistic regression on features of a frozen DenseNet121 (ImageNet), benign against malignant on
BreaKHis at 100X, and the same on colour statistics alone (no network). Five folds by image, then
five folds by patient; AUROC within each fold, mean over the folds and five seeds; 95 % interval
by bootstrap over patients; and the share of tested images whose patient is in training.

The AUROC of all folds' answers together is printed beside it ("pooled"). It ranks the answers of
five models in one line although each was fitted at another level, and by patient, where the folds
differ in their share of malignant patients, that costs about 0.1.

    PYTHONPATH=. python benchmarks/leak.py --data ../shared/data/breakhis

`LOBULE_WEIGHTS` names the folder of the weights. `--write` keeps the figures where the Datasets
page finds them.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from core.datasets.cache import pixel_cache
from core.datasets.leak import FILE, leak_meter
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import SplitKind, k_fold
from core.evaluation.bootstrap import DRAWS, MINIMUM_PATIENTS, Interval, percentiles
from core.evaluation.probe import fit_probe
from core.imaging.colour import colour_statistics
from core.settings import get_settings
from core.training.fitting.network import build_network
from core.training.judging.features import frozen_features
from core.training.request.recipe import Recipe

MAGNIFICATION = "100X"
SIZE = 224
FOLDS = 5
SEEDS = range(5)
PENALTY = 0.01
RECIPE = Recipe.model_validate(
    {
        "name": "leak",
        "title": "Frozen DenseNet121",
        "architecture": "densenet121",
        "head": "softmax",
        "weights": "imagenet",
        "input_size": SIZE,
        "balance": "none",
        "probe": {"passes": 1, "penalty": PENALTY},
    }
)


def main() -> None:
    """Print one line a model and a split; with --write, keep them for the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/breakhis"))
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {FILE.name}")
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.data, magnifications=[MAGNIFICATION])
    patients = dataset.records["patient"].nunique()
    print(
        f"BreaKHis {MAGNIFICATION}: {len(dataset.records)} images of {patients} patients; "
        f"{FOLDS} folds, {len(SEEDS)} seeds"
    )
    rows = []
    for row, pooled in judged(dataset):
        rows.append(row)
        low, high = row["interval"]
        seeds = ", ".join(f"{value:.3f}" for value in row["by_seed"])
        print(
            f"{row['model']:20s} by {row['split']:8s} AUROC {row['auroc']:.3f} "
            f"[{low:.3f}, {high:.3f}]  seeds {seeds}  pooled {pooled:.3f}  "
            f"patient seen in training: {row['seen']:.1%}",
            flush=True,
        )
    if arguments.write:
        figure = {
            "dataset": f"BreaKHis {MAGNIFICATION}",
            "images": len(dataset.records),
            "patients": patients,
            "folds": FOLDS,
            "seeds": len(SEEDS),
            "rows": rows,
        }
        FILE.write_text(json.dumps(figure, indent=2) + "\n", encoding="utf-8")


def judged(dataset: Dataset) -> Iterator[tuple[dict[str, Any], float]]:
    """Yield the figures of each model under each split, and its pooled AUROC."""
    pixels, dataset, *_ = pixel_cache(dataset, SIZE, get_settings().cache)
    network = build_network(RECIPE, len(dataset.classes))
    features = {
        "DenseNet121, frozen": frozen_features(network, pixels, RECIPE, lambda _: None)[0],
        "Colour alone": np.stack([colour_statistics(np.asarray(image)) for image in pixels]),
    }
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    kinds: tuple[SplitKind, ...] = ("image", "patient")
    for name, values in features.items():
        for kind in kinds:
            answers, folds, seen = out_of_fold(dataset, values, labels, kind)
            both = np.stack([answers, folds.astype(np.float64)], axis=2)
            seeds = range(answers.shape[1])
            by_seed = [mean_of_folds(labels, both[:, [seed]]) for seed in seeds]
            interval = bootstrap_pooled(mean_of_folds, labels, both, patients)
            row = {
                "model": name,
                "split": kind,
                "auroc": round(float(np.mean(by_seed)), 4),
                "interval": [round(end, 4) for end in interval or ()],
                "by_seed": [round(value, 4) for value in by_seed],
                "seen": round(seen, 4),
            }
            yield row, float(np.mean([roc_auc_score(labels, column) for column in answers.T]))


def bootstrap_pooled(
    metric: Callable[[NDArray[np.int64], NDArray[np.floating]], float],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    patients: NDArray[np.object_],
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> Interval | None:
    """95 % percentile interval of a metric of all images together, over resampled patients.

    Parameters
    ----------
    metric : callable
        Of labels and probabilities.
    labels, probabilities, patients : arrays, shape (N,)

    Returns
    -------
    tuple of float, or None
        None below `MINIMUM_PATIENTS` patients. Draws in which a class vanishes do not count.
    """
    groups = [np.flatnonzero(patients == patient) for patient in np.unique(patients)]
    if len(groups) < MINIMUM_PATIENTS:
        return None
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))])
        if len(np.unique(labels[drawn])) > 1:
            values.append(metric(labels[drawn], probabilities[drawn]))
    return percentiles(np.array(values))


def mean_of_folds(labels: NDArray[np.int64], both: NDArray[np.floating]) -> float:
    """Mean AUROC over folds and seeds of (N, seeds, 2) answers and the folds they come from.

    A fold that has one class only, as may be in a bootstrap sample, does not count.
    """
    values = []
    for answers, folds in both.transpose(1, 2, 0):
        for fold in range(FOLDS):
            rows = folds == fold
            if 0 < labels[rows].sum() < rows.sum():
                values.append(roc_auc_score(labels[rows], answers[rows]))
    return float(np.mean(values))


def out_of_fold(
    dataset: Dataset, features: NDArray[np.float32], labels: NDArray[np.int64], kind: SplitKind
) -> tuple[NDArray[np.float64], NDArray[np.int64], float]:
    """Answers for every image by models that were not fitted on it, and the leak.

    Answers and the fold that each image was tested in are (N, seeds). The leak is the share of
    images that were answered by a model fitted on their patient.
    """
    answers = np.empty((len(labels), len(SEEDS)))
    folds = np.empty((len(labels), len(SEEDS)), dtype=np.int64)
    leaked = 0
    for column, seed in enumerate(SEEDS):
        for number, split in enumerate(k_fold(dataset, FOLDS, seed, kind)):
            train = np.concatenate([split.train, split.validation])  # nothing is chosen on them
            weights = np.ones(len(train))
            kernel, bias = fit_probe(features[train], labels[train], weights, PENALTY)
            logits = features[split.test] @ kernel + bias
            answers[split.test, column] = expit(logits[:, 1] - logits[:, 0])
            folds[split.test, column] = number
            leaked += leak_meter(split, dataset).patient_in_training or 0
    return answers, folds, leaked / answers.size


if __name__ == "__main__":
    main()
