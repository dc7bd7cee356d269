"""From held-out predictions of a model and of colour alone to what the card says of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from core.evaluation.bootstrap import MINIMUM_PATIENTS, bootstrap_mean
from core.evaluation.patients import PatientScore
from core.registry.card_results import Evaluation, PatientResult, ShiftResult
from core.training.judging.held_out import HeldOut

FEW = (
    f"No interval is given: resampling fewer than {MINIMUM_PATIENTS} patients says nothing of the "
    "next one."
)


def judge_by_patient(
    model: HeldOut, colour: HeldOut, labels: NDArray[np.int64], strengths: tuple[float, ...] = ()
) -> Evaluation:
    """Leave-one-patient-out: every figure is a mean over patients.

    Parameters
    ----------
    model, colour : HeldOut
        On the same patients, each with images of both classes; N images.
    labels : int64 array, shape (N,), 0 or 1
    strengths : tuple of float
        Of the stain shift in each view but the first.
    """
    difference = bootstrap_mean(model.values("auroc") - colour.values("auroc"))
    return Evaluation(
        protocol=(
            "Leave one patient out. Each figure is the mean over the patients left out; "
            "temperature and operating point were chosen each time without the patient left out."
        ),
        leaky=False,
        patients=len(model.scores),
        images=len(model.rows),
        auroc=model.mean("auroc"),
        auroc_interval=bootstrap_mean(model.values("auroc")),
        balanced_accuracy=model.mean("balanced_accuracy"),
        balanced_accuracy_interval=bootstrap_mean(model.values("balanced_accuracy")),
        colour_auroc=colour.mean("auroc"),
        colour_balanced_accuracy=colour.mean("balanced_accuracy"),
        beats_colour=difference is not None and difference[0] > 0,
        difference_interval=difference,
        by_patient=patient_results(model.scores, colour.scores),
        notes=() if difference else (FEW,),
        stain_shift=tuple(
            ShiftResult(
                strength=strength,
                auroc=_mean_auroc(model.shifted[view], model, labels),
                colour_auroc=_mean_auroc(colour.shifted[view], colour, labels),
            )
            for view, strength in enumerate(strengths)
        ),
    )


def _mean_auroc(
    chances: NDArray[np.float64], held_out: HeldOut, labels: NDArray[np.int64]
) -> float:
    """Mean over the patients, whose images lie one after another."""
    ends = np.cumsum([score.images for score in held_out.scores])[:-1]
    parts = zip(np.split(labels, ends), np.split(chances, ends), strict=True)
    return float(np.mean([roc_auc_score(truth, own) for truth, own in parts]))


def patient_results(
    model: Sequence[PatientScore], colour: Sequence[PatientScore]
) -> tuple[PatientResult, ...]:
    """What the card says of each patient, the model's score beside that of colour alone."""
    return tuple(
        PatientResult(
            patient=own.patient,
            images=own.images,
            positives=own.positives,
            auroc=own.auroc,
            balanced_accuracy=own.balanced_accuracy,
            threshold=own.threshold,
            colour_auroc=baseline.auroc,
            colour_balanced_accuracy=baseline.balanced_accuracy,
        )
        for own, baseline in zip(model, colour, strict=True)
    )
