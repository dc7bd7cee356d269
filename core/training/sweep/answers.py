"""What is computed of a candidate, on whatever machine: answers on patients it did not learn from.

For each fold that is tested, the next one is what epochs, temperature and threshold are chosen on,
and what the candidate is chosen by.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.encoders.card import EncoderCard
from core.encoders.shelf import CARD_FILE, Encoder
from core.evaluation.colour_alone import FOLDS, colour_fitter
from core.evaluation.cross_validate import (
    Changed,
    Decision,
    HeldOut,
    choose_and_cross_validate,
    cross_validate,
    fit_decision,
)
from core.evaluation.probe import predicting, probe_maps
from core.training.judging.folds import split_of_fold
from core.training.request.recipe import Recipe
from core.training.watch import Watch


class FoldAnswer(NamedTuple):
    """What a model that had not learnt from two folds answered on them.

    Attributes
    ----------
    fold : int
        That is tested; the next one is what was chosen on.
    chosen_on : float64 array, shape (n, K)
        Logits on the images of the next fold; NaN where nothing can be said.
    tested : float64 array, shape (m, K)
        Logits on the images of the fold.
    decision : Decision
        Fitted without the fold that is tested.
    """

    fold: int
    chosen_on: NDArray[np.float64]
    tested: NDArray[np.float64]
    decision: Decision


@dataclass(frozen=True)
class SweepMaterial:
    """A dataset as a candidate is tried on it; small, so that it travels with each piece of work.

    Attributes
    ----------
    file : str
        Of the decoded pixels, uint8 (N × crops, s, s, 3), in the folder that travels.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    folds : int64 array, shape (N,)
        -1 for images that are trained on in every fold.
    classes, crops : int
    """

    file: str
    labels: NDArray[np.int64]
    patients: NDArray[np.object_]
    folds: NDArray[np.int64]
    classes: int
    crops: int

    def pixels(self, folder: Path) -> NDArray[np.uint8]:
        """The squares, memory-mapped."""
        mapped: NDArray[np.uint8] = np.load(folder / self.file, mmap_mode="r")
        return mapped.reshape(-1, *mapped.shape[-3:])


class _Share(Watch):
    """Tells which share of some fits is done."""

    def __init__(self, progress: Callable[[float], None], fit: int, fits: int, epochs: int) -> None:
        self._told, self._fit, self._fits, self._epochs = progress, fit, fits, epochs

    def step(self, values: dict[str, float]) -> None:
        """Count epochs and the steps of this one."""
        within = (values["epoch"] - 1 + values["step"] / values["steps"]) / values["epochs"]
        self._told((self._fit + min(within, 1.0)) / self._fits)


def answer_by_fit(
    progress: Callable[[float], None],
    recipe: Recipe,
    material: SweepMaterial,
    tested: Sequence[int],
    pixels: Path,
    weights: Path | None = None,
) -> list[FoldAnswer]:
    """Train a model for each of some folds, as `core.training.by_folds` does, and have it answer.

    Parameters
    ----------
    progress : callable
        Told the share done, in [0, 1].
    recipe : Recipe
        With [train].
    material : SweepMaterial
    tested : sequence of int
        Folds.
    pixels : Path
        Folder of the pixels.
    weights : Path, optional
        Folder of the ImageNet weights.
    """
    _use(weights)
    from core.training.by_fit import fit_crops, views_of_network  # noqa: PLC0415 - TensorFlow
    from core.training.fitting.fit import logits_of  # noqa: PLC0415
    from core.training.fitting.network import build_network  # noqa: PLC0415
    from core.training.fitting.upper import learner_of  # noqa: PLC0415

    assert recipe.train is not None  # noqa: S101 - the others are probes
    settings, labels, patients = recipe.train, material.labels, material.patients
    squares = material.pixels(pixels)
    network = build_network(recipe, material.classes)
    start = [np.asarray(variable) for variable in network.variables]
    logits = logits_of(network)
    nothing = Changed(np.empty(0, np.int64), np.empty((0, 0, material.classes)))
    answers = []
    with learner_of(network, recipe, settings, squares, Watch()) as learner:
        for number, fold in enumerate(tested):
            split = split_of_fold(material.folds, fold, recipe.seed)
            watch = _Share(progress, number, len(tested), settings.epochs)
            fit_crops(learner, settings, labels, patients, split, watch)
            predict = views_of_network(logits, squares, material.crops, nothing)
            chosen_on, held_out = (
                predict(rows, plain=True)[0] for rows in (split.validation, split.test)
            )
            decision = fit_decision(chosen_on, labels[split.validation], patients[split.validation])
            answers.append(FoldAnswer(fold, chosen_on, held_out, decision))
            for variable, value in zip(network.variables, start, strict=True):
                variable.assign(value)
    return answers


def answer_by_probe(
    progress: Callable[[float], None],
    recipe: Recipe,
    material: SweepMaterial,
    pixels: Path,
    weights: Path | None = None,
    encoder: Path | None = None,
) -> list[FoldAnswer]:
    """Fit a probe without each fold, its penalty chosen without it, and have it answer all folds.

    What it is chosen by are answers of probes that were fitted without both folds. `encoder` is the
    folder of the encoder that the recipe names. See `answer_by_fit`.
    """
    _use(weights)
    assert recipe.probe is not None  # noqa: S101 - the others are trained
    labels, patients, folds = material.labels, material.patients, material.folds
    features = _features(recipe, material, pixels, encoder, lambda done: progress(0.9 * done))
    penalties = recipe.probe.penalties
    maps = probe_maps(features, labels, patients, recipe.balance, penalties, material.classes)
    held, _ = choose_and_cross_validate(
        predicting(maps, features[:1]),
        len(penalties),
        labels,
        patients,
        folds[None],
        lambda done: progress(0.9 + 0.1 * done),
    )
    return [_of_fold(held, fold, folds) for fold in range(FOLDS)]


def answer_by_colour(
    progress: Callable[[float], None],
    material: SweepMaterial,
    deals: NDArray[np.int64],
    pixels: Path,
) -> HeldOut:
    """What colour alone answers in every deal of folds, (S, N)."""
    from core.training.judging.features import colour_views  # noqa: PLC0415 - TensorFlow

    labels, patients = material.labels, material.patients
    colours = colour_views(
        material.pixels(pixels), material.crops, lambda done: progress(0.8 * done)
    )
    return cross_validate(
        colour_fitter(colours, labels, patients, material.classes),
        labels,
        patients,
        deals,
        lambda done: progress(0.8 + 0.2 * done),
    )


def _of_fold(held: HeldOut, fold: int, folds: NDArray[np.int64]) -> FoldAnswer:
    following = np.flatnonzero(folds == (fold + 1) % FOLDS)
    assert held.inner is not None  # noqa: S101 - nested ones have them
    rows, logits = held.inner[0][fold]
    chosen_on = np.full((len(following), logits.shape[1]), np.nan)
    known = np.isin(following, rows)
    order = np.argsort(rows)
    chosen_on[known] = logits[order[np.searchsorted(rows[order], following[known])]]
    tested = held.logits[0, 0, np.flatnonzero(folds == fold)]
    return FoldAnswer(fold, chosen_on, tested, held.decisions[0][fold])


def _features(
    recipe: Recipe,
    material: SweepMaterial,
    pixels: Path,
    encoder: Path | None,
    progress: Callable[[float], None],
) -> NDArray[np.float32]:
    """What the frozen network makes of each image, (passes, N, crops, F)."""
    images = len(material.labels)
    if encoder is not None:
        from core.training.judging.measured import kept_features  # noqa: PLC0415 - TensorFlow

        card = EncoderCard.model_validate_json((encoder / CARD_FILE).read_bytes())
        squares = material.pixels(pixels)
        vectors = kept_features(Encoder(encoder, card), squares, np.arange(len(squares)), progress)
        return vectors.reshape(1, images, material.crops, -1)
    from core.training.fitting.network import build_network  # noqa: PLC0415 - TensorFlow
    from core.training.judging.features import frozen_features  # noqa: PLC0415

    network = build_network(recipe, material.classes)
    passes = frozen_features(network, material.pixels(pixels), recipe, progress)
    return passes.reshape(len(passes), images, material.crops, -1)


def _use(weights: Path | None) -> None:
    """Have ImageNet weights come from a folder that has travelled."""
    if weights is not None:
        os.environ["LOBULE_WEIGHTS"] = str(weights)
