"""Time an answer with its heatmap: one compiled pass against predict plus tf-keras-vis.

For one image at a time, from uint8 pixels of the network's input size to class probabilities and
a heatmap in [0, 1] of that size, for a given class and the network's default layer.

- Baseline: `model.predict(image, verbose=0)`, then one call of a tf-keras-vis `Gradcam` with
  `CategoricalScore`. The `Gradcam` object is made once (`ReplaceToLinear` on a clone, as its
  documentation shows) and its defaults expand and normalise the heatmap.
- Lobule: one call of `core.explain.gradcam.GradCAM`, softmax of the logits, `normalise`, and
  enlargement of the heatmap by OpenCV.

Weights are random; they do not change the time. Making the objects and the first calls are not
timed. Rounds alternate between the two, so that other work on the machine meets both; the table
holds medians. Run: `python benchmarks/answer.py [--repeats N] [NETWORK ...]`.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
from numpy.typing import NDArray
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import CategoricalScore

from core.architectures import NAMES, build, heatmap_layer
from core.explain.gradcam import GradCAM, normalise

NETWORKS = ("vgg16", "resnet50", "mobilenetv2", "cancernet")
SIZE = {"cancernet": 50}  # pixels; 224 for the others
EXPLAINED = 1
WARM_UP = 3
TARGET = 4.0

Answer = tuple[NDArray[np.float32], NDArray[np.float32]]
Image = NDArray[np.uint8]


def baseline(model: Any, layer: str) -> Callable[[Image], Answer]:
    """Answer by predict, then explain by tf-keras-vis."""
    gradcam = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
    score = CategoricalScore(EXPLAINED)

    def answer(image: Image) -> Answer:
        batch = image[np.newaxis].astype(np.float32)
        probabilities = model.predict(batch, verbose=0)[0]
        heatmap = gradcam(score, batch, penultimate_layer=layer, seek_penultimate_conv_layer=False)[
            0
        ]
        return probabilities, heatmap

    return answer


def one_pass(model: Any, layer: str) -> Callable[[Image], Answer]:
    """Answer and explain in one compiled pass."""
    gradcam = GradCAM(model, layer)

    def answer(image: Image) -> Answer:
        logits, heatmaps = gradcam(image[np.newaxis], EXPLAINED)
        exponents = np.exp(logits[0] - logits[0].max())
        height, width = image.shape[:2]
        heatmap = cv2.resize(normalise(heatmaps[0]), (width, height))
        return exponents / exponents.sum(), heatmap

    return answer


def measure(name: str, repeats: int) -> tuple[float, float]:
    """Return the medians of baseline and one pass in milliseconds."""
    size = SIZE.get(name, 224)
    model = build(name, (size, size, 3), 2)
    layer = heatmap_layer(name)
    answers = (baseline(model, layer), one_pass(model, layer))
    images = np.random.default_rng(0).integers(0, 256, (repeats, size, size, 3), dtype=np.uint8)
    for answer in answers:
        for _ in range(WARM_UP):
            probabilities, heatmap = answer(images[0])
            if probabilities.shape != (2,) or heatmap.shape != (size, size):
                raise AssertionError((name, probabilities.shape, heatmap.shape))
    times: tuple[list[float], list[float]] = ([], [])
    for image in images:
        for answer, spent in zip(answers, times, strict=True):
            start = time.perf_counter()
            answer(image)
            spent.append(1000 * (time.perf_counter() - start))
    return median(times[0]), median(times[1])


def main() -> None:
    """Print a row a network; exit with 1 if one misses the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    print("network      input  predict + tf-keras-vis (ms)  one pass (ms)  times faster")
    missed = []
    for name in arguments.networks or NETWORKS:
        before, after = measure(name, arguments.repeats)
        ratio = before / after
        size = SIZE.get(name, 224)
        print(f"{name:<12} {size:>5}  {before:>27.1f}  {after:>13.1f}  {ratio:>12.1f}", flush=True)
        if ratio < TARGET:
            missed.append(name)
    if missed:
        sys.exit(f"under {TARGET:g} times faster: {', '.join(missed)}")


if __name__ == "__main__":
    main()
