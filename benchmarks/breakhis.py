"""Judge ways to tell benign from malignant BreaKHis fields of patients that were left out.

All magnifications together; five folds by patient, three rounds (fine-tuning: one); AUROC pooled
with every patient alike, the mean over rounds; 95 % interval over patients; and the same under a
shifted stain (HED jitter of 0.25 at test time). Colour alone is the baseline. The ways were
compared on the very patients that they are judged on, so the best of them is a little flattered.

    PYTHONPATH=. python benchmarks/breakhis.py --data ../shared/data/breakhis

`LOBULE_WEIGHTS` names the folder of the weights. `--write` keeps the table for the card.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.tried import write_tried
from core.architectures import build
from core.datasets.augmentation import augmentation_layers
from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import Split
from core.evaluation.calibration import apply_temperature
from core.evaluation.colour_alone import colour_fitter
from core.evaluation.cross_validate import Fitter, Predict
from core.evaluation.folds import grouped_folds
from core.evaluation.judge import evaluation_of
from core.evaluation.predictions import predictions_on
from core.evaluation.probe import probe_fitter
from core.settings import get_settings
from core.training.fitting.fit import fit_network, logits_of
from core.training.fitting.network import build_network
from core.training.judging.features import colour_views, shift
from core.training.request.input_spec import frame
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.tried import tried_file
from core.training.watch import Watch

FOLDS, ROUNDS, STRENGTH = 5, 3, 0.25
SHIPPED = "breakhis-binary"
FILE = tried_file(SHIPPED)
SIZE, PENALTY, JITTERED, BATCH = 224, 5.0, 3, 64
DEPTHS = {
    "DenseNet121 to its second block": "pool3_relu",
    "DenseNet121 to its third block": "pool4_relu",
    "DenseNet121 whole": "relu",
}
BEST = "DenseNet121 to its second block"
NORMALISATIONS: tuple[Literal["macenko", "reinhard"], ...] = ("macenko", "reinhard")
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
    rows = []
    for what, folds, views in tried(dataset):
        rounds, images = np.nonzero(folds >= 0)
        plain, *others = (
            evaluation_of(
                predictions_on(
                    dataset.records.iloc[images],
                    dataset.classes,
                    "folds",
                    apply_temperature(view[rounds, images], 1.0),
                    rounds=rounds + 1,
                    folds=folds[rounds, images] + 1,
                )
            ).figures["auroc"]
            for view in views
        )
        shifted = others[0].value if others else None
        low, high = plain.interval or (float("nan"), float("nan"))
        print(
            f"{what:58s} AUROC {plain.value:.3f} [{low:.3f}, {high:.3f}]  stain shifted "
            f"{'–' if shifted is None else f'{shifted:.3f}'}",
            flush=True,
        )
        row = {"what": what, "auroc": plain.value, "auroc_interval": plain.interval}
        rows.append(row | {"shifted_auroc": shifted})
    if arguments.write:
        write_tried(SHIPPED, dataset.fingerprint, rows)


def tried(dataset: Dataset) -> Iterator[tuple[str, NDArray[np.int64], list[NDArray]]]:
    """Yield what was done, the folds (S, N), and held-out logits (S, N, 2), plain and shifted."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    folds = np.stack([grouped_folds(labels, patients, FOLDS, seed) for seed in range(ROUNDS)])
    squashed = pixel_cache(dataset, SIZE, get_settings().cache)
    statistics = colour_views(squashed.pixels, 1, lambda _: None, (STRENGTH,))
    colour = colour_fitter(statistics, labels, patients, 2)
    yield "Colour alone (no network)", folds, held_out(colour, folds)
    cut = frame(load_recipe(SHIPPED), dataset).crops
    pixels = pixel_cache(dataset, SIZE, get_settings().cache, crops=cut).pixels
    jitter = augmentation_layers(flips=True, stain=STRENGTH, zoom=0, shift=0, brightness=0, seed=0)
    deep = Depths("densenet121", tuple(DEPTHS.values()))
    plain, moved = deep(pixels), deep(pixels, [shift(STRENGTH)])
    seen = [deep(pixels, jitter) for _ in range(JITTERED)]
    kept = {}

    def judged(*passes: NDArray, view: NDArray) -> list[NDArray]:
        shape = len(labels), -1, view.shape[1]
        trained = np.stack(passes).reshape(len(passes), *shape)
        views = np.stack([passes[0], view]).reshape(2, *shape)
        fit = probe_fitter(trained, views, labels, patients, "patient", PENALTY)
        return held_out(fit, folds)

    for number, what in enumerate(DEPTHS):
        kept[what] = judged(plain[number], view=moved[number])
        yield f"{what}, frozen{' (shipped)' * (what == BEST)}", folds, kept[what]
    both = list(np.mean([kept[BEST], kept["DenseNet121 whole"]], axis=0))
    yield "Second block and whole, mean of their logits", folds, both
    augmented = judged(plain[0], *(passes[0] for passes in seen), view=moved[0])
    yield f"{BEST}, also seen under stain jitter", folds, augmented
    for stain in NORMALISATIONS:
        normal = pixel_cache(dataset, SIZE, get_settings().cache, stain=stain, crops=cut).pixels
        values = deep(normal)[0]
        yield f"{BEST}, stain normalised ({stain})", folds, judged(values, view=values)[:1]
    values = deep(np.stack([grey(image) for image in pixels]))[0]
    yield f"{BEST}, images made grey", folds, judged(values, view=values)[:1]
    whole, shifted = deep(squashed.pixels), deep(squashed.pixels, [shift(STRENGTH)])
    yield f"{BEST}, fields squashed", folds, judged(whole[0], view=shifted[0])
    small = Depths("mobilenetv2", ("out_relu",))
    mobile, shifted = small(pixels), small(pixels, [shift(STRENGTH)])
    yield "MobileNetV2, frozen", folds, judged(mobile[0], view=shifted[0])
    yield "MobileNetV2, fine-tuned (one round)", folds[:1], held_out(fine_tuned(dataset), folds[:1])


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An RGB image without its colours: what is left is structure."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB).astype(
        np.uint8
    )


class Depths:
    """Features of an ImageNet network at several depths, averaged over the image."""

    def __init__(self, architecture: str, layers: tuple[str, ...], size: int = SIZE) -> None:
        network = build(architecture, (size, size, 3), 2, "softmax", "imagenet")
        pool = keras.layers.GlobalAveragePooling2D()
        outputs = [pool(network.get_layer(layer).output) for layer in layers]
        self._model = keras.Model(network.inputs, outputs)

    def __call__(
        self, pixels: NDArray[np.uint8], jitter: Sequence[keras.layers.Layer] = ()
    ) -> list[NDArray[np.float32]]:
        """(N, F) at each depth, the images jittered first."""
        parts = []
        for start in range(0, len(pixels), BATCH):
            images = np.asarray(pixels[start : start + BATCH])
            for layer in jitter:
                images = layer(images, training=True)
            answer = self._model.predict_on_batch(np.asarray(images))
            parts.append(answer if isinstance(answer, list) else [answer])
        return [
            np.concatenate([np.asarray(part[depth]) for part in parts])
            for depth in range(len(parts[0]))
        ]


def held_out(fit: Fitter, folds: NDArray[np.int64]) -> list[NDArray]:
    """Logits (S, N, 2) of each view by models that were not fitted on the fold."""
    answers = np.zeros((2, *folds.shape, 2))
    for number, fold_rows in enumerate(folds):
        for fold in range(FOLDS):
            rows = np.flatnonzero(fold_rows == fold)
            answers[:, number, rows] = fit(np.flatnonzero(fold_rows != fold))(rows)
    return list(answers)


def fine_tuned(dataset: Dataset) -> Fitter:
    """Head first, then the last layers; a fifth of the training patients stops it."""
    recipe = override(load_recipe(SHIPPED), FINE_TUNED)
    pixels = pixel_cache(dataset, recipe.input_size, get_settings().cache).pixels
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    jitter = shift(STRENGTH)

    def fit(rows: NDArray[np.int64]) -> Predict:
        inner = grouped_folds(labels[rows], patients[rows], FOLDS, 0)
        part = Split("patient", 0, rows[inner != 0], rows[inner == 0], rows[:0])
        network = build_network(recipe, 2)
        settings = recipe.train
        fit_network(network, recipe, settings, pixels, labels, patients, part, Watch())  # type: ignore[arg-type]
        logits = logits_of(network)

        def predict(asked: NDArray[np.int64], /, *, plain: bool = False) -> NDArray[np.float64]:
            squares = np.asarray(pixels[asked])
            views = [squares] if plain else [squares, np.asarray(jitter(squares, training=True))]
            return np.stack([logits(view) for view in views])

        return predict

    return fit


if __name__ == "__main__":
    main()
