"""Train by gradient descent, judged by cross-validation: each patient by a model without them.

A model is trained for each fold, then the one that is kept, on all patients but those that its
epochs are chosen on.
"""

from contextlib import suppress
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from core.atomic import whole_file
from core.datasets.records import Dataset
from core.errors import Stopped
from core.evaluation.colour_alone import FOLDS, colour_fitter
from core.evaluation.cross_validate import HeldOut, cross_validate, fit_decision
from core.training.by_fit import fit_crops, views_of_network
from core.training.fitting.checkpoint import state_key
from core.training.fitting.fit import logits_of
from core.training.fitting.upper import Learner, learner_of
from core.training.judging.changes import measure_changed, rows_to_change
from core.training.judging.features import STRENGTHS, colour_views, measure_colours
from core.training.judging.folds import split_of_fold
from core.training.judging.held_out import judge_held_out
from core.training.judging.kept import UNREADABLE_ARRAYS
from core.training.judging.results import (
    operating_points,
)
from core.training.judging.trust import sets_of, trust_of_fit
from core.training.request.recipe import Recipe, Train
from core.training.trained import Trained
from core.training.watch import Watch

STAGE = "Cross-validation"
_PROTOCOL = (
    f"{FOLDS}-fold cross-validation by patient; each fold was tested by a model trained on others, "
    "whose epochs, temperature and decision threshold were chosen on one of them."
)
_ANSWERS = "answers.npz"


class _Fold(Watch):
    """Tells how far all folds are, and nothing of the steps of one."""

    def __init__(self, watch: Watch, fold: int) -> None:
        self.checkpoints = watch.checkpoints and watch.checkpoints / f"fold-{fold + 1}"
        self.stopped = False
        self._watch, self._fold = watch, fold

    def stage(self, name: str, done: float) -> None:  # noqa: ARG002 - all are of one fold
        """Tell how far all folds are."""
        self._watch.stage(STAGE, (self._fold + min(done, 1.0)) / FOLDS)

    def judging(self, _: float) -> None:
        """Hear that its model is trained and being judged."""
        self.stage("", 1.0)

    def cancelled(self) -> bool:
        """Tell whether the run shall stop, and remember it."""
        self.stopped = self._watch.cancelled()
        return self.stopped


def train_by_folds(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    folds: NDArray[np.int64],
    watch: Watch,
) -> Trained:
    """Judge the recipe on every fold, then train on all patients.

    Temperature and thresholds of the final model come from the held-out predictions.

    Parameters
    ----------
    network : keras.Model
        It is trained in place.
    recipe : Recipe
    settings : Train
    dataset : Dataset
        N images.
    pixels : uint8 array, shape (N × crops, h, w, 3)
        As `core.training.by_fit.train_by_fit` takes them.
    folds : int64 array, shape (N,)
        As `core.training.judging.folds.folds_of_fit` gives them.
    watch : Watch
        Hears of the epochs of the final model, and of the folds how far all of them are. With a
        folder of checkpoints, folds that were done are not done again.

    Raises
    ------
    Stopped
        If it was cancelled before the final model had an epoch.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    crops = len(pixels) // len(labels)
    colours = colour_views(
        pixels, crops, lambda done: watch.stage("Measuring colours", done), STRENGTHS
    )
    rows = rows_to_change(folds[None], dataset)
    (changed_colours,) = measure_changed(
        (measure_colours,),
        pixels,
        crops,
        rows,
        lambda done: watch.stage("Changing images", done),
    )
    split = split_of_fold(folds, None, recipe.seed)
    with learner_of(network, recipe, settings, pixels, watch) as learner:
        model = _test_folds(network, learner, settings, dataset, pixels, folds, rows, watch)
        history = fit_crops(learner, settings, labels, patients, split, watch)
    watch.stage("Judging", 0.0)
    colour = cross_validate(
        colour_fitter(colours, labels, patients, len(dataset.classes), changed_colours),
        labels,
        patients,
        folds[None],
    )
    predictions, evaluation = judge_held_out(
        model,
        colour,
        dataset,
        "folds",
        _PROTOCOL,
        rows,
    )
    watch.stage("Judging", 1.0)
    decision = model.decide(labels, patients)
    trust = trust_of_fit(
        network,
        pixels,
        labels,
        patients,
        split,
        decision.temperature,
        dataset.classes,
        lambda done: watch.stage("Looking at what was trained on", done),
    )
    return Trained(
        network=network,
        temperature=decision.temperature,
        operating_points=operating_points(
            predictions,
            decision.thresholds,
            f"{predictions.image_count} images of {predictions.patient_count} patients, each "
            "answered by a model that had not seen the patient",
        ),
        evaluation=evaluation,
        predictions=predictions,
        history=history,
        rows=split.parts(),
        trust=trust.with_sets(sets_of(predictions)),
    )


def _test_folds(
    network: keras.Model,
    learner: Learner,
    settings: Train,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    folds: NDArray[np.int64],
    to_change: NDArray[np.int64],
    watch: Watch,
) -> HeldOut:
    """Train a model for each fold and have it answer the fold; the network ends as it was."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    crops = len(pixels) // len(labels)
    start = [np.asarray(variable) for variable in network.variables]
    logits_of_squares = logits_of(network)
    logits, decisions = None, []
    for fold in range(FOLDS):
        split, fold_watch = split_of_fold(folds, fold, learner.recipe.seed), _Fold(watch, fold)
        digest = state_key(learner.recipe, pixels.shape, labels, patients, split).digest
        answers = _known_answers(fold_watch.checkpoints, digest)
        if answers is None:
            with suppress(Stopped):
                fit_crops(learner, settings, labels, patients, split, fold_watch)
            if fold_watch.stopped:
                raise Stopped(
                    f"The run was cancelled in fold {fold + 1} of {FOLDS}, before there was a "
                    "model to keep. Resume it to continue from there."
                )
            rows = to_change[np.isin(to_change, split.test)]
            (changed,) = measure_changed(
                (logits_of_squares,), pixels, crops, rows, fold_watch.judging
            )
            predict = views_of_network(logits_of_squares, pixels, crops, changed)
            answers = predict(split.validation, plain=True)[0], predict(split.test)
            for variable, value in zip(network.variables, start, strict=True):
                variable.assign(value)
            _keep_answers(fold_watch.checkpoints, digest, *answers)
        chosen_on, tested = answers
        decisions.append(
            fit_decision(chosen_on, labels[split.validation], patients[split.validation])
        )
        if logits is None:
            logits = np.full((1, len(tested), len(labels), tested.shape[2]), np.nan)
        logits[0][:, split.test] = tested
    return HeldOut(folds[None], np.asarray(logits), (tuple(decisions),))


def _known_answers(
    folder: Path | None, digest: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """What the model of a fold answered before the run was interrupted."""
    if folder is None or not (folder / _ANSWERS).exists():
        return None
    try:
        with (folder / _ANSWERS).open("rb") as file, np.load(file, allow_pickle=False) as saved:
            if str(saved["digest"]) != digest:
                return None
            return saved["chosen_on"], saved["tested"]
    except UNREADABLE_ARRAYS:
        return None


def _keep_answers(
    folder: Path | None,
    digest: str,
    chosen_on: NDArray[np.float64],
    tested: NDArray[np.float64],
) -> None:
    """Write them whole or not at all; the states of the fold's training are needed no more."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / _ANSWERS) as file:
        np.savez(file, digest=np.str_(digest), chosen_on=chosen_on, tested=tested)
    for state in folder.glob("state-*.npz"):
        state.unlink()
