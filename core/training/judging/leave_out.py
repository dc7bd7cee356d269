"""Judge on each patient who has images of every class, left out in turn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.datasets.records import Dataset
from core.evaluation.predictions import Protocol
from core.registry.card_results import Evaluation, OperatingPoint
from core.training.judging.answered_by import AnsweredBy, answered_singly
from core.training.judging.fitter import Fitter
from core.training.judging.held_out import fit_decision, leave_one_out, predictions_table
from core.training.judging.judge import judge_by_patient
from core.training.judging.thresholds import operating_points
from core.training.watch import Watch


@dataclass(frozen=True)
class Judged:
    """What judging a recipe leaves for the card.

    Attributes
    ----------
    temperature : float
    points : tuple of OperatingPoint
        The first is the one that answers go by; none for more than two classes.
    evaluation : Evaluation
    predictions : pandas.DataFrame
        Held-out.
    tested : tuple of AnsweredBy
        Which model of the judging answered which images.
    protocol : "folds" or "patients"
    """

    temperature: float
    points: tuple[OperatingPoint, ...]
    evaluation: Evaluation
    predictions: pd.DataFrame
    tested: tuple[AnsweredBy, ...]
    protocol: Protocol


def judge_by_leaving_out(
    model: Fitter,
    colour: Fitter,
    dataset: Dataset,
    judged: list[str],
    strengths: tuple[float, ...],
    watch: Watch,
) -> Judged:
    """Judge a model and colour alone on the same patients, who have images of both classes.

    `strengths` are of the stain shift in each view but the first.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    held, base = (
        leave_one_out(
            fit,
            labels,
            patients,
            judged,
            lambda done, stage=stage: watch.stage(stage, done),  # type: ignore[misc]
        )
        for fit, stage in ((model, "Leaving patients out"), (colour, "Judging colour alone"))
    )
    decision = fit_decision(held.logits, labels[held.rows], patients[held.rows])
    predictions = predictions_table(held, base, dataset.records, dataset.classes)
    fitted_on = (
        f"{len(held.rows)} images of {len(np.unique(patients[held.rows]))} left-out patients"
    )
    return Judged(
        decision.temperature,
        operating_points(predictions, dataset.classes, decision.thresholds, fitted_on),
        judge_by_patient(held, base, labels[held.rows], strengths),
        predictions,
        answered_singly(held, len(labels)),
        "patients",
    )
