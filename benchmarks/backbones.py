"""Rank frozen networks by how well they tell the patches of a left-out IDC patient apart.

Logistic regression on the frozen features of each network, without augmentation, leaving one
patient out over those with both classes: mean AUROC and balanced accuracy (operating point chosen
without the patient), beside colour alone on the same patients.

    PYTHONPATH=. python benchmarks/backbones.py --data ../shared/data/idc

`LOBULE_WEIGHTS` names the folder of the weights.
"""

import argparse
from pathlib import Path

import numpy as np

from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.datasets.split import patients_with_every_class
from core.settings import get_settings
from core.training.features import frozen_features
from core.training.fitter import Fitter
from core.training.held_out import HeldOut, leave_one_out
from core.training.learners import colour_fitter, probe_fitter
from core.training.network import build_network
from core.training.recipe import Recipe, load_recipe

CANDIDATES = (
    ("densenet121_block3", 96),
    ("densenet121_block3", 64),
    ("densenet121", 96),
    ("mobilenetv2", 96),
    ("vgg16", 64),
)


def main() -> None:
    """Print one line a network, colour alone first."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    given = open_dataset(arguments.parse_args().data)
    pixels, dataset, *_ = pixel_cache(given, 96, get_settings().cache)
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    judged = patients_with_every_class(dataset)
    shipped = load_recipe("idc")

    def judge(fit: Fitter) -> HeldOut:
        return leave_one_out(fit, labels, patients, judged, lambda _: None)

    print(f"{len(judged)} patients left out in turn, of {len(set(patients))}; {len(labels)} images")
    colour = judge(colour_fitter(pixels, 1, labels, patients, lambda _: None))
    report("colour alone", colour, colour)
    for architecture, size in CANDIDATES:
        recipe = Recipe.model_validate(
            shipped.model_dump()
            | {"architecture": architecture, "input_size": size}
            | {"probe": {"passes": 1, "penalty": shipped.probe.penalty}}  # type: ignore[union-attr]
        )
        pixels = pixel_cache(given, size, get_settings().cache).pixels
        network = build_network(recipe, len(dataset.classes))
        features = frozen_features(network, pixels, recipe, lambda _: None)
        features = features[:, :, None]
        penalty = shipped.probe.penalty  # type: ignore[union-attr]
        fit = probe_fitter(features, features, labels, patients, recipe.balance, penalty)
        report(f"{architecture} at {size} px", judge(fit), colour)


def report(name: str, held_out: HeldOut, colour: HeldOut) -> None:
    """Print the figures of one network and how far it is above colour alone."""
    gain = np.mean(held_out.values("auroc") - colour.values("auroc"))
    print(
        f"{name:28s} AUROC {held_out.mean('auroc'):.4f} ({gain:+.4f})  "
        f"balanced accuracy {held_out.mean('balanced_accuracy'):.4f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
