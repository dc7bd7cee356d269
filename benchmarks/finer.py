"""Regions at 0.25 µm/px under a model of 4 µm/px: tiles handed over as they are, or shrunk first.

    python benchmarks/finer.py --data ../shared/data/regions

Baseline ("directly"): each tile is cut from the fine image and resized to the network's input, at a
sharpness that training never saw. Against it ("training scale first"): the image is brought to the
training scale by area averaging, and its tiles to the input then, as `core.diagnosis` does. Printed
for both: what the model says of the region, its distance from the training images over the largest
in scope, and the AUROC of its probability map against the pathologists' mask, by map pixel.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from core.explain.one_pass import answer_image, explainer
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.inference.classifier import Classifier, get_classifier
from core.inference.outcome import check_scope, give_outcome
from core.inference.tile_size import plan_scale
from core.registry.shelf import find

UM_PER_PX = 0.25


def main() -> None:
    """Print one line a region and way."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data/regions"))
    folder = arguments.parse_args().data
    classifier = get_classifier(find("idc"))
    print("region  way                   outcome       distance  AUROC of the map")
    for mask in sorted(folder.glob("*_tumour.jpg")):
        region = mask.stem.removesuffix("_tumour")
        pixels = read_image(folder / f"{region}.jpg").pixels
        tumour = read_image(mask).pixels[..., 0]
        for way, first in (("directly", False), ("training scale first", True)):
            outcome, distance, auroc = judge(classifier, pixels, tumour, first=first)
            print(f"{region:6s}  {way:20s}  {outcome:12s}  {distance:8.2f}  {auroc:.2f}")


def judge(
    classifier: Classifier, pixels: NDArray[np.uint8], tumour: NDArray[np.uint8], *, first: bool
) -> tuple[str, float, float]:
    """Outcome, distance and AUROC of the map of one region."""
    card = classifier.card
    scale = plan_scale(None, UM_PER_PX, card.input, *pixels.shape[:2])
    if not first:
        scale = replace(scale, trained_tile=scale.tile)
    explain = explainer(classifier, card.heatmap_layer)
    answer = answer_image(pixels, scale, classifier, explain, card.positive_index)
    scope = check_scope(
        scale=scale,
        tissue=answer.tissue,
        most_tissue=answer.most_tissue,
        distance=answer.distance,
        sharpness=answer.sharpness,
    )
    point, positive = card.operating_point, card.positive_index or 0
    called = point is not None and answer.probabilities[positive] >= point.threshold
    predicted = card.classes[positive if called else 1 - positive]
    outcome = give_outcome(card, predicted, answer.probabilities, scope)
    assert answer.tiles is not None  # noqa: S101 - regions are larger than a tile
    chances = answer.tiles.probability_map(positive)
    truth = resize(tumour, *chances.shape) > 127  # noqa: PLR2004 - the middle of 8 bits
    known = ~np.isnan(chances)
    auroc = float(roc_auc_score(truth[known], chances[known]))
    return outcome.name, answer.distance or np.nan, auroc


if __name__ == "__main__":
    main()
