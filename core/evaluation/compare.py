"""Two models on the same patients, and a model against colour alone: paired by patient."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import EvaluationError
from core.evaluation.bootstrap import (
    DRAWS,
    Interval,
    draw_patients,
    no_interval,
    percentiles,
    resample,
)
from core.evaluation.metrics import main_figures
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
    """

    patients: int
    images: int
    auroc: Difference
    balanced_accuracy: Difference
    no_interval: str | None


def compare(
    first: Predictions, second: Predictions, *, draws: int = DRAWS, seed: int = 0
) -> Comparison:
    """Compare two models on the images that both answered, by paired bootstrap over patients.

    In each draw both are judged on the same patients, so that what makes a patient easy or hard
    for both cancels out.

    Raises
    ------
    EvaluationError
        If they share no image, or differ in classes or in what an image's label or patient is, or
        if the shared images are all of one class.
    """
    pair = _shared(first, second)
    patients, labels = pair[0].patients, pair[0].labels
    whole = [main_figures(each, np.ones((1, len(each.labels)))) for each in pair]
    if np.isnan([each[name][0] for each in whole for name in each]).any():
        raise EvaluationError(
            "These models cannot be compared: the images that both answered are all of one class. "
            "Choose images of every class."
        )
    reason = no_interval(patients, labels, pair[0].classes)
    drawn = None
    if reason is None:
        chosen = draw_patients(patients, labels, draws=draws, seed=seed)
        drawn = [
            resample(lambda weights, each=each: main_figures(each, weights), each.patients, chosen)  # type: ignore[misc]
            for each in pair
        ]

    def difference(name: str) -> Difference:
        own, other = (float(each[name][0]) for each in whole)
        interval = percentiles(drawn[0][name] - drawn[1][name]) if drawn else None
        return Difference(own, other, own - other, interval)

    return Comparison(
        patients=pair[0].patient_count,
        images=pair[0].image_count,
        auroc=difference("auroc"),
        balanced_accuracy=difference("balanced_accuracy"),
        no_interval=reason,
    )


def against_colour(
    predictions: Predictions, *, draws: int = DRAWS, seed: int = 0
) -> Comparison | None:
    """The same of a model and the colour-only baseline; None where the table has no baseline."""
    colour = predictions.colour()
    if colour is None:
        return None
    return compare(predictions.beside_colour(), colour, draws=draws, seed=seed)


def _shared(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Both on the images that both answered."""
    if set(first.classes) != set(second.classes):
        raise EvaluationError(
            f"One model tells {', '.join(first.classes)} apart, the other "
            f"{', '.join(second.classes)}. Compare models with the same classes."
        )
    both = set(first.images) & set(second.images)
    if not both:
        raise EvaluationError(
            f"The models share no image: one answered {first.images[0]!r} and others, the other "
            f"{second.images[0]!r} and others. Evaluate both on the same dataset."
        )
    pair = tuple(each.of(np.isin(each.images.astype(str), list(both))) for each in (first, second))
    facts = [_facts(each) for each in pair]
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
