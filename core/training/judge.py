"""From held-out predictions of a model and of colour alone to what the card says of them."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.evaluation.patients import MINIMUM_PATIENTS, bootstrap_mean, bootstrap_pooled
from core.registry.card import Evaluation, PatientResult
from core.training.held_out import HeldOut

_FEW = (
    f"No interval is given: resampling fewer than {MINIMUM_PATIENTS} patients says nothing of the "
    "next one."
)


def judge_by_patient(model: HeldOut, colour: HeldOut) -> Evaluation:
    """Leave-one-patient-out: every figure is a mean over patients.

    Parameters
    ----------
    model, colour : HeldOut
        On the same patients, each with images of both classes.
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
        by_patient=_by_patient(model, colour),
        notes=() if difference else (_FEW,),
    )


def judge_pooled(
    model: HeldOut,
    colour: HeldOut,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    *,
    leaky: bool,
) -> Evaluation:
    """One test part: every figure is of all its images together.

    Parameters
    ----------
    model, colour : HeldOut
        On the same rows.
    labels : int64 array, shape (N,), 0 or 1
    patients : object array, shape (N,)
        Of these rows.
    leaky : bool
        Whether patients of the test part were also trained on.
    """

    def balanced(truth: NDArray[np.int64], probabilities: NDArray[np.floating]) -> float:
        threshold = model.scores[0].threshold
        return float(balanced_accuracy_score(truth, probabilities >= threshold))

    def gain(truth: NDArray[np.int64], both: NDArray[np.floating]) -> float:
        return float(roc_auc_score(truth, both[:, 0]) - roc_auc_score(truth, both[:, 1]))

    colour_calls = colour.probabilities >= colour.scores[0].threshold
    both = np.stack([model.probabilities, colour.probabilities], axis=1)
    difference = bootstrap_pooled(gain, labels, both, patients)
    notes = [] if difference else [_FEW]
    if leaky:
        notes.append(
            "Leaky split: images of the same patients were trained on and tested on. These figures "
            "say nothing about a new patient."
        )
    return Evaluation(
        protocol="One test part, not trained on; each figure is of all its images together.",
        leaky=leaky,
        patients=len(np.unique(patients)),
        images=len(labels),
        auroc=float(roc_auc_score(labels, model.probabilities)),
        auroc_interval=bootstrap_pooled(roc_auc_score, labels, model.probabilities, patients),
        balanced_accuracy=balanced(labels, model.probabilities),
        balanced_accuracy_interval=bootstrap_pooled(
            balanced, labels, model.probabilities, patients
        ),
        colour_auroc=float(roc_auc_score(labels, colour.probabilities)),
        colour_balanced_accuracy=float(balanced_accuracy_score(labels, colour_calls)),
        beats_colour=difference is not None and difference[0] > 0,
        difference_interval=difference,
        by_patient=_by_patient(model, colour),
        notes=tuple(notes),
    )


def _by_patient(model: HeldOut, colour: HeldOut) -> tuple[PatientResult, ...]:
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
        for own, baseline in zip(model.scores, colour.scores, strict=True)
    )
