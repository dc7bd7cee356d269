"""Train by probe: frozen network, logistic regression on its features."""

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from core.datasets.records import Dataset
from core.encoders.shelf import Encoder
from core.evaluation.balance import balance_weights
from core.evaluation.calibration import apply_temperature
from core.evaluation.colour_alone import FOLDS, colour_fitter
from core.evaluation.cross_validate import choose_and_cross_validate, cross_validate
from core.evaluation.estimand import Protocol
from core.evaluation.predictions import Predictions
from core.evaluation.probe import predicting, probe_maps
from core.registry.card_results import ClassResult
from core.registry.head import LinearHead
from core.training.judging.changes import rows_to_change
from core.training.judging.folds import folds_of_probe
from core.training.judging.held_out import judge_held_out
from core.training.judging.measured import measure_by_encoder, measure_by_network
from core.training.judging.results import (
    operating_points,
)
from core.training.judging.trust import trust_of_probe
from core.training.request.recipe import Probe, Recipe
from core.training.trained import Trained
from core.training.watch import Watch

_FEWEST_PATIENTS = 2  # of a class whose figures are given: one is held out, another trained on
_SINGLY = (
    "Leave one patient out; temperature and decision threshold were chosen each time without the "
    "patient left out."
)
_IN_FOLDS = (
    f"{FOLDS}-fold cross-validation by patient, {{}}; temperature and decision threshold were "
    "chosen each time without the fold that is tested."
)


def train_by_probe(
    network: keras.Model | Encoder,
    recipe: Recipe,
    settings: Probe,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    watch: Watch,
) -> Trained:
    """Fit the last layer on all patients; judge the recipe on patients held out.

    Where enough patients have images of every class they are held out one by one, else patients
    are held out in folds. Temperature and operating point of the final model come from the held-out
    predictions.

    Parameters
    ----------
    network : keras.Model or Encoder
        A Keras network with ImageNet weights is changed in place; of an encoder the head is kept.
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
    folds, protocol = folds_of_probe(dataset)

    rows = rows_to_change(folds, dataset)
    if isinstance(network, Encoder):
        measured = measure_by_encoder(network, pixels, crops, rows, watch)
    else:
        measured = measure_by_network(network, recipe, pixels, crops, rows, watch)
    features = measured.features
    penalties = settings.penalties
    maps = probe_maps(features, labels, patients, recipe.balance, penalties, classes)
    model, best = choose_and_cross_validate(
        predicting(maps, np.concatenate([features[:1], measured.shifted]), measured.changed),
        len(penalties),
        labels,
        patients,
        folds,
        lambda done: watch.stage("Leaving patients out", done),
    )
    colour = cross_validate(
        colour_fitter(measured.colours, labels, patients, classes, measured.changed_colours),
        labels,
        patients,
        folds,
        lambda done: watch.stage("Judging colour alone", done),
    )
    predictions, evaluation = judge_held_out(
        model,
        colour,
        dataset,
        protocol,
        _SINGLY if protocol == "patients" else _IN_FOLDS.format(_rounds(len(folds))),
        rows,
        withheld=_withheld(dataset, labels, patients),
    )
    decision = model.decide(labels, patients)
    everything = np.arange(len(labels))
    ((kernel, bias),) = maps(everything, (best,))
    answering = _with_last_layer(network, recipe, kernel, bias)
    watch.stage("Looking at what was trained on", 0.0)
    trust = trust_of_probe(features[0], pixels, labels, patients, predictions)
    watch.stage("Looking at what was trained on", 1.0)
    fitted = apply_temperature(features[0].mean(axis=1) @ kernel + bias, 1.0)
    weights = balance_weights(labels, patients, recipe.balance)
    loss = log_loss(labels, fitted, sample_weight=weights, labels=range(classes))
    return Trained(
        network=answering,
        temperature=decision.temperature,
        operating_points=operating_points(
            predictions, decision.thresholds, _chosen_on(predictions, protocol, len(folds))
        ),
        evaluation=evaluation,
        predictions=predictions,
        history=pd.DataFrame({"epoch": [1], "loss": [loss]}),
        rows={"train": everything, "validation": everything[:0], "test": everything[:0]},
        trust=trust,
    )


def _withheld(
    dataset: Dataset, labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> dict[str, ClassResult]:
    """Classes that cannot be both trained on and tested, because they have one patient or none."""
    withheld = {}
    for label, name in enumerate(dataset.classes):
        people = len(np.unique(patients[labels == label].astype(str)))
        if people < _FEWEST_PATIENTS:
            withheld[name] = ClassResult(
                name=name,
                patients=people,
                images=int((labels == label).sum()),
                auroc=None,
                auroc_interval=None,
                sensitivity=None,
                colour_auroc=None,
                withheld="All its images are of one patient, who cannot be trained on and tested."
                if people
                else "There is no image of it.",
            )
    return withheld


def _rounds(number: int) -> str:
    return "one round" if number == 1 else f"{number} rounds"


def _chosen_on(predictions: Predictions, protocol: Protocol, rounds: int) -> str:
    """What the final model's temperature and thresholds were chosen on, in words."""
    images, people = predictions.image_count, predictions.patient_count
    if protocol == "patients":
        return f"{images} images of {people} left-out patients"
    times = "once by a model" if rounds == 1 else f"{rounds} times by models"
    return f"{images} images of {people} patients, each answered {times} that had not seen them"


def _with_last_layer(
    network: keras.Model | Encoder,
    recipe: Recipe,
    kernel: NDArray[np.float64],
    bias: NDArray[np.float64],
) -> keras.Model | LinearHead:
    if recipe.head == "sigmoid":
        kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
    head = LinearHead(kernel.astype(np.float32), bias.astype(np.float32))
    if isinstance(network, Encoder):
        return head
    network.get_layer("logits").set_weights(list(head))
    return network
