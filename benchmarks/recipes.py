"""Train every recipe on the same data twice, split by image and split by patient.

The image split is the one of the published figures: patients are on both sides of it. Each figure
is of a test part that was not trained on, and follows from the package's predictions: accuracy,
balanced accuracy, AUROC (of subtypes the mean of one against the others) and F1 (of subtypes the
mean over classes). `cancernet` is trained on IDC, the others on BreaKHis at all magnifications.

    PYTHONPATH=. python benchmarks/recipes.py --data ../shared/data

On a processor the larger networks take hours as they are; `--largest 96 --epochs 6` caps input side
and epochs of each phase, and the table says so. Where ImageNet weights can be had neither from
`LOBULE_WEIGHTS` nor from the network, a recipe trains from random weights, and its row says so.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, roc_auc_score

from core.errors import ArchitectureError, LobuleError
from core.training.fitting.network import build_network
from core.training.request.override import override
from core.training.request.recipe import Recipe, load_recipe, recipe_names
from core.training.request.request import Request
from core.training.run import train

OWN = ("idc", "breakhis-binary", "breakhis-subtype", "probe")  # judged otherwise, on their cards
IDC = ("cancernet",)


def main() -> None:
    """Print one row of a Markdown table for each recipe and split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--largest", type=int, help="cap on the input's side, pixels")
    parser.add_argument("--epochs", type=int, help="cap on the epochs of each phase")
    parser.add_argument("--only", nargs="*", help="names of recipes; all of them unless given")
    arguments = parser.parse_args()
    print(
        "| recipe | weights | input, px | epochs | split | test images (patients) | accuracy "
        "| balanced accuracy | AUROC | F1 | seconds |\n|" + "---|" * 11
    )
    for name in arguments.only or [name for name in recipe_names() if name not in OWN]:
        folder = arguments.data / ("idc" if name in IDC else "breakhis")
        for split in ("image", "patient"):
            recipe = capped(load_recipe(name), arguments.largest, arguments.epochs)
            recipe, weights = affordable(override(recipe, [f"split={split}"]))
            try:
                print(row(recipe, folder, weights), flush=True)
            except LobuleError as error:
                print(f"| {name} | {weights} | | | {split} | {error} | | | | | |", flush=True)


def capped(recipe: Recipe, largest: int | None, epochs: int | None) -> Recipe:
    """The recipe with a smaller input and fewer epochs, where they are capped."""
    settings = []
    if largest and recipe.input_size > largest:
        settings.append(f"input_size={largest}")
    for table in ("train", "fine_tune"):
        phase = getattr(recipe, table)
        if epochs and phase and phase.epochs > epochs:
            settings.append(f"{table}.epochs={epochs}")
    return override(recipe, settings)


def affordable(recipe: Recipe) -> tuple[Recipe, str]:
    """The recipe with weights that can be had here, and what they are."""
    if recipe.weights == "none":
        return recipe, "random"
    try:
        build_network(recipe, 2 if recipe.task == "binary" else 8)
    except ArchitectureError:
        settings = ["weights=none", "train.frozen_base=false"]
        settings += ["fine_tune=none"] if recipe.fine_tune else []
        return override(recipe, settings), "random (no file here)"
    return recipe, "ImageNet"


def row(recipe: Recipe, folder: Path, weights: str) -> str:
    """Train, and read the figures off the held-out predictions."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as models:
        request = Request(recipe=recipe, data=folder, name="benchmark", folder=Path(models))
        package = train(request)
        predictions = pd.read_csv(package.path / "predictions.csv", dtype={"patient": str})
        epochs = len(pd.read_csv(package.path / "history.csv"))
    seconds = time.perf_counter() - started
    classes = list(package.card.classes)
    truth = predictions["label"].map(classes.index).to_numpy()
    chances = predictions[[f"probability {name}" for name in classes]].to_numpy()
    if recipe.task == "binary":
        calls = (chances[:, 1] >= predictions["threshold"].to_numpy()).astype(int)
        auroc, f1 = roc_auc_score(truth, chances[:, 1]), f1_score(truth, calls)
    else:
        calls = chances.argmax(axis=1)
        present = np.unique(truth)
        auroc = np.mean([roc_auc_score(truth == one, chances[:, one]) for one in present])
        f1 = f1_score(truth, calls, average="macro")
    figures = (
        accuracy_score(truth, calls),
        balanced_accuracy_score(truth, calls),
        auroc,
        f1,
    )
    people = predictions["patient"].nunique()
    mark = "image, leaky" if recipe.split == "image" else "patient"
    return (
        f"| {recipe.name} | {weights} | {recipe.input_size} | {epochs} | {mark} "
        f"| {len(truth)} ({people}) | "
        + " | ".join(f"{figure:.3f}" for figure in figures)
        + f" | {seconds:.0f} |"
    )


if __name__ == "__main__":
    main()
