"""Judge ways to tell benign from malignant BreaKHis fields of patients that were left out.

All magnifications together; five folds by patient, three rounds (fine-tuning: one); AUROC within
each fold, then the mean; 95 % interval by bootstrap over patients; and the same under a shifted
stain (HED jitter of 0.25 at test time). Colour alone is the baseline. The ways were compared on the
very patients that they are judged on, so the best of them is a little flattered.

    PYTHONPATH=. python benchmarks/breakhis.py --data ../shared/data/breakhis

`LOBULE_WEIGHTS` names the folder of the weights. `--write` keeps the table for the card.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.cache import Cached, pixel_cache
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import Split
from core.evaluation.folds import Answers, class_aurocs, interval, patient_draws
from core.settings import get_settings
from core.training.cross_validate import Fitter, Predict
from core.training.features import frozen_features, shift, shifted_features
from core.training.fit import fit_network, network_logits
from core.training.grouped_folds import grouped_folds
from core.training.input_spec import frame
from core.training.learners import colour_fitter, probe_fitter
from core.training.network import build_network
from core.training.override import override
from core.training.recipe import load_recipe
from core.training.tried import FILE
from core.training.watch import Watch

FOLDS, ROUNDS, STRENGTH = 5, 3, 0.25
SHIPPED = "breakhis-binary"
JITTER = ["probe.passes=4", "augmentation.flips=true", "augmentation.stain=0.25"]
FROZEN = {
    "DenseNet121 to its second block, frozen (shipped)": [],
    "The same, also seen under stain jitter": JITTER,
    "The same, stain normalised after Macenko": ["stain_normalisation=macenko"],
    "The same, stain normalised after Reinhard": ["stain_normalisation=reinhard"],
    "The same, fields squashed instead of cut": ["fit=squash"],
    "DenseNet121 to its third block, frozen": ["architecture=densenet121_block3"],
    "DenseNet121 whole, frozen": ["architecture=densenet121"],
    "MobileNetV2, frozen": ["architecture=mobilenetv2"],
}
ENSEMBLE = ("DenseNet121 to its second block, frozen (shipped)", "DenseNet121 whole, frozen")
FINE_TUNED = [
    "architecture=mobilenetv2",
    "input_size=128",
    "fit=squash",
    "probe=none",
    "augmentation.flips=true",
    "augmentation.stain=0.25",
    "train.epochs=4",
    "train.frozen_base=true",
    "fine_tune.epochs=4",
    "fine_tune.layers=12",
    "fine_tune.learning_rate=1e-4",
]


def main() -> None:
    """Print one line a way; with --write, keep them for the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/breakhis"))
    parser.add_argument("--write", action="store_true", help=f"keep the table in {FILE.name}")
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.data)
    patients = dataset.records["patient"].to_numpy(dtype=object)
    labels = dataset.records["label"].to_numpy()
    print(
        f"BreaKHis: {len(labels)} images of {len(np.unique(patients))} patients; {FOLDS} folds, "
        f"{ROUNDS} rounds"
    )
    weights = np.concatenate([np.ones((1, len(labels))), patient_draws(patients)])
    rows = []
    for what, folds, views in tried(dataset):
        plain, shifted = (
            class_aurocs(labels, Answers(folds, view, view.argmax(axis=2)), weights)[:, 1]
            for view in views
        )
        between = interval(plain[1:], patients)
        low, high = between or (float("nan"), float("nan"))
        print(
            f"{what:52s} AUROC {plain[0]:.3f} [{low:.3f}, {high:.3f}]  stain shifted "
            f"{shifted[0]:.3f}",
            flush=True,
        )
        row = {"what": what, "auroc": plain[0], "auroc_interval": between}
        rows.append(row | {"shifted_auroc": shifted[0]})
    if arguments.write:
        text = json.dumps(rows, indent=2, default=float)
        FILE.write_text(text + "\n", encoding="utf-8")


def tried(dataset: Dataset) -> Iterator[tuple[str, NDArray[np.int64], list[NDArray]]]:
    """Yield what was done, the folds (S, N), and held-out logits (S, N, 2), plain and shifted."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    folds = np.stack([grouped_folds(labels, patients, FOLDS, seed) for seed in range(ROUNDS)])
    squashed = pixel_cache(dataset, 224, get_settings().cache)
    colour = colour_fitter(squashed.pixels, 1, labels, patients, lambda _: None, (STRENGTH,))
    yield "Colour alone (no network)", folds, held_out(colour, folds)
    kept: dict[str, list[NDArray]] = {}
    for what, settings in FROZEN.items():
        kept[what] = held_out(frozen(dataset, settings), folds)
        yield what, folds, kept[what]
    both = list(np.mean([kept[what] for what in ENSEMBLE], axis=0))
    yield "Both: second block and whole, mean of their logits", folds, both
    yield "MobileNetV2, fine-tuned (one round)", folds[:1], held_out(fine_tuned(dataset), folds[:1])


def held_out(fit: Fitter, folds: NDArray[np.int64]) -> list[NDArray]:
    """Logits (S, N, 2) of each view by models that were not fitted on the fold."""
    answers = np.zeros((2, *folds.shape, 2))
    for number, own in enumerate(folds):
        for fold in range(FOLDS):
            rows = np.flatnonzero(own == fold)
            answers[:, number, rows] = fit(np.flatnonzero(own != fold))(rows)
    return list(answers)


def frozen(dataset: Dataset, settings: list[str]) -> Fitter:
    """Logistic regression on frozen features, as the recipe with these settings."""
    recipe = override(load_recipe(SHIPPED), settings)
    cached = cache_for(recipe.input_size, recipe.stain_normalisation, dataset, settings)
    network = build_network(recipe, len(dataset.classes))
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    features = frozen_features(network, cached.pixels, recipe, lambda _: None)
    shifted = shifted_features(network, cached.pixels, (STRENGTH,), lambda _: None)
    shape = len(labels), cached.crops, features.shape[2]
    views = np.concatenate([features[:1], shifted]).reshape(-1, *shape)
    penalty = recipe.probe.penalty  # type: ignore[union-attr]
    return probe_fitter(
        features.reshape(-1, *shape), views, labels, patients, recipe.balance, penalty
    )


def cache_for(size: int, stain: str, dataset: Dataset, settings: list[str]) -> Cached:
    """Pixels as the recipe with these settings wants them."""
    crops = frame(override(load_recipe(SHIPPED), settings), dataset).crops
    return pixel_cache(dataset, size, get_settings().cache, stain=stain, crops=crops)  # type: ignore[arg-type]


def fine_tuned(dataset: Dataset) -> Fitter:
    """Head first, then the last layers; a fifth of the training patients stops it."""
    recipe = override(load_recipe(SHIPPED), FINE_TUNED)
    pixels = cache_for(recipe.input_size, "none", dataset, FINE_TUNED).pixels
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    jitter = shift(STRENGTH)

    def fit(rows: NDArray[np.int64]) -> Predict:
        inner = grouped_folds(labels[rows], patients[rows], FOLDS, 0)
        part = Split("patient", 0, rows[inner != 0], rows[inner == 0], rows[:0])
        network = build_network(recipe, 2)
        settings = recipe.train
        fit_network(network, recipe, settings, pixels, labels, patients, part, Watch())  # type: ignore[arg-type]

        def predict(asked: NDArray[np.int64]) -> NDArray[np.float64]:
            plain = np.asarray(pixels[asked])
            views = plain, np.asarray(jitter(plain, training=True))
            every = np.arange(len(asked))
            return np.stack([network_logits(network, view, every) for view in views])

        return predict

    return fit


if __name__ == "__main__":
    main()
