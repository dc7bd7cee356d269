"""Judge ways to tell the IDC patches of patients that were left out, for the card of `idc`.

Five folds by patient, the same for every way; pooled with every patient alike, AUROC with its 95 %
interval over patients, balanced accuracy (threshold chosen without the fold), and the AUROC under a
shifted stain (HED jitter of 0.25). Colour alone is the baseline. The ways were compared on the very
patients that they are judged on, so the best is a little flattered.

    PYTHONPATH=. python benchmarks/backbones.py --data ../shared/data/idc [--fine-tune]

`LOBULE_WEIGHTS` names the folder of the weights. `--write` keeps the table for the card;
`--fine-tune` adds the third block trained above two that are kept, which takes hours.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.breakhis import Depths
from benchmarks.parts.tried import write_tried
from core.datasets.augmentation import augmentation_layers
from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.evaluation.colour_alone import FOLDS, colour_fitter
from core.evaluation.cross_validate import Fitter, HeldOut, cross_validate
from core.evaluation.folds import grouped_folds
from core.evaluation.judge import evaluation_of
from core.evaluation.predictions import Predictions, predictions_on
from core.evaluation.probe import probe_fitter
from core.settings import get_settings
from core.training.judging.features import colour_views, shift
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.request.request import Request
from core.training.run import train
from core.training.tried import tried_file

SHIPPED = "idc"
FILE = tried_file(SHIPPED)
STAIN = 0.25
DEPTHS = ("pool3_relu", "pool4_relu")
FINE_TUNED = [
    "probe=none",
    "train.epochs=1",
    "train.optimiser=adamw",
    "train.schedule=cosine",
    "train.frozen_base=true",
    "train.sampling=true",
    "train.views=3",
    "label_smoothing=0.1",
    "fine_tune.epochs=3",
    "fine_tune.layers=48",
    "fine_tune.learning_rate=2e-4",
]


def main() -> None:
    """Print one line a way, colour alone first; with --write, keep them for the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--write", action="store_true", help=f"keep the table in {FILE.name}")
    parser.add_argument("--fine-tune", action="store_true", help="also fine-tune: hours")
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.data)
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    print(f"{len(labels)} images of {len(set(patients))} patients, {FOLDS} folds, one round")
    folds = grouped_folds(labels, patients, FOLDS, 0)[None]
    rows = []
    for what, fit in tried(dataset):
        held_out = cross_validate(fit, labels, patients, folds)
        shifted = answers(held_out, dataset, 1) if held_out.logits.shape[1] > 1 else None
        rows.append(told(what, answers(held_out, dataset, 0), shifted))
    if arguments.write:
        write_tried(SHIPPED, dataset.fingerprint, rows)
    if arguments.fine_tune:
        fine_tune(arguments.data)


def answers(held_out: HeldOut, dataset: Dataset, view: int) -> Predictions:
    """Held-out predictions of one view."""
    _, images = held_out.places
    thresholds = held_out.thresholds()
    return predictions_on(
        dataset.records.iloc[images],
        dataset.classes,
        "folds",
        held_out.probabilities(view),
        folds=held_out.folds[0, images] + 1,
        thresholds=None if thresholds is None else thresholds[:, 0],
    )


def told(what: str, plain: Predictions, shifted: Predictions | None) -> dict[str, object]:
    """Print a way's line; returns its row of the card's table."""
    figures = evaluation_of(plain).figures
    auroc, balanced = figures["auroc"], figures["balanced_accuracy"]
    other = None if shifted is None else evaluation_of(shifted, draws=0).figures["auroc"].value
    low, high = auroc.interval or (float("nan"), float("nan"))
    print(
        f"{what:58s} AUROC {auroc.value:.4f} ({low:.3f}–{high:.3f})  balanced accuracy "
        f"{balanced.value:.4f}  stain shifted {'–' if other is None else f'{other:.4f}'}",
        flush=True,
    )
    return {
        "what": what,
        "auroc": auroc.value,
        "auroc_interval": auroc.interval,
        "shifted_auroc": other,
    }


def tried(dataset: Dataset) -> Iterator[tuple[str, Fitter]]:
    """Yield what was done, and how to fit it."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    recipe = load_recipe(SHIPPED)
    penalty: float = recipe.probe.penalty  # type: ignore[union-attr, assignment]
    size = recipe.input_size
    pixels = pixel_cache(dataset, size, get_settings().cache).pixels
    statistics = colour_views(pixels, 1, lambda _: None, (STAIN,))
    yield "Colour alone (no network)", colour_fitter(statistics, labels, patients, 2)
    deep = Depths("densenet121", DEPTHS, size)
    jitter = augmentation_layers(flips=True, stain=STAIN, zoom=0, shift=0, brightness=0, seed=0)
    plain, moved = deep(pixels), deep(pixels, [shift(STAIN)])
    seen = [deep(pixels, jitter) for _ in range(2)]

    def probe(chosen: slice, *passes: list[NDArray], weight: float = penalty) -> Fitter:
        trained, views = (
            np.stack([np.hstack(values[chosen]) for values in those])[:, :, None]
            for those in (passes, (plain, moved))
        )
        return probe_fitter(trained, views, labels, patients, recipe.balance, weight)

    second, third, both = slice(0, 1), slice(1, 2), slice(0, 2)
    yield "DenseNet121 to its second block, frozen", probe(second, plain)
    yield "DenseNet121 to its third block, frozen", probe(third, plain)
    yield "The same, also seen under stain jitter (as idc.toml)", probe(third, plain, *seen)
    yield "The same with a quarter of the penalty", probe(third, plain, *seen, weight=penalty / 4)
    yield "Second and third block side by side", probe(both, plain, *seen)
    yield (
        "The same with a quarter of the penalty",
        probe(both, plain, *seen, weight=penalty / 4),
    )


def fine_tune(data: Path) -> None:
    """Train the third block by the product's own way, and print what its card says."""
    recipe = override(load_recipe(SHIPPED), FINE_TUNED)
    folder = get_settings().home / "benchmarks"
    request = Request(recipe=recipe, data=data, name="fine-tuned", folder=folder, replace=True)
    card = train(request).card.evaluation
    if card:
        print(
            f"{'Third block fine-tuned above two that are kept':58s} AUROC {card.auroc:.4f}  "
            f"balanced accuracy {card.balanced_accuracy:.4f}  stain shifted "
            f"{card.stain_shift[-1].auroc:.4f}"
        )


if __name__ == "__main__":
    main()
