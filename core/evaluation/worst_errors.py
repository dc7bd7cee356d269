"""Images that were called wrongly, the surest wrong answer first."""

import numpy as np
import pandas as pd

from core.evaluation.predictions import Predictions

_HALF = 0.5


def worst_errors(predictions: Predictions, threshold: float | None = None) -> pd.DataFrame:
    """One row an image that was called wrongly in most of its rounds, the worst first.

    Columns: image, patient, magnification, subtype, label; called, the wrong class that it was
    called most often; probability, the mean over rounds of that of its own class; wrong and rounds,
    in how many rounds it was called wrongly, and in how many it was answered.

    Parameters
    ----------
    predictions : Predictions
    threshold : float, optional
        See `Predictions.calls`.
    """
    names = np.array(predictions.classes, dtype=object)
    calls = predictions.calls(threshold)
    wrong = calls != predictions.labels
    table = pd.DataFrame(
        {
            "image": predictions.images.astype(str),
            "patient": predictions.patients.astype(str),
            "magnification": predictions.magnifications.astype(str),
            "subtype": predictions.subtypes.astype(str),
            "label": names[predictions.labels],
            "called": np.where(wrong, names[calls], ""),
            "probability": predictions.probabilities[np.arange(len(calls)), predictions.labels],
            "wrong": wrong,
        }
    )
    groups = table.groupby("image", sort=True)
    errors = groups[["patient", "magnification", "subtype", "label"]].first()
    errors["called"] = (
        table[wrong].groupby("image")["called"].agg(lambda answers: answers.mode().iloc[0])
    )
    errors["probability"] = groups["probability"].mean()
    errors["wrong"], errors["rounds"] = groups["wrong"].sum(), groups["wrong"].size()
    errors = errors[errors["wrong"] > _HALF * errors["rounds"]].reset_index()
    return errors.sort_values(["probability", "image"], ignore_index=True)
