"""Train by probe: frozen network, logistic regression, judged by leaving one patient out."""

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from core.datasets.balance import balance_weights
from core.datasets.records import Dataset
from core.datasets.split import patients_with_every_class
from core.errors import TrainingError
from core.evaluation.operating_point import BALANCED_RULE
from core.evaluation.patients import MINIMUM_PATIENTS
from core.inference.calibrate import apply_temperature
from core.registry.card import OperatingPoint
from core.training.features import frozen_features
from core.training.held_out import fit_decision, leave_one_out, predictions_table
from core.training.judge import judge_by_patient
from core.training.learners import colour_learner, fit_passes, probe_learner
from core.training.outcome import Outcome
from core.training.recipe import Probe, Recipe
from core.training.watch import Watch


def train_by_probe(
    network: keras.Model,
    recipe: Recipe,
    settings: Probe,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    watch: Watch,
) -> Outcome:
    """Fit the last layer on all patients; judge the recipe by leaving one patient out.

    Temperature and operating point of the final model come from the left-out predictions.

    Raises
    ------
    TrainingError
        If fewer than two patients have images of both classes, so that none can be left out.
    """
    judged = patients_with_every_class(dataset)
    if len(judged) < 2:  # noqa: PLR2004  (one left out, one to choose the operating point on)
        raise TrainingError(
            f"{len(judged)} patient(s) have images of every class; leaving one out needs at least "
            f"2, and {MINIMUM_PATIENTS} for an interval. Add patients, or use a recipe with [fit]."
        )
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    features = frozen_features(
        network, pixels, recipe, lambda done: watch.stage("Computing features", done)
    )
    learner = probe_learner(features, labels, patients, recipe.balance, settings.penalty)
    model = leave_one_out(
        learner, labels, patients, judged, lambda done: watch.stage("Leaving patients out", done)
    )
    colour = leave_one_out(
        colour_learner(
            pixels, labels, patients, lambda done: watch.stage("Measuring colours", done)
        ),
        labels,
        patients,
        judged,
        lambda done: watch.stage("Judging colour alone", done),
    )
    everything = np.arange(len(labels))
    kernel, bias = fit_passes(
        features, labels, patients, recipe.balance, settings.penalty, everything
    )
    network.get_layer("logits").set_weights(
        [kernel.astype(np.float32), bias.astype(np.float32)]
        if recipe.head == "softmax"
        else [
            (kernel[:, 1:] - kernel[:, :1]).astype(np.float32),
            (bias[1:] - bias[:1]).astype(np.float32),
        ]
    )
    temperature, threshold = fit_decision(model.logits, labels[model.rows], patients[model.rows])
    fitted = apply_temperature(features[0] @ kernel + bias, 1.0)[:, 1]
    weights = balance_weights(labels, patients, recipe.balance)
    history = {"epoch": [1], "loss": [log_loss(labels, fitted, sample_weight=weights)]}
    return Outcome(
        network=network,
        temperature=temperature,
        operating_point=OperatingPoint(
            positive_class=dataset.classes[1],
            threshold=threshold,
            rule=BALANCED_RULE,
            fitted_on=f"{len(model.rows)} images of {len(judged)} left-out patients",
        ),
        evaluation=judge_by_patient(model, colour),
        predictions=predictions_table(model, colour, dataset.records, dataset.classes),
        history=pd.DataFrame(history),
        rows={"train": everything, "validation": everything[:0], "test": everything[:0]},
    )
