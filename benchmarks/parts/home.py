"""A shipped model, the data set that it was trained on, and its answers on patients left out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.evaluation.balance import balance_weights
from core.evaluation.bootstrap import draw_patients, interval
from core.evaluation.calibration import apply_temperature
from core.evaluation.cross_validate import cross_validate
from core.evaluation.probe import probe_fitter
from core.evaluation.reliability import calibration_errors, said_and_true
from core.inference.classifier import Classifier, get_classifier
from core.registry.package import PREDICTIONS_FILE, Package
from core.registry.shelf import find
from core.settings import get_settings
from core.training.judging.features import frozen_features
from core.training.judging.folds import folds_of_probe
from core.training.request.input_spec import frame
from core.training.request.recipe import Recipe, load_recipe

Figure = tuple[float, tuple[float, float] | None]
"""A value and its 95 % interval."""


@dataclass(frozen=True)
class Home:
    """N images that a model was trained on."""

    package: Package
    classifier: Classifier
    dataset: Dataset
    recipe: Recipe
    features: NDArray[np.float32]
    """(passes, N, crops, F), the first pass of the images as they are."""
    labels: NDArray[np.int64]
    patients: NDArray[np.object_]


def open_home(name: str, folder: Path) -> Home:
    """Open a model and take the features of its training images.

    Raises
    ------
    SystemExit
        If the model carries no scope test or was trained on other images.
    """
    package = find(name)
    dataset = open_dataset(folder, task=package.card.task)
    if package.card.scope is None or package.card.conformal is None:
        raise SystemExit(f"{name} carries no scope test or no prediction sets: train it again.")
    if package.card.training.dataset_fingerprint != dataset.fingerprint:
        raise SystemExit(f"{name} was trained on other images than those in {folder}.")
    recipe = load_recipe(name)
    if recipe.probe is None:
        raise SystemExit(f"{name} is no probe: its features have seen the patients.")
    crops = frame(recipe, dataset).crops
    cached = pixel_cache(
        dataset,
        recipe.input_size,
        get_settings().cache,
        lambda _: None,
        recipe.stain_normalisation,
        crops,
    )
    classifier = get_classifier(package)
    features = frozen_features(classifier.model, cached.pixels, recipe, lambda _: None)
    records = cached.dataset.records
    return Home(
        package,
        classifier,
        cached.dataset,
        recipe,
        features.reshape(len(features), len(records), crops, -1),
        records["label"].to_numpy(),
        records["patient"].to_numpy(dtype=object),
    )


@dataclass(frozen=True)
class HeldOutProbabilities:
    """Held-out answers, before calibration and after; of several rounds one below the other."""

    rows: NDArray[np.int64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    temperatures: tuple[float, float]
    """The lowest and the highest that were fitted without those who were then answered."""
    difference: float
    """The largest between `after` and what the package's predictions say."""


def held_out_answers(home: Home) -> HeldOutProbabilities:
    """Fit the recipe again without those who are tested, as training did to judge it."""
    features, labels, patients, recipe = home.features, home.labels, home.patients, home.recipe
    classes = len(home.dataset.classes)
    penalty = recipe.probe.penalties[0] if recipe.probe else 1.0  # what is shipped states one
    fit = probe_fitter(features, features[:1], labels, patients, recipe.balance, penalty, classes)
    folds, protocol = folds_of_probe(home.dataset)
    held_out = cross_validate(fit, labels, patients, folds)
    rounds, rows = held_out.places
    by_patient = protocol == "patients"
    order = np.lexsort((rows, held_out.folds[0, rows])) if by_patient else slice(None)
    rounds, rows = rounds[order], rows[order]
    logits, after = held_out.logits[rounds, 0, rows], held_out.probabilities()[order]
    temperatures = [decision.temperature for chosen in held_out.decisions for decision in chosen]
    table = pd.read_csv(home.package.path / PREDICTIONS_FILE)
    stored = table[[f"probability {name}" for name in home.dataset.classes]].to_numpy()
    before = apply_temperature(logits, 1.0).astype(np.float64)
    return HeldOutProbabilities(
        rows,
        before,
        after,
        (min(temperatures), max(temperatures)),
        float(np.abs(stored - after).max()),
    )


def calibration(home: Home, answers: HeldOutProbabilities) -> dict[str, dict[str, Figure]]:
    """How far probabilities are what they say, before and after, and how much lower it is after.

    The balanced figures let every patient count the same within a class, and every class, as the
    temperature is fitted: the probabilities are those of a world with as many of each class. The
    others count the images as they come.
    """
    labels, patients = home.labels[answers.rows], home.patients[answers.rows]
    drawn = draw_patients(patients, labels)
    plain = np.concatenate([np.ones((1, len(labels))), *drawn.weights(patients)])
    balanced = np.asarray(plain * balance_weights(labels, patients, "patient"), dtype=np.float64)
    for label in np.unique(labels):
        balanced[:, labels == label] /= balanced[:, labels == label].sum(axis=1, keepdims=True)
    figures = {}
    for title, score, weights in (
        ("expected calibration error, balanced", _error, balanced),
        ("expected calibration error, images as they come", _error, plain),
        ("log loss, balanced", _log_loss, balanced),
    ):
        before, after = (
            score(labels, chances, weights) for chances in (answers.before, answers.after)
        )
        figures[title] = {
            name: (float(values[0]), interval(values[1:], patients))
            for name, values in (("before", before), ("after", after), ("lower by", before - after))
        }
    return figures


def _error(
    labels: NDArray[np.int64], chances: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    return calibration_errors(*said_and_true(labels, chances, 1), weights)


def _log_loss(
    labels: NDArray[np.int64], chances: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    losses = -np.log(np.maximum(chances[np.arange(len(labels)), labels], 1e-12))
    return np.asarray(weights @ losses / weights.sum(axis=1), dtype=np.float64)
