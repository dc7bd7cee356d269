"""What a run will do, found out before it starts; it loads no TensorFlow."""

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.datasets.classes import UndecidedClassesError, in_doubt
from core.datasets.records import Dataset, magnifications_of
from core.datasets.split import split_dataset
from core.errors import LobuleError
from core.evaluation.colour_alone import FOLDS
from core.imaging.normalise import normalise_stain
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.roots import image_files
from core.settings import get_settings
from core.training.jobs.start import check
from core.training.judging.folds import folds_of_fit, split_of_fold
from core.training.planning.timing import Timing, time_recipe
from core.training.request.data import chosen_dataset
from core.training.request.encoder import encoder_for
from core.training.request.input_spec import frame
from core.training.request.recipe import ENCODER, Recipe
from core.training.request.request import Request

_SAMPLED = 8
# A state is the weights, two moments of the optimiser, and the best weights; two states are kept
# while a third is written, and the package is copied to the shelf.
_WEIGHTS_ON_DISK = 3 * 4 + 2
# Answering needs no gradients, which are two thirds of a step.
_ANSWERING = 1 / 3
_VIEWS = 3  # that an encoder describes every image in


@dataclass(frozen=True)
class SplitPart:
    """Training, validation or test: how many patients and images, and images of each class."""

    patients: int
    images: int
    classes: dict[str, int]


@dataclass(frozen=True)
class Plan:
    """What a run will do.

    Attributes
    ----------
    refusals : tuple of str
        Why it cannot work, in sentences; empty if it can.
    notes : tuple of str
        What else should be known, in sentences.
    dataset : str
    classes : tuple of str
    magnifications : tuple of str
        Those that the images state.
    undecided : tuple of str
        Two classes of which it is to be said which is positive; empty where that is known.
    scale_known : bool
        False where the scale of some images is neither known nor stated in the request.
    parts : dict of str to SplitPart
        "train", "validation" and "test"; without the last where folds are tested; with a probe,
        "all".
    crops : int
        Squares that stand for one image.
    device : str or None
        What it will train on, for people; None if it could not be found out.
    epochs : int or None
        At most, in all phases; None with a probe.
    folds : int
        In which patients are left out to be judged, a model each besides the one that is kept; 0
        where one part is tested, and with a probe.
    seconds_an_epoch : float or None
        Of the longest phase.
    seconds : float or None
        Of reading the images and of training, at most; judging comes on top.
    disk_needed, disk_free : int
        Bytes, in LOBULE_HOME. Images that were read before are counted again.
    """

    refusals: tuple[str, ...]
    notes: tuple[str, ...] = ()
    dataset: str = ""
    classes: tuple[str, ...] = ()
    magnifications: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    scale_known: bool = True
    parts: dict[str, SplitPart] = field(default_factory=dict)
    crops: int = 1
    device: str | None = None
    epochs: int | None = None
    folds: int = 0
    seconds_an_epoch: float | None = None
    seconds: float | None = None
    disk_needed: int = 0
    disk_free: int = 0


def plan(request: Request) -> Plan:
    """Find out what a run will do; nothing is raised for what cannot work, it is a refusal.

    A few steps are timed in another process, which takes the device for as long.
    """
    recipe = request.recipe
    refusals: list[str] = []
    try:
        check(request)
    except LobuleError as error:
        refusals.append(str(error))
    try:
        dataset, _ = chosen_dataset(request)
    except LobuleError as error:
        undecided = error.classes if isinstance(error, UndecidedClassesError) else ()
        return Plan(tuple(dict.fromkeys([*refusals, str(error)])), undecided=undecided)
    parts: dict[str, SplitPart] = {}
    crops, notes = 1, [*dataset.notes]
    try:
        parts = _parts(dataset, recipe)
        crops = frame(recipe, dataset).crops
    except LobuleError as error:
        refusals.append(str(error))
    timing = None
    if not refusals:
        try:
            timing = time_recipe(recipe, len(dataset.classes))
        except LobuleError as error:
            refusals.append(str(error))
        else:
            if timing is None:
                notes.append("Another run is training, so the time for this one is unknown.")
    images = len(dataset.records) * crops
    needed = images * recipe.input_size**2 * 3
    views = images * recipe.train.views if recipe.train else 0
    if timing:
        needed += timing.weight_bytes * _WEIGHTS_ON_DISK + views * timing.view_bytes
    needed += 0 if refusals else images * _feature_bytes(recipe)
    free = _free_bytes(get_settings().home)
    if needed > free:
        refusals.append(
            f"The run needs {needed / 1e9:.1f} GB on the disk of {get_settings().home}, and "
            f"{free / 1e9:.1f} GB are free. Free some space, or set LOBULE_HOME to another "
            "disk."
        )
    folds = FOLDS if recipe.train and parts and "test" not in parts else 0
    training = _training_seconds(recipe, timing, parts, crops) if timing else None
    return Plan(
        refusals=tuple(refusals),
        notes=tuple(notes),
        dataset=dataset.name,
        classes=dataset.classes,
        magnifications=magnifications_of(dataset.records),
        undecided=in_doubt(dataset),
        scale_known=not dataset.records["um_per_px"].isna().any(),
        parts=parts,
        crops=crops,
        device=timing.device if timing else None,
        epochs=_epochs(recipe),
        folds=folds,
        seconds_an_epoch=max(seconds for _, seconds in training) if training else None,
        seconds=sum(epochs * seconds for epochs, seconds in training) * _fits(folds)
        + _reading_seconds(dataset, recipe, crops)
        + views * timing.view_seconds
        if timing and training
        else None,
        disk_needed=needed,
        disk_free=free,
    )


def _feature_bytes(recipe: Recipe) -> int:
    """That an encoder's features of a square take: in each view, and of some that are changed."""
    if recipe.architecture != ENCODER:
        return 0
    return 4 * encoder_for(recipe).card.dimension * (_VIEWS + 1)


def _parts(dataset: Dataset, recipe: Recipe) -> dict[str, SplitPart]:
    everything = np.arange(len(dataset.records))
    folds = folds_of_fit(dataset, recipe) if recipe.train else None
    if recipe.probe:
        rows = {"all": everything}
    elif folds is None:
        rows = split_dataset(dataset, recipe.split, recipe.seed).parts()
    else:
        rows = split_of_fold(folds, None, recipe.seed).parts()
        del rows["test"]
    parts = {}
    for name, part_rows in rows.items():
        records = dataset.records.iloc[part_rows]
        counts = np.bincount(records["label"], minlength=len(dataset.classes)).tolist()
        parts[name] = SplitPart(
            records["patient"].nunique(),
            len(part_rows),
            dict(zip(dataset.classes, counts, strict=True)),
        )
    return parts


def _epochs(recipe: Recipe) -> int | None:
    if recipe.train is None:
        return None
    return recipe.train.epochs + (recipe.fine_tune.epochs if recipe.fine_tune else 0)


def _training_seconds(
    recipe: Recipe, timing: Timing, parts: dict[str, SplitPart], crops: int
) -> list[tuple[int, float]]:
    """Epochs of each phase, or passes of a probe, and the seconds that one takes."""
    if recipe.probe:
        images = parts["all"].images * crops
        return [(recipe.probe.passes, images * timing.image_seconds[0])]
    phases = [table.epochs for table in (recipe.train, recipe.fine_tune) if table]
    # Before a frozen base there are no gradients to save.
    frozen = bool(recipe.train and recipe.train.frozen_base)
    answering = 1.0 if frozen else _ANSWERING
    images = parts["train"].images * crops
    answered = parts["validation"].images * crops
    return [
        (epochs, (images + answered * answering) * seconds)
        for epochs, seconds in zip(phases, timing.image_seconds, strict=True)
    ]


def _fits(folds: int) -> float:
    """How often the final fit's time is taken: a fold's model has a part less to learn from."""
    return 1 + folds * (folds - 2) / (folds - 1) if folds else 1.0


def _reading_seconds(dataset: Dataset, recipe: Recipe, crops: int) -> float:
    """Seconds to decode every image, from a few."""
    rows = np.linspace(0, len(dataset.records) - 1, _SAMPLED).astype(int)
    file = image_files(dataset.root)
    started = time.perf_counter()
    for row in rows:
        try:
            pixels = read_image(file(dataset.records["path"].iloc[row])).pixels
        except LobuleError:
            continue
        small = resize(pixels, recipe.input_size, recipe.input_size)
        for _ in range(crops):
            normalise_stain(small, recipe.stain_normalisation)
    seconds = (time.perf_counter() - started) / len(rows)
    return seconds * len(dataset.records) / (os.cpu_count() or 1)


def _free_bytes(folder: Path) -> int:
    """Free bytes on the disk of a folder that may not exist yet."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
