"""A sweep's answers in, a result out: who won, and what choosing a winner is worth."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.errors import EvaluationError
from core.evaluation.choosing import choose_on_validation
from core.evaluation.colour_alone import FOLDS
from core.evaluation.compare import Difference, compare
from core.evaluation.cross_validate import HeldOut
from core.evaluation.judge import evaluation_of, main_values
from core.evaluation.predictions import Predictions, predictions_on
from core.training.judging.held_out import held_out_predictions
from core.training.sweep.answers import FoldAnswer
from core.training.sweep.result import CandidateResult, SweepResult, Value
from core.training.sweep.sweep_file import SweepCandidate


class TriedCandidate(NamedTuple):
    """A candidate with the answers of all folds under each seed, and the seconds they took."""

    candidate: SweepCandidate
    answers: Sequence[Sequence[FoldAnswer]]
    seconds: float


def judge_sweep(
    tried: Sequence[TriedCandidate],
    dataset: Dataset,
    deals: NDArray[np.int64],
    colour: HeldOut,
    seeds: tuple[int, ...],
    failed: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
) -> tuple[SweepResult, Predictions]:
    """Judge what was tried; the second is what the nested figures are worked out from.

    Parameters
    ----------
    tried : sequence of TriedCandidate
    dataset : Dataset
        N images.
    deals : int64 array, shape (S, N)
        The fold of each image under each seed; -1 for images trained on in every fold.
    colour : HeldOut
        Of colour alone, in the same folds.
    seeds : tuple of int
    failed : mapping of str to str
    seen : mapping of str to str, optional
        Which of these patients a candidate's encoder was pretrained on, in a sentence.

    Raises
    ------
    EvaluationError
        If nothing was tried to the end.
    """
    if not tried:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise EvaluationError(f"No candidate gave an answer. {reasons}")
    by_name = {each.candidate.name: each for each in tried}
    models = {name: _held_out(each, deals) for name, each in by_name.items()}
    held_out = {
        name: held_out_predictions(model, colour, dataset, "folds")
        for name, model in models.items()
    }
    validation = _validation(by_name, models, dataset, deals)
    nested = choose_on_validation(held_out, validation)
    apparent = {name: _auroc(predictions) for name, predictions in held_out.items()}
    best = max(apparent, key=lambda name: apparent[name])
    evaluation = evaluation_of(nested.predictions)
    auroc, accuracy = (
        Value(value=figure.value or 0.0, interval=figure.interval)
        for figure in (evaluation.figures["auroc"], evaluation.figures["balanced_accuracy"])
    )
    colour_only = nested.predictions.colour()
    assert colour_only is not None  # noqa: S101 - it is always judged beside
    results = [
        CandidateResult(
            name=name,
            source=each.candidate.source,
            changes=each.candidate.changes,
            validation_auroc=nested.validation[name],
            auroc=apparent[name],
            balanced_accuracy=main_values(held_out[name])["balanced_accuracy"] or 0.0,
            behind=None
            if name == nested.winner
            else _difference(held_out[nested.winner], held_out[name]),
            folds_chosen=nested.chosen[name],
            minutes=each.seconds / 60,
            seen=(seen or {}).get(name, ""),
        )
        for name, each in by_name.items()
    ]
    results.sort(key=lambda each: (each.name != nested.winner, -each.validation_auroc))
    return (
        SweepResult(
            dataset=dataset.name,
            images=evaluation.images,
            patients=evaluation.patients,
            seeds=seeds,
            classes=dataset.classes,
            candidates=tuple(results),
            nested_auroc=auroc,
            nested_balanced_accuracy=accuracy,
            best=best,
            best_auroc=apparent[best],
            optimism=_difference(held_out[best], nested.predictions),
            colour_auroc=_auroc(colour_only),
            beyond_colour=_difference(nested.predictions, colour_only),
            failed=dict(failed),
        ),
        nested.predictions,
    )


def _held_out(each: TriedCandidate, deals: NDArray[np.int64]) -> HeldOut:
    classes = each.answers[0][0].tested.shape[1]
    logits = np.full((len(deals), 1, deals.shape[1], classes), np.nan)
    for round_, answers in enumerate(each.answers):
        for answer in answers:
            logits[round_, 0, deals[round_] == answer.fold] = answer.tested
    decisions = tuple(
        tuple(answer.decision for answer in sorted(answers, key=lambda answer: answer.fold))
        for answers in each.answers
    )
    return HeldOut(deals, logits, decisions)


def _validation(
    by_name: Mapping[str, TriedCandidate],
    held_out: Mapping[str, HeldOut],
    dataset: Dataset,
    deals: NDArray[np.int64],
) -> dict[str, Predictions]:
    """What each candidate answered on the fold after the one that is judged, in that one's name."""
    judged = np.where(deals >= 0, (deals - 1) % FOLDS, -1)
    models = {}
    for name, each in by_name.items():
        logits = np.full_like(held_out[name].logits, np.nan)
        for round_, answers in enumerate(each.answers):
            for answer in answers:
                logits[round_, 0, judged[round_] == answer.fold] = answer.chosen_on
        models[name] = HeldOut(judged, logits, held_out[name].decisions)
    # An image that one of them cannot say anything of chooses none of them.
    known = np.all(
        [np.isfinite(model.logits[:, 0]).all(axis=2) for model in models.values()], axis=0
    )
    common = np.where(known, judged, -1)
    validation = {}
    for name, model in models.items():
        shown = HeldOut(common, model.logits, model.decisions)
        rounds, rows = shown.places
        validation[name] = predictions_on(
            dataset.records.iloc[rows],
            dataset.classes,
            "folds",
            shown.probabilities(),
            rounds=rounds + 1,
            folds=common[rounds, rows] + 1,
        )
    return validation


def _auroc(predictions: Predictions) -> float:
    return main_values(predictions)["auroc"] or 0.0


def _difference(first: Predictions, second: Predictions) -> Value:
    difference: Difference = compare(first, second).auroc
    return Value(value=difference.difference, interval=difference.interval)
