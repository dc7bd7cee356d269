"""The dataset journey: a recipe and a folder in, a model package out."""

import dataclasses
import time
from typing import Any

import numpy as np

from core.datasets.cache import Cached, pixel_cache
from core.datasets.split import Split, split_dataset
from core.errors import TrainingError
from core.evaluation.predictions_file import as_table
from core.registry.head import LinearHead, save_on_encoder
from core.registry.package import Package, save_package
from core.settings import get_settings
from core.training.by_fit import train_by_fit
from core.training.by_folds import train_by_folds
from core.training.by_probe import train_by_probe
from core.training.card import write_card
from core.training.fitting.network import build_network
from core.training.judging.folds import folds_of_fit
from core.training.request.data import chosen_dataset
from core.training.request.encoder import encoder_for
from core.training.request.input_spec import frame
from core.training.request.recipe import ENCODER
from core.training.request.request import Request, check_name
from core.training.watch import Watch


def train(request: Request, watch: Watch | None = None) -> Package:
    """Train a model and put its package on the shelf.

    Parameters
    ----------
    request : Request
    watch : Watch, optional
        Hears how far it is, keeps the state, and may stop it.

    Raises
    ------
    LobuleError
        If the data, the recipe, the weights or the name cannot be used, or if the run was cancelled
        before anything was learnt.

    Examples
    --------
    One epoch of a small network, to see the way from a folder to a model:

    >>> from core.training.request.override import override
    >>> from core.training.request.recipe import load_recipe
    >>> recipe = override(load_recipe("cnn3"), ["train.epochs=1", "input_size=32"])
    >>> package = train(Request(recipe=recipe, data=folder, name="small"))
    >>> package.card.classes, package.card.training.leaky
    (('no IDC', 'IDC'), False)
    >>> package.card.evaluation.images
    30
    """
    watch = watch or Watch()
    recipe = request.recipe
    started = time.monotonic()
    check_name(request.name)
    target = (request.folder or get_settings().own_models) / request.name
    if target.exists() and not request.replace:
        raise TrainingError(
            f"There is already a model named {request.name!r} in {target.parent}. Choose another "
            "--name, or give --replace."
        )
    dataset, dropped = chosen_dataset(request)
    framing = frame(recipe, dataset)
    encoder = encoder_for(recipe) if recipe.architecture == ENCODER else None
    folds = folds_of_fit(dataset, recipe) if recipe.train else None
    parts = None
    if recipe.train and folds is None:
        parts = split_dataset(dataset, recipe.split, recipe.seed)
    watch.stage("Reading images", 0.0)
    watch.dataset(dataset.fingerprint)
    cached = pixel_cache(
        dataset,
        recipe.input_size,
        get_settings().cache,
        lambda done: watch.stage("Reading images", done),
        recipe.stain_normalisation,
        framing.crops,
    )
    if cached.unreadable:
        number = len(cached.unreadable)
        watch.stage(f"Leaving out {number} unreadable image{'s' * (number > 1)}", 1.0)
    network = encoder or build_network(recipe, len(dataset.classes))
    if recipe.probe:
        trained = train_by_probe(
            network, recipe, recipe.probe, cached.dataset, cached.pixels, watch
        )
    elif recipe.train and folds is not None:
        trained = train_by_folds(
            network,
            recipe,
            recipe.train,
            cached.dataset,
            cached.pixels,
            folds[cached.rows],
            watch,
        )
    elif recipe.train and parts:
        trained = train_by_fit(
            network,
            recipe,
            recipe.train,
            cached.dataset,
            cached.pixels,
            _readable(parts, cached),
            watch,
        )
    seconds = time.monotonic() - started
    card = write_card(
        *(request, cached, dataset.fingerprint, framing.spec, trained, seconds, dropped),
        encoder=encoder.card if encoder else None,
    )
    whole: dict[str, Any] = {
        "predictions": as_table(trained.predictions),
        "history": trained.history,
        "scope": trained.trust.reference,
        "replace": request.replace,
    }
    if isinstance(trained.network, LinearHead):
        return save_on_encoder(target, card, trained.network, **whole)
    return save_package(target, card, trained.network, graph=True, **whole)


def _readable(split: Split, cached: Cached) -> Split:
    """The same split in rows of the images that could be read."""
    parts = {}
    for part, rows in split.parts().items():
        parts[part] = np.searchsorted(cached.rows, rows[np.isin(rows, cached.rows)])
        if len(rows) and not len(parts[part]):
            path, reason = next(iter(cached.unreadable.items()))
            raise TrainingError(
                f"None of the {len(rows)} images of the {part} part can be read; {path}, for "
                f"instance: {reason} Repair the files or remove them from the folder."
            )
    return dataclasses.replace(
        split, train=parts["train"], validation=parts["validation"], test=parts["test"]
    )
