"""Judge on each patient who has images of every class, left out in turn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.datasets.records import Dataset
from core.registry.card_results import Evaluation
from core.training.cross_validate import Fitter
from core.training.held_out import fit_decision, leave_one_out, predictions_table
from core.training.judge import judge_by_patient
from core.training.learners import as_learner
from core.training.watch import Watch


@dataclass(frozen=True)
class Judged:
    """What judging a recipe leaves for the card.

    Attributes
    ----------
    temperature : float
    threshold : float or None
    chosen_on : str
        What both were chosen on, in words.
    evaluation : Evaluation
    predictions : pandas.DataFrame
        Held-out.
    """

    temperature: float
    threshold: float | None
    chosen_on: str
    evaluation: Evaluation
    predictions: pd.DataFrame


def judge_by_leaving_out(
    model: Fitter, colour: Fitter, dataset: Dataset, judged: list[str], watch: Watch
) -> Judged:
    """Judge a model and colour alone on the same patients, who have images of both classes."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    held, base = (
        leave_one_out(
            as_learner(fit),
            labels,
            patients,
            judged,
            lambda done, stage=stage: watch.stage(stage, done),  # type: ignore[misc]
        )
        for fit, stage in ((model, "Leaving patients out"), (colour, "Judging colour alone"))
    )
    temperature, threshold = fit_decision(held.logits, labels[held.rows], patients[held.rows])
    return Judged(
        temperature,
        threshold,
        f"{len(held.rows)} images of {len(np.unique(patients[held.rows]))} left-out patients",
        judge_by_patient(held, base),
        predictions_table(held, base, dataset.records, dataset.classes),
    )
