"""Train by probe: frozen network, logistic regression on its features."""

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from core.datasets.balance import balance_weights
from core.datasets.records import Dataset
from core.datasets.split import patients_with_every_class
from core.evaluation.bootstrap import MINIMUM_PATIENTS
from core.evaluation.probe import COLOUR_PENALTY
from core.inference.classifier import apply_temperature
from core.training.judging.by_folds import STRENGTHS, judge_by_folds
from core.training.judging.features import (
    features_of,
    frozen_features,
    in_batches,
    shifted_features,
)
from core.training.judging.learners import (
    changed_fitter,
    colour_views,
    fit_passes,
    measure_colours,
    probe_fitter,
)
from core.training.judging.leave_out import Judged, judge_by_leaving_out
from core.training.judging.robustness import changed_values, chosen_rows, robustness
from core.training.judging.trust import trust_of_probe
from core.training.outcome import Outcome
from core.training.request.recipe import Probe, Recipe
from core.training.watch import Watch


def train_by_probe(
    network: keras.Model,
    recipe: Recipe,
    settings: Probe,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    watch: Watch,
) -> Outcome:
    """Fit the last layer on all patients; judge the recipe on patients left out.

    Where enough patients have images of every class they are left out one by one, else patients
    are left out in folds. Temperature and operating point of the final model come from the left-out
    predictions.

    Parameters
    ----------
    network : keras.Model
        With ImageNet weights; it is changed in place.
    recipe : Recipe
    settings : Probe
    dataset : Dataset
        N images.
    pixels : uint8 array, shape (N × crops, h, w, 3)
    watch : Watch

    Raises
    ------
    TrainingError
        If there are too few patients to judge on.
    Stopped
        If it was cancelled.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    crops, classes = len(pixels) // len(labels), len(dataset.classes)
    judged = patients_with_every_class(dataset)
    singly = recipe.task == "binary" and len(judged) >= MINIMUM_PATIENTS

    def by_image(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return values.reshape(len(values), len(labels), crops, -1)

    features = by_image(
        frozen_features(
            network, pixels, recipe, lambda done: watch.stage("Computing features", done)
        )
    )
    shifted = shifted_features(
        network, pixels, STRENGTHS, lambda done: watch.stage("Shifting the stain", done)
    )
    views = np.concatenate([features[:1], by_image(shifted)])
    model = probe_fitter(
        features, views, labels, patients, recipe.balance, settings.penalty, classes
    )
    colours = colour_views(
        pixels, crops, lambda done: watch.stage("Measuring colours", done), STRENGTHS
    )
    colour = probe_fitter(
        colours[:1], colours, labels, patients, "patient", COLOUR_PENALTY, classes
    )
    result: Judged = (
        judge_by_leaving_out(model, colour, dataset, judged, STRENGTHS, watch)
        if singly
        else judge_by_folds(model, colour, dataset, watch)
    )
    rows = chosen_rows(result.tested, dataset)
    plain = features_of(network)
    changed, changed_colours = changed_values(
        (lambda squares: in_batches(plain, squares), measure_colours),
        pixels,
        crops,
        rows,
        lambda done: watch.stage("Changing images", done),
    )
    curves = robustness(
        result.tested,
        changed_fitter(
            features, labels, patients, recipe.balance, settings.penalty, changed, classes
        ),
        changed_fitter(
            colours[:1], labels, patients, "patient", COLOUR_PENALTY, changed_colours, classes
        ),
        rows,
        dataset,
        result.protocol,
    )
    everything = np.arange(len(labels))
    kernel, bias = fit_passes(
        features, labels, patients, recipe.balance, settings.penalty, everything, classes
    )
    network.get_layer("logits").set_weights(
        [kernel.astype(np.float32), bias.astype(np.float32)]
        if recipe.head == "softmax"
        else [
            (kernel[:, 1:] - kernel[:, :1]).astype(np.float32),
            (bias[1:] - bias[:1]).astype(np.float32),
        ]
    )
    watch.stage("Looking at what was trained on", 0.0)
    trust = trust_of_probe(
        features[0], pixels, labels, patients, result.predictions, dataset.classes
    )
    watch.stage("Looking at what was trained on", 1.0)
    fitted = apply_temperature(features[0].mean(axis=1) @ kernel + bias, 1.0)
    weights = balance_weights(labels, patients, recipe.balance)
    loss = log_loss(labels, fitted, sample_weight=weights, labels=range(classes))
    return Outcome(
        network=network,
        temperature=result.temperature,
        operating_points=result.points,
        evaluation=result.evaluation.model_copy(update={"robustness": curves}),
        predictions=result.predictions,
        history=pd.DataFrame({"epoch": [1], "loss": [loss]}),
        rows={"train": everything, "validation": everything[:0], "test": everything[:0]},
        trust=trust,
    )
