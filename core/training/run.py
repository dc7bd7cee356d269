"""The dataset journey: a recipe and a folder in, a model package out."""

import dataclasses
import importlib.metadata
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.architectures import heatmap_layer
from core.datasets.cache import Cached, pixel_cache
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import Split, SplitKind, split_dataset
from core.errors import RecipeError, TrainingError
from core.registry.card import Card, InputSpec, Training
from core.registry.package import Package, save_package
from core.settings import get_settings
from core.training.by_fit import train_by_fit
from core.training.by_probe import train_by_probe
from core.training.check import check_name, check_scale
from core.training.network import build_network
from core.training.outcome import Outcome
from core.training.recipe import Recipe, recipe_names

Progress = Callable[[str, float], None]
# An image may differ this much in scale from those trained on before the answer is warned of.
_SCALE_TOLERANCE = 1.25
# Unreadable images that a card names; of more it gives the number.
_NAMED = 10
_IMAGENET = (
    (
        "ImageNet weights of Keras Applications (Apache License 2.0). Deng J. et al. ImageNet: A "
        "large-scale hierarchical image database. CVPR 2009."
    ),
)
_LIBRARIES = ("keras", "tensorflow", "numpy", "opencv-python", "scikit-learn")


def train(
    recipe: Recipe,
    data: Path,
    name: str,
    *,
    folder: Path | None = None,
    split: SplitKind = "patient",
    replace: bool = False,
    progress: Progress = lambda _stage, _done: None,
) -> Package:
    """Train a model and put its package on the shelf.

    Parameters
    ----------
    recipe : Recipe
    data : Path
        Folder of the dataset.
    name : str
        Name of the package.
    folder : Path, optional
        Where packages are kept; `LOBULE_HOME/models` unless given.
    split : "patient" or "image"
        By image leaks, and marks everything that it touches.
    replace : bool
        Whether a package of this name may be replaced.
    progress : callable
        Told the stage in words and the share of it that is done, in [0, 1].

    Raises
    ------
    LobuleError
        If the data, the recipe, the weights or the name cannot be used.
    """
    started = time.monotonic()
    check_name(name)
    target = (folder or get_settings().own_models) / name
    if target.exists() and not replace:
        raise TrainingError(
            f"There is already a model named {name!r} in {target.parent}. Choose another --name, "
            "or give --replace."
        )
    dataset = open_dataset(data)
    check_scale(dataset)
    if recipe.probe and split == "image":
        raise RecipeError(
            f"The recipe {recipe.name} judges by leaving one patient out and cannot be split by "
            "image. Use a recipe with [fit], for instance cancernet, to reproduce such figures."
        )
    parts = split_dataset(dataset, split, recipe.seed) if recipe.fit else None
    progress("Reading images", 0.0)
    cached = pixel_cache(
        dataset,
        recipe.input_size,
        get_settings().cache,
        lambda done: progress("Reading images", done),
        recipe.stain_normalisation,
    )
    if cached.unreadable:
        progress(f"Leaving out {len(cached.unreadable)} unreadable images", 1.0)
    network = build_network(recipe, len(dataset.classes))
    if recipe.probe:
        outcome = train_by_probe(
            network, recipe, recipe.probe, cached.dataset, cached.pixels, progress
        )
    elif recipe.fit and parts:
        outcome = train_by_fit(
            network,
            recipe,
            recipe.fit,
            cached.dataset,
            cached.pixels,
            _readable(parts, cached),
            progress,
        )
    card = _card(
        recipe, cached, dataset.fingerprint, name, outcome, split, time.monotonic() - started
    )
    return save_package(
        target,
        card,
        outcome.network,
        predictions=outcome.predictions,
        history=outcome.history,
        replace=replace,
    )


def _readable(split: Split, cached: Cached) -> Split:
    """The same split in rows of the images that could be read."""
    parts = {}
    for part, rows in split.parts().items():
        parts[part] = np.searchsorted(cached.rows, rows[np.isin(rows, cached.rows)])
        if len(rows) and not len(parts[part]):
            path, reason = next(iter(cached.unreadable.items()))
            raise TrainingError(
                f"None of the {len(rows)} images of the {part} part can be read; {path}, for "
                f"instance: {reason} Repair the files or take them out of the folder."
            )
    return dataclasses.replace(
        split, train=parts["train"], validation=parts["validation"], test=parts["test"]
    )


def _left_out(unreadable: dict[str, str]) -> tuple[str, ...]:
    """What the card says of the images that could not be read."""
    if not unreadable:
        return ()
    named = "; ".join(f"{path}: {reason}" for path, reason in list(unreadable.items())[:_NAMED])
    more = ", for instance" if len(unreadable) > _NAMED else ""
    return (f"Images that cannot be read were left out: {len(unreadable)}{more}. {named}",)


def _card(
    recipe: Recipe,
    cached: Cached,
    fingerprint: str,
    name: str,
    outcome: Outcome,
    split: SplitKind,
    seconds: float,
) -> Card:
    dataset = cached.dataset
    source = dataset.source
    notes = outcome.evaluation.notes + _left_out(cached.unreadable)
    patients = dataset.records["patient"].to_numpy()
    return Card(
        schema_version=1,
        name=name,
        title=recipe.title,
        summary=_summary(recipe, dataset, outcome),
        created=datetime.now(UTC).replace(microsecond=0),
        architecture=recipe.architecture,
        task="binary",
        classes=dataset.classes,
        head=recipe.head,
        input=InputSpec(
            height=recipe.input_size,
            width=recipe.input_size,
            field_um=source.field_um,
            um_per_px=source.um_per_px,
            um_per_px_low=source.um_per_px / _SCALE_TOLERANCE,
            um_per_px_high=source.um_per_px * _SCALE_TOLERANCE,
        ),
        stain_normalisation=recipe.stain_normalisation,
        heatmap_layer=heatmap_layer(recipe.architecture),
        temperature=outcome.temperature,
        operating_point=outcome.operating_point,
        training=Training(
            recipe=recipe.model_dump(mode="json", exclude_none=True),
            dataset=dataset.name,
            dataset_fingerprint=fingerprint,
            split=split,
            leaky=split == "image",
            patients={
                part: sorted(np.unique(patients[rows]).tolist())
                for part, rows in outcome.rows.items()
            },
            images={part: len(rows) for part, rows in outcome.rows.items()},
            seed=recipe.seed,
            seconds=round(seconds, 1),
            command=f"python -m core train --recipe {_as_given(recipe)} --data FOLDER --name {name}"
            + (" --split image" if split == "image" else ""),
        ),
        evaluation=outcome.evaluation.model_copy(update={"notes": notes}),
        scope=None,
        good_for=source.good_for,
        not_for=source.not_for,
        licence=source.licence,
        citations=source.citations + (_IMAGENET if recipe.weights == "imagenet" else ()),
        versions={
            "python": platform.python_version(),
            **{library: importlib.metadata.version(library) for library in _LIBRARIES},
        },
    )


def _as_given(recipe: Recipe) -> str:
    return recipe.name if recipe.name in recipe_names() else f"{recipe.name}.toml"


def _summary(recipe: Recipe, dataset: Dataset, outcome: Outcome) -> str:
    how = "frozen, with logistic regression on its features" if recipe.probe else "trained whole"
    start = "ImageNet weights" if recipe.weights == "imagenet" else "random weights"
    patients = dataset.records["patient"].iloc[outcome.rows["train"]].nunique()
    return (
        f"Tells {dataset.classes[1]} from {dataset.classes[0]} in squares of "
        f"{dataset.source.field_um:g} µm. {recipe.architecture} from {start}, {how}, on "
        f"{len(outcome.rows['train'])} {dataset.name} images of {patients} patients. Its "
        "probabilities assume that both classes are equally frequent."
    )
