"""Two models on the same patients, and a model against colour alone: paired by patient."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from core.errors import EvaluationError
from core.evaluation.bootstrap import DRAWS, Interval, no_interval
from core.evaluation.estimand import FIRST, Estimand
from core.evaluation.intervals import resampling
from core.evaluation.metrics import main_figures
from core.evaluation.patients_behind import patients_behind
from core.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Difference:
    """The first model's figure, the second's, and the first minus the second."""

    first: float
    second: float
    difference: float
    interval: Interval | None

    @property
    def higher(self) -> bool:
        """Whether the whole interval lies above 0: the first is better."""
        return self.interval is not None and self.interval[0] > 0

    @property
    def lower(self) -> bool:
        """Whether the whole interval lies below 0: the second is better."""
        return self.interval is not None and self.interval[1] < 0


@dataclass(frozen=True)
class Comparison:
    """Two models on the same patients.

    Attributes
    ----------
    patients, images : int
        Those that both answered.
    auroc, balanced_accuracy : Difference
    no_interval : str or None
        Why there is no interval, and so no verdict.
    estimand : "alike", "patients", "pooled" or "folds"
        That the figures are of; see `core.evaluation.estimand.estimand_of`.
    """

    patients: int
    images: int
    auroc: Difference
    balanced_accuracy: Difference
    no_interval: str | None
    estimand: Estimand


def compare(
    first: Predictions,
    second: Predictions,
    *,
    estimand: Estimand = FIRST,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the images that both answered, paired over patients.

    Both are judged on the same patients drawn, or without the same one, so that what makes a
    patient easy or hard for both cancels out.

    Parameters
    ----------
    first, second : Predictions
        Of several rounds each figure is the mean over them; the other may have a single one.
    estimand : "alike", "patients", "pooled" or "folds"
    draws : int
        Of a bootstrap; 0 gives no intervals.
    seed : int

    Raises
    ------
    EvaluationError
        If they share no image, or differ in classes or in what an image's label or patient is, or
        if the shared images are all of one class.
    """
    pair = [predictions.grouped(estimand) for predictions in _shared(first, second)]
    whole = [
        main_figures(predictions, np.ones((1, len(predictions.labels)))) for predictions in pair
    ]
    if np.isnan([figures[name][0] for figures in whole for name in figures]).any():
        raise EvaluationError(
            "These models cannot be compared: the images both answered are all of one class, "
            "or no patient has images of every class. Choose images of every class."
        )
    patients, labels = pair[0].patients, pair[0].labels
    reason = no_interval(patients, labels, pair[0].classes)
    chosen, others = None, None
    if reason is None and draws:
        chosen = resampling(patients, labels, draws=draws, seed=seed)
        others = [
            chosen.of(partial(main_figures, predictions), predictions.patients)
            for predictions in pair
        ]

    def difference(name: str) -> Difference:
        first_value, second_value = (float(figures[name][0]) for figures in whole)
        between = None
        if chosen and others:
            people = patients_behind(pair[0], name)
            between = chosen.interval_of_difference(
                first_value - second_value, others[0][name] - others[1][name], people
            )
        return Difference(first_value, second_value, first_value - second_value, between)

    return Comparison(
        patients=pair[0].patient_count,
        images=pair[0].image_count,
        auroc=difference("auroc"),
        balanced_accuracy=difference("balanced_accuracy"),
        no_interval=reason,
        estimand=estimand,
    )


def _shared(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Both on the images that both answered."""
    if set(first.classes) != set(second.classes):
        raise EvaluationError(
            f"One model tells {', '.join(first.classes)} apart, the other "
            f"{', '.join(second.classes)}. Compare models with the same classes."
        )
    common = set(first.images) & set(second.images)
    if not common:
        raise EvaluationError(
            f"The models share no image: one answered {first.images[0]!r} and others, the other "
            f"{second.images[0]!r} and others. Evaluate both on the same dataset."
        )
    pair = tuple(
        predictions.of(np.isin(predictions.images.astype(str), list(common)))
        for predictions in (first, second)
    )
    facts = [_facts(predictions) for predictions in pair]
    wrong = facts[0].index[(facts[0] != facts[1].reindex(facts[0].index)).any(axis=1)]
    if len(wrong):
        raise EvaluationError(
            f"The models disagree on the patient or the label of {len(wrong)} images, such as "
            f"{wrong[0]!r}. Evaluate both on the same dataset."
        )
    return pair[0], pair[1]


def _facts(predictions: Predictions) -> pd.DataFrame:
    """Patient and class of each image."""
    labels = np.array(predictions.classes, dtype=object)[predictions.labels]
    table = pd.DataFrame({"patient": predictions.patients, "label": labels})
    return table.set_axis(predictions.images).groupby(level=0).first()
