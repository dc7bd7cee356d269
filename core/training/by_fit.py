"""Train by fitting every weight, judged on a test part that nothing was chosen on."""

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.datasets.split import Split
from core.evaluation.operating_point import BALANCED_RULE
from core.evaluation.patients import score_patient
from core.inference.calibrate import apply_temperature
from core.registry.card import OperatingPoint
from core.training.fit import fit_network, network_logits
from core.training.held_out import HeldOut, fit_decision, predictions_table
from core.training.judge import judge_pooled
from core.training.learners import colour_learner
from core.training.outcome import Outcome
from core.training.recipe import Recipe, Train
from core.training.watch import Watch


def train_by_fit(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    split: Split,
    watch: Watch,
) -> Outcome:
    """Fit on the training part, choose on the validation part, judge on the test part."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    history = fit_network(
        network,
        recipe,
        settings,
        pixels,
        labels,
        patients,
        split,
        watch,
    )
    colour = colour_learner(
        pixels, labels, patients, lambda done: watch.stage("Measuring colours", done)
    )
    model_test, temperature, threshold = _judge_part(
        lambda rows: network_logits(network, pixels, rows), labels, patients, split
    )
    colour_test, _, _ = _judge_part(lambda rows: colour(split.train, rows), labels, patients, split)
    return Outcome(
        network=network,
        temperature=temperature,
        operating_point=OperatingPoint(
            positive_class=dataset.classes[1],
            threshold=threshold,
            rule=BALANCED_RULE,
            fitted_on=f"{len(split.validation)} images of "
            f"{len(np.unique(patients[split.validation]))} validation patients",
        ),
        evaluation=judge_pooled(
            model_test, colour_test, labels[split.test], patients[split.test], leaky=split.leaky
        ),
        predictions=predictions_table(model_test, colour_test, dataset.records, dataset.classes),
        history=history,
        rows=split.parts(),
    )


def _judge_part(
    logits_of: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
) -> tuple[HeldOut, float, float]:
    """Predictions for the test part, with temperature and threshold from the validation part."""
    chosen = split.validation
    temperature, threshold = fit_decision(logits_of(chosen), labels[chosen], patients[chosen])
    logits = logits_of(split.test)
    probabilities = apply_temperature(logits, temperature)[:, 1].astype(np.float64)
    scores = []
    for patient in np.unique(patients[split.test]):
        own = patients[split.test] == patient
        scores.append(
            score_patient(patient, labels[split.test][own], probabilities[own], threshold)
        )
    return HeldOut(split.test, logits, probabilities, tuple(scores)), temperature, threshold
