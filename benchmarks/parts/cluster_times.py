"""What tasks of a cluster cost, measured on one machine in about a minute and a half.

All times are seconds of processor cores (`time.process_time`), so that other work on the machine
moves them little, and how many cores worked does not matter.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tifffile import TiffFile, TiffPage

from benchmarks.parts.cluster_measured import (
    FEATURES,
    PASSED,
    PROBE,
    SIZES,
    Measured,
    SlideTimes,
)
from benchmarks.parts.made_slide import Plan, Tiles, square, write_tiff
from core.datasets.open import open_dataset
from core.datasets.split import Split
from core.evaluation.probe import fit_probe
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.registry.shelf import find
from core.roots import image_files
from core.slides.answering.network import load_network
from core.slides.answering.plan import make_plan
from core.slides.answering.reading import read_tiles
from core.slides.answering.request import AnswerRequest
from core.slides.slide import open_slide
from core.training.fitting.fit import fit_network
from core.training.fitting.network import build_network
from core.training.judging.features import frozen_features
from core.training.request.override import override
from core.training.request.recipe import Probe, Recipe, load_recipe
from core.training.watch import Watch

_REFERENCE_BATCH = 20  # images of 224 px that are passed at once
_TILES = 256
_STEPS = 3
_EPOCHS = 2  # of which the first compiles
_DECODED = 400
_FITTED = 2000
_WIDE, _HIGH = 20_000, 15_000  # px, of the slide that is written
_BLOCK = 16  # tiles that are read together
_SQUARE, _FINE = 2048, 6144  # px, of the finest level


def measure(data: Path, source: Path) -> Measured:
    """Measure all of it, and say so.

    Parameters
    ----------
    data : Path
        A dataset.
    source : Path
        A slide, whose pixels a larger one is made of.
    """
    began = time.perf_counter()
    measured = Measured(
        decode={size: decode_seconds(data, size) for size in sorted(set(SIZES.values()))},
        steps={
            name: step_seconds(recipe_of(name, [f"input_size={SIZES[name]}"]))
            for name in SIZES
            if name != PROBE
        },
        probe_pass=pass_seconds(recipe_of(PROBE, []), 2 * PASSED),
        probe_fit=fit_seconds(FEATURES),
        reference_pass=pass_seconds(recipe_of("resnet50", []), 3 * _REFERENCE_BATCH),
        slide=slide_times(source, PROBE, _TILES),
    )
    print(f"measured in {time.perf_counter() - began:.0f} s", flush=True)
    return measured


class _Steps(Watch):
    """Notes what a step costs, in each phase."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._first = 0.0

    def step(self, values: dict[str, float]) -> None:
        if values["step"] == 1:
            self._first = time.process_time()
        elif values["step"] == values["steps"]:
            self.seconds.append((time.process_time() - self._first) / (values["steps"] - 1))


def recipe_of(name: str, settings: list[str]) -> Recipe:
    """A recipe that comes with Lobule, changed; with random weights, which take as long."""
    return override(load_recipe(name), settings).model_copy(update={"weights": "none"})


def step_seconds(recipe: Recipe) -> list[float]:
    """Seconds of cores that a step of each phase takes for an image."""
    if recipe.train is None:
        raise ValueError(f"{recipe.name} is a probe: it has no steps")
    train = recipe.train.model_copy(update={"epochs": _EPOCHS})
    fine = recipe.fine_tune and recipe.fine_tune.model_copy(update={"epochs": _EPOCHS})
    short = recipe.model_copy(update={"train": train, "fine_tune": fine})
    batch = train.batch_size
    rows = np.arange(batch * (_STEPS + 2))
    split = Split("patient", 0, rows[:-batch], rows[-batch:], rows[:0])
    clock = _Steps()
    network = build_network(short, 2)
    people = rows.astype(str).astype(object)
    noise = _noise(len(rows), recipe.input_size)
    fit_network(network, short, train, noise, rows % 2, people, split, clock)
    return [seconds / batch for seconds in clock.seconds[_EPOCHS - 1 :: _EPOCHS]]


def pass_seconds(recipe: Recipe, images: int) -> float:
    """Seconds of cores that a pass through the recipe's network takes for an image."""
    network = build_network(recipe, 2)
    once = recipe.model_copy(update={"probe": Probe(passes=1, penalty=1.0)})
    told: list[tuple[float, float]] = []  # the first batch compiles
    frozen_features(
        network,
        _noise(images, recipe.input_size),
        once,
        lambda done: told.append((done, time.process_time())),
    )
    (before, began), (after, ended) = told[0], told[-1]
    return (ended - began) / ((after - before) * images)


def fit_seconds(features: int) -> float:
    """Seconds of cores that a logistic regression takes for a row with so many features."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(_FITTED, features)).astype(np.float32)
    labels = (rows[:, 0] + random.normal(size=_FITTED) > 0).astype(np.int64)
    return _best(lambda: fit_probe(rows, labels, np.ones(_FITTED), 0.4), 3) / _FITTED


def decode_seconds(data: Path, size: int) -> float:
    """Seconds of cores to read and resize an image of a dataset."""
    dataset = open_dataset(data)
    paths = dataset.records["path"].iloc[:_DECODED]
    file = image_files(dataset.root)

    def read() -> None:
        for path in paths:
            resize(read_image(file(path)).pixels, size, size)

    return _best(read, 2) / len(paths)


def slide_times(source: Path, model: str, tiles: int) -> SlideTimes:
    """Of a slide that is written from real pixels, at 0.25 µm/px."""
    package = find(model)
    network = load_network(package)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.svs"
        plan = Plan(_WIDE, _HIGH, 0.7, 0.25, 80, 4)
        write_tiff(path, plan, Tiles(plan, square(source)))
        with open_slide(path) as slide:
            request = AnswerRequest(slide=path, name=path.name, fingerprint="")
            began = time.process_time()
            laid = make_plan(slide, package, model, request, lambda _name, _done: None)
            finding = time.process_time() - began
            used = np.flatnonzero(laid.used)
            found, used = len(used), used[:tiles]
            began = time.process_time()
            blocks = [used[at : at + _BLOCK] for at in range(0, len(used), _BLOCK)]
            inputs = np.concatenate([read_tiles(slide, laid, block).pixels for block in blocks])
            reading = time.process_time() - began
            began = time.process_time()
            for y in range(0, _FINE, _SQUARE):
                slide.read(_WIDE // 2, _HIGH // 2 + y, _SQUARE, _SQUARE, (_SQUARE // 2,) * 2)
            finest = (time.process_time() - began) / (_FINE * _SQUARE / 1e6)
            step = max(laid.step)
        levels = _level_bytes(path)
    network.answer(inputs[: network.batch])
    began = time.process_time()
    for at in range(0, len(inputs), network.batch):
        network.answer(inputs[at : at + network.batch])
    answering = time.process_time() - began
    read = sum(count for times, count in levels.items() if times > step / plan.factor)
    number = len(used)
    return SlideTimes(
        finding=finding / found,
        reading=reading / number,
        answering=answering / number,
        finest=finest,
        share_read=read / sum(levels.values()),
        tiles=found,
    )


def _level_bytes(path: Path) -> dict[float, int]:
    """Bytes of each level, by how many times as wide the finest one is."""
    with TiffFile(path) as file:
        levels = [page for page in file.pages if isinstance(page, TiffPage) and page.is_tiled]
        widest = max(page.shape[1] for page in levels)
        return {widest / page.shape[1]: sum(page.databytecounts) for page in levels}


def _best(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def _noise(images: int, size: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (images, size, size, 3), dtype=np.uint8)
