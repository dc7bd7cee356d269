"""Judge ways to tell the IDC patches of a patient that was left out, for the card of `idc`.

Logistic regression on the frozen features of a network, leaving one patient out over those with
both classes: mean AUROC with its 95 % interval by bootstrap over patients, and balanced accuracy
(operating point chosen without the patient), beside colour alone on the same patients. The ways
were compared on the very patients that they are judged on, so the best is a little flattered.

    PYTHONPATH=. python benchmarks/backbones.py --data ../shared/data/idc

`LOBULE_WEIGHTS` names the folder of the weights. `--write` keeps the table for the card.
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
from core.datasets.split import patients_with_every_class
from core.evaluation.bootstrap import bootstrap_mean
from core.evaluation.colour_alone import colour_fitter
from core.evaluation.cross_validate import Fitter, HeldOut, cross_validate
from core.evaluation.patient_level import patient_scores
from core.evaluation.predictions import predictions_on
from core.evaluation.probe import probe_fitter
from core.settings import get_settings
from core.training.judging.features import colour_views
from core.training.request.recipe import load_recipe
from core.training.tried import tried_file

SHIPPED = "idc"
FILE = tried_file(SHIPPED)
STAIN, JITTERED, TURNED = 0.25, 4, 3
DEPTHS = ("pool3_relu", "pool4_relu", "relu")
OTHERS = (
    ("densenet121", "pool4_relu", 64),
    ("mobilenetv2", "out_relu", 96),
    ("vgg16", "block5_pool", 64),
)


def main() -> None:
    """Print one line a way, colour alone first; with --write, keep them for the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--write", action="store_true", help=f"keep the table in {FILE.name}")
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.data)
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    judged = patients_with_every_class(dataset)
    print(f"{len(judged)} patients left out in turn, of {len(set(patients))}; {len(labels)} images")
    places = {patient: fold for fold, patient in enumerate(judged)}
    folds = np.array([[places.get(patient, -1) for patient in patients]])
    rows = []
    colour: NDArray[np.float64] | None = None
    for what, fit in tried(dataset):
        aurocs, accuracies = by_patient(cross_validate(fit, labels, patients, folds), dataset)
        colour = aurocs if colour is None else colour
        between = bootstrap_mean(aurocs)
        gain = float(np.mean(aurocs - colour))
        print(
            f"{what:58s} AUROC {aurocs.mean():.4f} ({gain:+.4f})  "
            f"balanced accuracy {accuracies.mean():.4f}",
            flush=True,
        )
        row = {"what": what, "auroc": float(aurocs.mean()), "auroc_interval": between}
        rows.append(row | {"shifted_auroc": None})
    if arguments.write:
        write_tried(SHIPPED, dataset.fingerprint, rows)


def by_patient(
    held_out: HeldOut, dataset: Dataset
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUROC and balanced accuracy of each patient."""
    _, images = held_out.places
    thresholds = held_out.thresholds()
    scores = patient_scores(
        predictions_on(
            dataset.records.iloc[images],
            dataset.classes,
            "patients",
            held_out.probabilities(),
            folds=held_out.folds[0, images] + 1,
            thresholds=None if thresholds is None else thresholds[:, 0],
        )
    )
    aurocs = [score.auroc for score in scores]
    accuracies = [score.balanced_accuracy for score in scores]
    return np.array(aurocs, dtype=np.float64), np.array(accuracies, dtype=np.float64)


def tried(dataset: Dataset) -> Iterator[tuple[str, Fitter]]:
    """Yield what was done, and how to fit it."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    recipe = load_recipe(SHIPPED)
    penalty, size = recipe.probe.penalty, recipe.input_size  # type: ignore[union-attr]
    pixels = pixel_cache(dataset, size, get_settings().cache).pixels
    statistics = colour_views(pixels, 1, lambda _: None)
    yield "Colour alone (no network)", colour_fitter(statistics, labels, patients, 2)

    def probe(passes: list[NDArray], view: NDArray | None = None) -> Fitter:
        trained = np.stack(passes)[:, :, np.newaxis]
        views = trained[:1] if view is None else view[np.newaxis, :, np.newaxis]
        return probe_fitter(trained, views, labels, patients, recipe.balance, penalty)

    deep = Depths("densenet121", DEPTHS, size)
    plain = deep(pixels)
    jitter = augmentation_layers(flips=True, stain=STAIN, zoom=0, shift=0, brightness=0, seed=0)
    seen = [deep(pixels, jitter) for _ in range(JITTERED)]
    second, third, whole = plain
    yield "DenseNet121 to its third block, frozen", probe([third])
    own = [third, *(values[1] for values in seen)]
    yield "The same, also seen under stain jitter (shipped)", probe(own)
    yield (
        "DenseNet121 to its second block, also under jitter",
        probe([second, *(values[0] for values in seen)]),
    )
    both = [np.hstack([values[0], values[1]]) for values in (plain, *seen)]
    yield "Second and third block side by side, also under jitter", probe(both)
    turns = augmentation_layers(flips=True, stain=0, zoom=0, shift=0, brightness=0, seed=3)
    turned = np.mean([third, *(deep(pixels, turns)[1] for _ in range(TURNED))], axis=0)
    yield "Shipped, asked about four flips and turns at a time", probe(own, turned)
    yield "DenseNet121 whole, frozen", probe([whole])
    for architecture, layer, side in OTHERS:
        small = pixel_cache(dataset, side, get_settings().cache).pixels
        values = Depths(architecture, (layer,), side)(small)[0]
        yield f"{architecture} to {layer} at {side} px, frozen", probe([values])


if __name__ == "__main__":
    main()
