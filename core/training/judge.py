"""From held-out predictions of a model and of colour alone to what the card says of them."""

from collections.abc import Sequence

from core.evaluation.bootstrap import MINIMUM_PATIENTS, bootstrap_mean
from core.evaluation.patients import PatientScore
from core.registry.card_results import Evaluation, PatientResult
from core.training.held_out import HeldOut

FEW = (
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
        by_patient=patient_results(model.scores, colour.scores),
        notes=() if difference else (FEW,),
    )


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
