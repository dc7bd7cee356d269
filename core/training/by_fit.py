"""Train by gradient descent, judged on a test part that nothing was chosen on."""

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.datasets.split import Split
from core.evaluation.colour_alone import colour_fitter
from core.evaluation.cross_validate import Changed, Predict, hold_out
from core.training.fitting.fit import fit_network, logits_of
from core.training.fitting.upper import Learner, learner_of
from core.training.judging.changes import Measure, measure_changed, rows_to_change
from core.training.judging.features import STRENGTHS, colour_views, measure_colours, shift
from core.training.judging.held_out import judge_held_out
from core.training.judging.results import (
    operating_points,
)
from core.training.judging.trust import trust_of_fit
from core.training.request.recipe import Recipe, Train
from core.training.trained import Trained
from core.training.watch import Watch

_BATCH = 64
_PROTOCOL = "One test part, not trained on."
_LEAKY = (
    "Leaky split: trained and tested on the same patients. These figures say nothing about a "
    "new patient."
)


def train_by_fit(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    split: Split,
    watch: Watch,
) -> Trained:
    """Fit on the training part, choose on the validation part, judge on the test part.

    Parameters
    ----------
    network : keras.Model
        It is trained in place.
    recipe : Recipe
    settings : Train
    dataset : Dataset
        N images.
    pixels : uint8 array, shape (N × crops, h, w, 3)
        The crops of an image are trained on one by one; its prediction is the mean of their logits.
    split : Split
        Of the images.
    watch : Watch
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    crops = len(pixels) // len(labels)
    with learner_of(network, recipe, settings, pixels, watch) as learner:
        history = fit_crops(learner, settings, labels, patients, split, watch)
    colours = colour_views(
        pixels, crops, lambda done: watch.stage("Measuring colours", done), STRENGTHS
    )
    logits = logits_of(network)
    part = np.isin(np.arange(len(labels)), split.test).astype(np.int64) - 1
    rows = rows_to_change(part[None], dataset)
    changed, changed_colours = measure_changed(
        (logits, measure_colours),
        pixels,
        crops,
        rows,
        lambda done: watch.stage("Changing images", done),
    )
    watch.stage("Judging", 0.0)
    fit_colour = colour_fitter(colours, labels, patients, len(dataset.classes), changed_colours)
    model, colour = (
        hold_out(predict, labels, patients, split.validation, split.test)
        for predict in (views_of_network(logits, pixels, crops, changed), fit_colour(split.train))
    )
    predictions, evaluation = judge_held_out(
        model,
        colour,
        dataset,
        "one model",
        _PROTOCOL,
        rows,
        leaky=split.leaky,
        notes=(_LEAKY,) if split.leaky else (),
    )
    watch.stage("Judging", 1.0)
    ((decision,),) = model.decisions
    people = len(np.unique(patients[split.validation].astype(str)))
    return Trained(
        network=network,
        temperature=decision.temperature,
        operating_points=operating_points(
            predictions,
            decision.thresholds,
            f"{len(split.validation)} images of {people} validation patients",
        ),
        evaluation=evaluation,
        predictions=predictions,
        history=history,
        rows=split.parts(),
        trust=trust_of_fit(
            network,
            pixels,
            labels,
            patients,
            split,
            decision.temperature,
            dataset.classes,
            lambda done: watch.stage("Looking at what was trained on", done),
        ),
    )


def fit_crops(
    learner: Learner,
    settings: Train,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
    watch: Watch,
) -> pd.DataFrame:
    """Fit on the crops of the images that a split is of; returns the history."""
    crops = len(learner.pixels) // len(labels)
    return fit_network(
        learner.network,
        learner.recipe,
        settings,
        learner.pixels,
        np.repeat(labels, crops),
        np.repeat(patients, crops),
        split.each_repeated(crops),
        watch,
    )


def views_of_network(
    logits_of_squares: Measure, pixels: NDArray[np.uint8], crops: int, changed: Changed
) -> Predict:
    """Logits of a trained network: plain, stain-shifted, and of images that were changed.

    Parameters
    ----------
    logits_of_squares : callable
    pixels : uint8 array, shape (N × crops, h, w, 3)
    crops : int
        Of an image, whose logits are the mean over them.
    changed : Changed
    """

    def predict(images: NDArray[np.int64], /, *, plain: bool = False) -> NDArray[np.float64]:
        rows = (images[:, None] * crops + np.arange(crops)).ravel()
        parts = []
        for start in range(0, len(rows), _BATCH):
            squares = np.asarray(pixels[rows[start : start + _BATCH]])
            views = [squares]
            if not plain:
                views += [
                    np.asarray(shift(strength)(squares, training=True)) for strength in STRENGTHS
                ]
            parts.append(np.stack([logits_of_squares(view) for view in views]))
        logits = np.concatenate(parts, axis=1)
        logits = logits.reshape(len(logits), len(images), crops, -1).mean(axis=2)
        return logits if plain else np.concatenate([logits, changed.of(images)])

    return predict
