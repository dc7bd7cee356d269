"""How close Lobule comes to the processor's limit: the engine beside OpenVINO alone, and Keras.

Of a shipped model, on made-up tissue. Each row is a ratio in this run; rounds alternate between
both sides, so that other work on the machine meets both, and medians are printed.

- bulk: inputs a second of `Classifier.logits`, over those of OpenVINO's own asynchronous queue on
  the same graph, with its hint for throughput.
- one answer: milliseconds of logits, heatmap and scope of one input, over a bare pass of it.
- predict: patches a second of `diagnose` from files on the disk, heatmap and all, over the same
  passes of the network alone: one of the patch, and one of its eight flips and turns.
- Keras: the same one answer by `model.predict` and tf-keras-vis, over Lobule's.
- memory: megabytes that this process holds after all answers, over those after the first hundred.

    PYTHONPATH=. python benchmarks/engine.py
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import openvino
from numpy.typing import NDArray
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import BinaryScore, CategoricalScore

from core.diagnosis import diagnose
from core.explain.one_pass import explainer
from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from core.inference.classifier import Classifier, get_classifier
from core.registry.graph import read_graph
from core.registry.shelf import find

ROUNDS = 7
INPUTS = 256
FIRST = 100  # answers, after which memory is looked at


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="idc")
    parser.add_argument("--patches", type=int, default=1000)
    arguments = parser.parse_args()
    classifier = get_classifier(find(arguments.model))
    spec = classifier.card.input
    tissue = render_phantom(1, spec.height * 16, spec.width * 16).pixels
    inputs = np.stack(
        [
            tissue[y : y + spec.height, x : x + spec.width]
            for y in range(0, tissue.shape[0], spec.height)
            for x in range(0, tissue.shape[1], spec.width)
        ]
    )[:INPUTS]
    alone = bare_pass(classifier)
    explain = explainer(classifier, classifier.card.heatmap_layer)

    bulk, queue = alternately(lambda: classifier.logits(inputs), asynchronous(classifier, inputs))
    row("bulk, over OpenVINO's queue", queue / bulk, "at least 0.9", len(inputs) / bulk, "a second")
    one, bare = alternately(lambda: explain(inputs[:1], 1), lambda: alone(inputs[:1]), each=20)
    row("one answer, over a bare pass", one / bare, "at most 1.15", 1000 * one, "ms")
    keras, ours = alternately(by_keras(classifier, inputs[:1]), lambda: explain(inputs[:1], 1))
    row("Keras, over one answer", keras / ours, "at least 10", 1000 * keras, "ms")
    with tempfile.TemporaryDirectory() as folder:
        files = patches(Path(folder), arguments.patches, round(spec.field_um / spec.um_per_px))
        seconds, growth = of_files(files, classifier.card.name, spec.um_per_px)
    views = np.concatenate([inputs[:1]] * 8)
    passes = median(
        timed(lambda: alone(inputs[:1])) + timed(lambda: alone(views)) for _ in range(50)
    )
    row(
        "predict from files, over its passes",
        passes * len(files) / seconds,
        "at least 0.8",
        len(files) / seconds,
        "a second",
    )
    row(f"memory after {len(files):,} answers", growth, "about 1", megabytes(), "MB")


def row(name: str, ratio: float, aim: str, value: float, unit: str) -> None:
    """Print a line of the table."""
    print(f"{name:36s} {ratio:7.2f}  {aim:14s} {value:9.1f} {unit}", flush=True)


def alternately(
    first: Callable[[], object], second: Callable[[], object], each: int = 1
) -> tuple[float, float]:
    """Return the medians of both in seconds, in turns; the first call of each does not count."""
    first(), second()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for times, work in zip(taken, (first, second), strict=True):
            began = time.perf_counter()
            for _ in range(each):
                work()
            times.append((time.perf_counter() - began) / each)
    return median(taken[0]), median(taken[1])


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bare_pass(classifier: Classifier) -> Callable[[NDArray[np.uint8]], None]:
    """One pass of the graph, and nothing else."""
    request = compiled(classifier, "LATENCY").create_infer_request()
    return lambda inputs: request.infer([inputs])


def asynchronous(classifier: Classifier, inputs: NDArray[np.uint8]) -> Callable[[], None]:
    """All inputs through OpenVINO's queue, as its own benchmark does it."""
    network = compiled(classifier, "THROUGHPUT")
    queue = openvino.AsyncInferQueue(network)
    size = classifier.batch
    batches = [inputs[start : start + size] for start in range(0, len(inputs), size)]

    def run() -> None:
        for batch in batches:
            queue.start_async([batch])
        queue.wait_all()

    return run


def compiled(classifier: Classifier, hint: str) -> openvino.CompiledModel:
    """The package's graph in 32 bit."""
    graph = read_graph(classifier.package.path)
    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": hint}
    return core.compile_model(graph.read(), "CPU", settings)


def by_keras(classifier: Classifier, pixels: NDArray[np.uint8]) -> Callable[[], None]:
    """What a user would write: `predict`, then Grad-CAM by tf-keras-vis."""
    model = classifier.model
    gradcam = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
    score = BinaryScore(True) if model.output_shape[-1] == 1 else CategoricalScore(1)  # noqa: FBT003
    batch = pixels.astype(np.float32)
    layer = classifier.card.heatmap_layer

    def answer() -> None:
        model.predict(batch, verbose=0)
        gradcam(score, batch, penultimate_layer=layer, seek_penultimate_conv_layer=False)

    return answer


def patches(folder: Path, number: int, side: int) -> list[Path]:
    """Write so many different patches."""
    files = []
    for seed in range(number):
        files.append(folder / f"{seed}.png")
        files[-1].write_bytes(encode_png(render_phantom(seed, side, side).pixels))
    return files


def of_files(files: list[Path], model: str, um_per_px: float) -> tuple[float, float]:
    """Return seconds to answer files, and how much memory grew after the first hundred."""
    package = find(model)
    diagnose(files[0], package=package, um_per_px=um_per_px)
    began, before = time.perf_counter(), 0.0
    for number, file in enumerate(files):
        diagnose(file, package=package, um_per_px=um_per_px)
        if number == min(FIRST, len(files)) - 1:
            before = megabytes()
    return time.perf_counter() - began, megabytes() / before


def megabytes() -> float:
    """Memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1_000_000


if __name__ == "__main__":
    main()
