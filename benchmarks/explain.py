"""Time each explanation against the one-pass Grad-CAM that comes with every answer.

    python benchmarks/explain.py [--repeats N] [NETWORK ...]

Baseline: one call of `core.explain.gradcam.GradCAM` on one image of the network's input size,
which gives the answer and its heatmap. Against it, each method of `core.explain.methods` on the
same image, at the network's default layer. Weights are random; they do not change the time. Making
the objects and the first calls are not timed; the table holds medians.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from core.architectures import NAMES, build, heatmap_layer
from core.batch import batch_of
from core.explain.gradcam import GradCAM
from core.explain.methods.network import Network
from core.explain.methods.run import FUNCTIONS

NETWORKS = {"densenet121_block3": 96, "vgg16": 224}  # px
EXPLAINED = 1


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Return the median of some calls, after one that is not timed."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def measure(name: str, repeats: int) -> None:
    """Print a row a method for one network."""
    size = NETWORKS.get(name, 224)
    model, layer = build(name, (size, size, 3), 2), heatmap_layer(name)
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3)).astype(np.uint8)
    one_pass = GradCAM(model, layer)
    network = Network(model, batch_of(size, size))
    once = seconds(lambda: one_pass(image, EXPLAINED), 10 * repeats)
    print(f"{name:<19} {size:>5}  one pass     {once:>7.3f}  {1:>18}", flush=True)
    for title, method in FUNCTIONS.items():
        call = partial(method, network, layer, image, EXPLAINED, lambda _: None, lambda: False)
        spent = seconds(call, repeats)
        ratio = spent / once
        print(f"{name:<19} {size:>5}  {title:<11}  {spent:>7.3f}  {ratio:>18.1f}", flush=True)


def main() -> None:
    """Print a row a network and method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print("network             input  method       seconds  times the one pass")
    for name in arguments.networks or NETWORKS:
        measure(name, arguments.repeats)


if __name__ == "__main__":
    main()
