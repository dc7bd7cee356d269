"""Judge by repeated cross-validation over patients."""

import numpy as np
import pandas as pd

from core.datasets.records import Dataset
from core.evaluation.operating_point import RULES
from core.training.judging.answered_by import answered_in_folds
from core.training.judging.cross_validate import CrossValidated, cross_validate
from core.training.judging.fitter import Fitter
from core.training.judging.folds import grouped_folds
from core.training.judging.judge_folds import judge_folds
from core.training.judging.learnable_folds import require_learnable
from core.training.judging.leave_out import Judged
from core.training.judging.thresholds import operating_points
from core.training.watch import Watch

FOLDS = 5
ROUNDS = 3
STRENGTHS = (0.1, 0.25)
"""Stain shifts that models are tested under; see `core.datasets.augmentation.StainJitter`."""


def judge_by_folds(model: Fitter, colour: Fitter, dataset: Dataset, watch: Watch) -> Judged:
    """Judge a model and colour alone on the same folds.

    Raises
    ------
    TrainingError
        If there are fewer patients than folds, or fewer than three of one of two classes.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    folds = np.stack([grouped_folds(labels, patients, FOLDS, seed) for seed in range(ROUNDS)])
    require_learnable(labels, patients, folds, len(dataset.classes), dataset.classes)
    held, base = (
        cross_validate(
            fit,
            labels,
            patients,
            folds,
            lambda done, stage=stage: watch.stage(stage, done),  # type: ignore[misc]
        )
        for fit, stage in ((model, "Leaving patients out"), (colour, "Judging colour alone"))
    )
    decision = held.decide(labels, patients)
    tested = (folds >= 0).any(axis=0)
    predictions = predictions_of_folds(held, base, dataset)
    fitted_on = (
        f"{tested.sum()} images of {len(np.unique(patients[tested].astype(str)))} patients, each "
        f"answered {ROUNDS} times by models that had not seen the patient"
    )
    return Judged(
        decision.temperature,
        operating_points(predictions, dataset.classes, decision.thresholds, fitted_on),
        judge_folds(held, base, labels, patients, dataset.classes, STRENGTHS),
        predictions,
        answered_in_folds(held),
        "folds",
    )


def predictions_of_folds(
    model: CrossValidated, colour: CrossValidated, dataset: Dataset
) -> pd.DataFrame:
    """One row an image and round, from which the card's figures can be worked out again.

    Columns: image, patient, magnification, subtype, label, round, fold, thresholds by each of
    `core.evaluation.operating_point.RULES` (of two classes), `probability <class>` for each class,
    calibrated; and for colour alone `colour threshold` and `colour probability <class>`.
    """
    tables = []
    both = model.answers(), colour.answers()
    for number, folds in enumerate(model.folds):
        rows = np.flatnonzero(folds >= 0)
        records = dataset.records.iloc[rows]
        columns = {
            "image": records["path"].to_numpy(),
            "patient": records["patient"].to_numpy(),
            "magnification": records["magnification"].to_numpy(),
            "subtype": records["subtype"].to_numpy(),
            "label": [dataset.classes[label] for label in records["label"]],
            "round": number + 1,
            "fold": folds[rows] + 1,
        }
        for held, answers, prefix in zip((model, colour), both, ("", "colour "), strict=True):
            if held.thresholds is not None:
                columns[f"{prefix}threshold"] = held.thresholds[number, folds[rows]].round(6)
            if held.other_thresholds is not None and not prefix:
                for rule, values in zip(RULES[1:], held.other_thresholds, strict=True):
                    columns[rule.column] = values[number, folds[rows]].round(6)
            for label, name in enumerate(dataset.classes):
                chances = answers.probabilities[number, rows, label]
                columns[f"{prefix}probability {name}"] = chances.round(6)
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)
