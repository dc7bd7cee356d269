"""Two models on the same patients, and a model against colour alone: paired by patient."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.bootstrap import (
    DRAWS,
    Interval,
    draw_patients,
    no_interval,
    percentiles,
    resample,
)
from core.evaluation.estimand import FIRST, Estimand, Protocol
from core.evaluation.metrics import main_figures
from core.evaluation.predictions import Predictions

SHARED_FOLDS = (
    "The two were not judged in the same folds. Predictions of different models are not ranked "
    "against each other, so both are ranked only among images that one model predicted on either "
    "side; AUROC is the mean over these shared folds."
)
"""What a comparison is of where `Comparison.shared_folds`, in words."""


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
    shared_folds : bool
        Whether the two were judged in different folds, so that each is ranked only within the folds
        of both; see `SHARED_FOLDS`.
    protocol : "one model", "folds" or "patients"
        By which both are judged here.
    estimand : "pooled", "folds" or "patients"
        That the AUROC is of; see `core.evaluation.estimand.estimand_of`.
    """

    patients: int
    images: int
    auroc: Difference
    balanced_accuracy: Difference
    no_interval: str | None
    shared_folds: bool
    protocol: Protocol
    estimand: Estimand


def compare(
    first: Predictions, second: Predictions, *, draws: int = DRAWS, seed: int = 0
) -> Comparison:
    """Compare two models on the images that both answered, by paired bootstrap over patients.

    In each draw both are judged on the same patients, so that what makes a patient easy or hard
    for both cancels out. Where they were judged in different folds, both are judged within the
    folds that they share: else equal answers would differ by how they are ranked.

    Raises
    ------
    EvaluationError
        If they share no image, or no round, or differ in classes or in what an image's label or
        patient is, or if the shared images, or those of each shared fold, are all of one class.
    """
    shared = _shared(first, second)
    pair = _in_shared_folds(*shared)
    protocol, alike = pair[0].protocol, pair[0] is shared[0]
    estimand = FIRST[protocol]
    pair = pair[0].grouped(estimand), pair[1].grouped(estimand)
    patients, labels = pair[0].patients, pair[0].labels
    whole = [
        main_figures(predictions, np.ones((1, len(predictions.labels)))) for predictions in pair
    ]
    if np.isnan([figures[name][0] for figures in whole for name in figures]).any():
        raise EvaluationError(
            "These models cannot be compared: "
            + (
                "the images that both answered are all of one class. Choose images of every class."
                if len(np.unique(labels)) == 1
                else "no fold that they share has images of every class. Evaluate both in the same "
                "folds."
            )
        )
    reason = no_interval(patients, labels, pair[0].classes)
    drawn = None
    if reason is None and draws:
        chosen = draw_patients(patients, labels, draws=draws, seed=seed)
        drawn = [
            resample(partial(main_figures, predictions), predictions.patients, chosen)
            for predictions in pair
        ]

    def difference(name: str) -> Difference:
        first_value, second_value = (float(figures[name][0]) for figures in whole)
        interval = percentiles(drawn[0][name] - drawn[1][name]) if drawn else None
        return Difference(first_value, second_value, first_value - second_value, interval)

    return Comparison(
        patients=pair[0].patient_count,
        images=pair[0].image_count,
        auroc=difference("auroc"),
        balanced_accuracy=difference("balanced_accuracy"),
        no_interval=reason,
        shared_folds=not alike,
        protocol=protocol,
        estimand=estimand,
    )


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
    pair = tuple(
        predictions.of(np.isin(predictions.images.astype(str), list(both)))
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


def _in_shared_folds(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Both, row by row, in folds of which one model answered every image on either side.

    The same two where they were judged alike. A side with one round stands beside each of the
    other's. Shared folds are of one patient where either side's are; they are then weighed as
    patients, or a bootstrap would count a patient once however often it was drawn.
    """
    rows = _rows_of_both(first, second)
    left, right = first.of(rows[0]), second.of(rows[1])
    rounds = left.rounds if len(np.unique(first.rounds)) > 1 else right.rounds
    _, folds = np.unique(np.stack([left.folds, right.folds]), axis=1, return_inverse=True)
    joint = replace(left, rounds=rounds, folds=folds.astype(np.int64) + 1)
    pools = len(joint.pools())
    if (
        first.protocol == second.protocol
        and len(rounds) == len(first.labels) == len(second.labels)
        and pools == len(first.pools()) == len(second.pools())
    ):
        return first, second
    protocol: Protocol = "patients" if "patients" in (first.protocol, second.protocol) else "folds"
    return (
        replace(joint, protocol=protocol),
        replace(right, rounds=rounds, folds=joint.folds, protocol=protocol),
    )


def _rows_of_both(first: Predictions, second: Predictions) -> NDArray[np.int64]:
    """Rows of the first and of the second that answer the same image in the same round, (2, R)."""
    tables = [
        pd.DataFrame(
            {
                "image": predictions.images,
                "round": predictions.rounds,
                "row": np.arange(len(predictions.rounds)),
            }
        )
        for predictions in (first, second)
    ]
    single = any(table["round"].nunique() == 1 for table in tables)
    both = tables[0].merge(tables[1], on=["image"] if single else ["image", "round"])
    if both.empty:
        said = (
            ", ".join(str(number) for number in np.unique(side.rounds)) for side in (first, second)
        )
        raise EvaluationError(
            "The models share no image within a round: one has the rounds {}, the other {}. Number "
            "the rounds alike.".format(*said)
        )
    return both[["row_x", "row_y"]].to_numpy(dtype=np.int64).T


def _facts(predictions: Predictions) -> pd.DataFrame:
    """Patient and class of each image."""
    labels = np.array(predictions.classes, dtype=object)[predictions.labels]
    table = pd.DataFrame({"patient": predictions.patients, "label": labels})
    return table.set_axis(predictions.images).groupby(level=0).first()
