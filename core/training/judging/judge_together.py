"""From an ensemble's table of held-out answers to what its card says of them.

The figures are those that the Performance page works out of the same table. How the ensemble does
under another stain or on changed images cannot be told from it, and stays empty.
"""

from collections.abc import Mapping

from core.errors import EvaluationError
from core.evaluation.compare import Comparison, against_colour
from core.evaluation.judgement import Judgement, judge
from core.evaluation.patients import PatientScore, score_patient
from core.evaluation.predictions import Predictions
from core.registry.card_results import ClassResult, Evaluation, PatientResult
from core.training.judging.judge import patient_results

AVERAGED = "The mean of the members' held-out answers, judged as a single model's are."
SECOND_HAND = (
    "Each threshold was chosen on the averages for other patients; they come from models that may "
    "have been trained with the patient whom it is used for, so what is called what may flatter a "
    "little."
)
_HALF = 0.5


def judge_together(held_out: Predictions, withheld: Mapping[str, str]) -> Evaluation | None:
    """Judge the averaged answers beside those of colour alone.

    Parameters
    ----------
    held_out : Predictions
        Of patients that no answering model had seen.
    withheld : mapping of str to str
        Classes without figures on the members' cards, and why.

    Returns
    -------
    Evaluation or None
        None where there are no answers of colour alone, or of one class only: a card has every
        figure beside that of colour alone.
    """
    try:
        compared = against_colour(held_out)
    except EvaluationError:
        return None
    found, colour = judge(held_out), held_out.colour()
    auroc, balanced = found.figures["auroc"], found.figures["balanced_accuracy"]
    if compared is None or colour is None or auroc.value is None or balanced.value is None:
        return None
    return Evaluation(
        protocol=f"{AVERAGED} {found.how}",
        leaky=False,
        patients=found.patients,
        images=found.images,
        auroc=auroc.value,
        auroc_interval=auroc.interval,
        balanced_accuracy=balanced.value,
        balanced_accuracy_interval=balanced.interval,
        colour_auroc=compared.auroc.second,
        colour_balanced_accuracy=compared.balanced_accuracy.second,
        beats_colour=compared.auroc.higher,
        difference_interval=compared.auroc.interval,
        by_patient=_by_patient(held_out, colour),
        notes=_notes(held_out, compared),
        by_class=() if held_out.binary else _by_class(found, judge(colour, draws=0), withheld),
    )


def _notes(held_out: Predictions, compared: Comparison) -> tuple[str, ...]:
    second_hand = () if held_out.thresholds is None else (SECOND_HAND,)
    too_few = (compared.no_interval,) if compared.no_interval else ()
    return (*second_hand, *too_few)


def _by_patient(held_out: Predictions, colour: Predictions) -> tuple[PatientResult, ...]:
    """Of two classes; none of cross-validation, where several models answered a patient's images.

    Without a threshold the more probable class is the answer, which is the one from 0.5 on.
    """
    # Colour in folds of its own may not have answered every patient.
    if not held_out.binary or held_out.protocol == "folds" or held_out.colour_folds is not None:
        return ()
    return patient_results(_scores(held_out), _scores(colour))


def _scores(answers: Predictions) -> list[PatientScore]:
    scores = []
    for patient, own in answers.groups("patient").items():
        threshold = _HALF if own.thresholds is None else float(own.thresholds[0])
        scores.append(score_patient(patient, own.labels, own.probabilities[:, 1], threshold))
    return scores


def _by_class(
    found: Judgement, colour: Judgement, withheld: Mapping[str, str]
) -> tuple[ClassResult, ...]:
    results = []
    for own, base in zip(found.by_class, colour.by_class, strict=True):
        auroc = own.figures["auroc"]
        why = withheld.get(own.name) or (auroc.why if auroc.value is None else None)
        results.append(
            ClassResult(
                name=own.name,
                patients=own.patients,
                images=own.images,
                auroc=None if why else auroc.value,
                auroc_interval=None if why else auroc.interval,
                sensitivity=None if why else own.figures["sensitivity"].value,
                colour_auroc=None if why else base.figures["auroc"].value,
                withheld=why,
            )
        )
    return tuple(results)
