"""Judge by repeated cross-validation over patients."""

import numpy as np
import pandas as pd

from core.datasets.records import Dataset
from core.training.by_leaving_out import Judged
from core.training.cross_validate import CrossValidated, Fitter, cross_validate
from core.training.grouped_folds import grouped_folds
from core.training.judge_folds import judge_folds
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
        If there are fewer patients than folds.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    folds = np.stack([grouped_folds(labels, patients, FOLDS, seed) for seed in range(ROUNDS)])
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
    temperature, threshold = held.decide(labels, patients)
    tested = (folds >= 0).any(axis=0)
    return Judged(
        temperature,
        threshold,
        f"{tested.sum()} images of {len(np.unique(patients[tested].astype(str)))} patients, each "
        f"answered {ROUNDS} times by models that had not seen the patient",
        judge_folds(held, base, labels, patients, dataset.classes, STRENGTHS),
        predictions_of_folds(held, base, dataset),
    )


def predictions_of_folds(
    model: CrossValidated, colour: CrossValidated, dataset: Dataset
) -> pd.DataFrame:
    """One row an image and round, from which the card's figures can be worked out again.

    Columns: image, patient, magnification, label, round, fold, threshold (of two classes),
    `probability <class>` for each class, calibrated, and the last two of these for colour alone.
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
            "label": [dataset.classes[label] for label in records["label"]],
            "round": number + 1,
            "fold": folds[rows] + 1,
        }
        for held, answers, prefix in zip((model, colour), both, ("", "colour "), strict=True):
            if held.thresholds is not None:
                columns[f"{prefix}threshold"] = held.thresholds[number, folds[rows]].round(6)
            for label, name in enumerate(dataset.classes):
                chances = answers.probabilities[number, rows, label]
                columns[f"{prefix}probability {name}"] = chances.round(6)
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)
