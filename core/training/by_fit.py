"""Train by gradient descent, judged on a test part that nothing was chosen on."""

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.datasets.split import Split
from core.evaluation.patients import PatientScore, score_patient
from core.evaluation.probe import COLOUR_PENALTY
from core.registry.card_results import Evaluation
from core.training.fitting.fit import fit_network, logits_of
from core.training.judging.answered_by import AnsweredBy
from core.training.judging.by_folds import STRENGTHS, predictions_of_folds
from core.training.judging.cross_validate import CrossValidated, cross_validated
from core.training.judging.features import shift
from core.training.judging.fitter import Predict
from core.training.judging.held_out import Decision, fit_decision
from core.training.judging.judge import patient_results
from core.training.judging.judge_folds import judge_folds
from core.training.judging.learners import (
    changed_fitter,
    colour_views,
    measure_colours,
    probe_fitter,
)
from core.training.judging.robustness import changed_values, chosen_rows, robustness
from core.training.judging.thresholds import operating_points
from core.training.judging.trust import trust_of_fit
from core.training.outcome import Outcome
from core.training.request.recipe import Recipe, Train
from core.training.watch import Watch

_BATCH = 64
_LEAKY = (
    "Leaky split: images of the same patients were trained on and tested on. These figures say "
    "nothing about a new patient."
)


def train_by_fit(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    split: Split,
    watch: Watch,
) -> Outcome:
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
        The crops of an image are trained on one by one; its answer is the mean of their logits.
    split : Split
        Of the images.
    watch : Watch
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    crops = len(pixels) // len(labels)
    history = fit_network(
        network,
        recipe,
        settings,
        pixels,
        np.repeat(labels, crops),
        np.repeat(patients, crops),
        split.each_repeated(crops),
        watch,
    )
    colours = colour_views(
        pixels, crops, lambda done: watch.stage("Measuring colours", done), STRENGTHS
    )
    classes = len(dataset.classes)
    colour = probe_fitter(
        colours[:1], colours, labels, patients, "patient", COLOUR_PENALTY, classes
    )(split.train)
    watch.stage("Judging", 0.0)
    logits = logits_of(network)
    held, decision = _held_out(_of_network(logits, pixels, crops), labels, patients, split)
    base, _ = _held_out(colour, labels, patients, split)
    watch.stage("Judging", 1.0)
    tested = AnsweredBy(
        1,
        1,
        split.train,
        split.test,
        decision.temperature,
        decision.thresholds[0] if decision.thresholds else None,
    )
    rows = chosen_rows([tested], dataset)
    changed, changed_colours = changed_values(
        (logits, measure_colours),
        pixels,
        crops,
        rows,
        lambda done: watch.stage("Changing images", done),
    )
    curves = robustness(
        [tested],
        lambda _: changed,
        changed_fitter(
            colours[:1], labels, patients, "patient", COLOUR_PENALTY, changed_colours, classes
        ),
        rows,
        dataset,
        "one model",
    )
    predictions = predictions_of_folds(held, base, dataset)
    evaluation = judge_folds(held, base, labels, patients, dataset.classes, STRENGTHS)
    return Outcome(
        network=network,
        temperature=decision.temperature,
        operating_points=operating_points(
            predictions,
            dataset.classes,
            decision.thresholds,
            f"{len(split.validation)} images of "
            f"{len(np.unique(patients[split.validation].astype(str)))} validation patients",
        ),
        evaluation=Evaluation.model_validate(
            evaluation.model_dump()
            | {
                "protocol": "One test part, not trained on; each figure is of all its images "
                "together.",
                "leaky": split.leaky,
                "robustness": curves,
                "by_patient": patient_results(
                    *(_scores(each, labels, patients, split) for each in (held, base))
                ),
                "notes": (*evaluation.notes, _LEAKY) if split.leaky else evaluation.notes,
            }
        ),
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


def _of_network(
    logits_of_pixels: Callable[[NDArray[np.uint8]], NDArray[np.float64]],
    pixels: NDArray[np.uint8],
    crops: int,
) -> Predict:
    def answer(images: NDArray[np.int64]) -> NDArray[np.float64]:
        rows = (images[:, None] * crops + np.arange(crops)).ravel()
        parts = []
        for start in range(0, len(rows), _BATCH):
            plain = np.asarray(pixels[rows[start : start + _BATCH]])
            jitters = (shift(strength) for strength in STRENGTHS)
            views = [plain, *(np.asarray(jitter(plain, training=True)) for jitter in jitters)]
            parts.append(np.stack([logits_of_pixels(view) for view in views]))
        logits = np.concatenate(parts, axis=1)
        return logits.reshape(len(logits), len(images), crops, -1).mean(axis=2)

    return answer


def _held_out(
    answer: Predict, labels: NDArray[np.int64], patients: NDArray[np.object_], split: Split
) -> tuple[CrossValidated, Decision]:
    """Logits of the test part, with temperature and thresholds from the validation part."""
    chosen = split.validation
    decision = fit_decision(answer(chosen)[0], labels[chosen], patients[chosen])
    values = answer(split.test)
    logits = np.full((1, len(values), len(labels), values.shape[2]), np.nan)
    logits[0][:, split.test] = values
    folds = np.full((1, len(labels)), -1)
    folds[0, split.test] = 0
    return cross_validated(folds, logits, [[decision]]), decision


def _scores(
    held: CrossValidated, labels: NDArray[np.int64], patients: NDArray[np.object_], split: Split
) -> list[PatientScore]:
    """How each test patient was answered; of two classes only."""
    if held.thresholds is None:
        return []
    chances = held.answers().probabilities[0, :, 1]
    threshold = float(held.thresholds[0, 0])
    scores = []
    for patient in np.unique(patients[split.test].astype(str)):
        rows = split.test[patients[split.test] == patient]
        scores.append(score_patient(patient, labels[rows], chances[rows], threshold))
    return scores
