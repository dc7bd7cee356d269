"""Our training loop against bare `model.fit` on arrays in memory.

    python benchmarks/training.py --data ../shared/data/idc

Both train and validate CancerNet on the same IDC patches of 50×50 px in batches of 32, an epoch
after the other. The baseline is `model.fit` on NumPy arrays of pixels and targets, with loss and
accuracy and nothing else. Ours is the epoch of a run: batches out of the memory-mapped cache,
weighted, AUROC besides, reports to a watch that looks for a file at each step, and the complete
state written after each epoch but the last.

In turns, in the same run, after an epoch that compiles. Each pair of epochs gives a ratio, and
their median counts. On a machine that does other things meanwhile, pairs differ widely by the
clock; the time of the processor's cores, printed besides, says more there.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.datasets.split import Split
from core.settings import get_settings
from core.training.fitting.fit import fit_network
from core.training.fitting.network import build_network
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.watch import Watch

LEAST_RATIO = 0.95
SIZE = 50
BATCH = 32


Spent = tuple[float, float]  # seconds by the clock, and of all processor cores together


def _now() -> Spent:
    return time.perf_counter(), time.process_time()


def _since(begun: Spent) -> Spent:
    clock, processor = _now()
    return clock - begun[0], processor - begun[1]


class Turns(Watch):
    """Asks what a run's own watch asks; after each epoch the other side has its turn."""

    def __init__(self, folder: Path, other: Callable[[], Spent]) -> None:
        self.checkpoints = folder
        self.pairs: list[tuple[Spent, Spent]] = []
        self._cancel = folder / "cancel"
        self._other = other
        self._begun = _now()

    def cancelled(self) -> bool:
        """Look for a file that is never there."""
        return self._cancel.exists()

    def epoch(self, values: dict[str, float | str]) -> None:  # noqa: ARG002 (the interface)
        """Note what was spent since our turn began, and let the other side have its own."""
        own = _since(self._begun)
        self.pairs.append((own, self._other()))
        self._begun = _now()


def main() -> int:
    """Print the figures; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(description="Our training loop against bare model.fit.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=1000)
    given = parser.parse_args()
    cached = pixel_cache(open_dataset(given.data), SIZE, get_settings().cache)
    labels = cached.dataset.records["label"].to_numpy()
    patients = cached.dataset.records["patient"].to_numpy(dtype=object)
    order = np.random.default_rng(0).permutation(len(labels))[: given.images]
    cut = len(order) * 4 // 5
    split = Split("image", 0, np.sort(order[:cut]), np.sort(order[cut:]), order[:0])
    recipe = override(
        load_recipe("cancernet"),
        [f"train.epochs={given.rounds + 1}", f"train.patience={given.rounds + 1}"],
    )
    if recipe.train is None or recipe.train.batch_size != BATCH:
        raise RuntimeError(f"the recipe cancernet no longer trains on batches of {BATCH}")
    bare = _bare(build_network(recipe, 2), cached.pixels, labels, split)
    with tempfile.TemporaryDirectory() as folder:
        watch = Turns(Path(folder), bare)
        ours = build_network(recipe, 2)
        fit_network(ours, recipe, recipe.train, cached.pixels, labels, patients, split, watch)
    pairs = watch.pairs[1:]  # the first of each compiles
    steps = -(-cut // BATCH)
    print(f"CancerNet, {SIZE}×{SIZE} px, batches of {BATCH}, {steps} steps and validation an epoch")
    for number, name in enumerate(("our loop", "model.fit (baseline)")):
        seconds = statistics.median(pair[number][0] for pair in pairs)
        print(f"{name:<22}{steps / seconds:>8.2f} steps/s")
    ratio, _ = (_ratio(pairs, measure) for measure in ("clock", "processor"))
    met = ratio >= LEAST_RATIO
    print(f"target, by the clock: at least {LEAST_RATIO}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def _ratio(pairs: list[tuple[Spent, Spent]], measure: str) -> float:
    """Print and return how much of the baseline's speed ours has."""
    number = ("clock", "processor").index(measure)
    ratios = [theirs[number] / own[number] for own, theirs in pairs]
    ratio = statistics.median(ratios)
    span = f"{min(ratios):.3f}–{max(ratios):.3f}, {len(pairs)} pairs"
    print(f"ratio by the {measure:<10}{ratio:>8.3f} ({span})")
    return ratio


def _bare(
    network: keras.Model, pixels: NDArray[np.uint8], labels: NDArray[np.int64], split: Split
) -> Callable[[], Spent]:
    """An epoch of `model.fit` on arrays in memory, timed."""
    targets = labels[:, None].astype(np.float32)
    train, validation = ((pixels[rows], targets[rows]) for rows in (split.train, split.validation))
    network.compile(
        optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy", metrics=["accuracy"]
    )

    def epoch() -> Spent:
        begun = _now()
        network.fit(*train, validation_data=validation, batch_size=BATCH, epochs=1, verbose=0)
        return _since(begun)

    return epoch


if __name__ == "__main__":
    raise SystemExit(main())
