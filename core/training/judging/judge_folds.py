"""From repeated cross-validation of a model and of colour alone to what the card says of them."""

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import draw_patients, interval
from core.evaluation.folds import Answers, class_aurocs, sensitivities
from core.registry.card_results import ClassResult, Evaluation, ShiftResult
from core.training.judging.cross_validate import CrossValidated
from core.training.judging.judge import FEW

_FEWEST_PATIENTS = 2  # of a class whose figures are given: one is held out, another trained on


def judge_folds(
    model: CrossValidated,
    colour: CrossValidated,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    classes: tuple[str, ...],
    strengths: tuple[float, ...],
) -> Evaluation:
    """Every figure is of the images of a fold, then a mean over folds and rounds.

    Parameters
    ----------
    model, colour : CrossValidated
        On the same folds.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    classes : tuple of str
    strengths : tuple of float
        Of the stain shift in each view but the first.
    """
    counts = [len(np.unique(patients[labels == label])) for label in range(len(classes))]
    images = [int((labels == label).sum()) for label in range(len(classes))]
    judged = [label for label, count in enumerate(counts) if count >= _FEWEST_PATIENTS]
    # Patients who were never held out say nothing, and must not be drawn either.
    tested = np.asarray((model.folds >= 0).any(axis=0))
    labels, patients = labels[tested], patients[tested]
    # The first weighting is the images as they are, the others are the bootstrap.
    drawn = draw_patients(patients, labels).weights(patients)
    weights = np.concatenate([np.ones((1, len(labels))), *drawn])
    answers, colour_answers = model.answers().of(tested), colour.answers().of(tested)
    aurocs, colour_aurocs = (
        class_aurocs(labels, held, weights) for held in (answers, colour_answers)
    )
    own, base = _mean(aurocs, judged), _mean(colour_aurocs, judged)
    found = sensitivities(labels, answers, weights)
    balanced = _mean(found, judged)
    colour_found = sensitivities(labels, colour_answers, weights[:1])
    difference = interval((own - base)[1:], patients)
    rounds, folds = model.temperatures.shape
    several = len(classes) > 2  # noqa: PLR2004 - two classes have one AUROC
    return Evaluation(
        protocol=(
            f"{folds}-fold cross-validation by patient, {rounds} rounds. Each AUROC is of the "
            "images of one fold, then the mean over folds and rounds; temperature and operating "
            "point were chosen each time without the fold that is tested."
        ),
        leaky=False,
        patients=len(np.unique(patients)),
        images=len(labels),
        auroc=float(own[0]),
        auroc_interval=interval(own[1:], patients),
        balanced_accuracy=float(balanced[0]),
        balanced_accuracy_interval=interval(balanced[1:], patients),
        colour_auroc=float(base[0]),
        colour_balanced_accuracy=float(_mean(colour_found, judged)[0]),
        beats_colour=difference is not None and difference[0] > 0,
        difference_interval=difference,
        by_patient=(),
        notes=() if difference else (FEW,),
        by_class=tuple(
            _class_result(
                name, label, counts[label], images[label], patients, aurocs, found, colour_aurocs
            )
            for label, name in enumerate(classes)
        )
        if several
        else (),
        stain_shift=tuple(
            ShiftResult(
                strength=strength,
                auroc=_only(model.answers(view).of(tested), labels, judged),
                colour_auroc=_only(colour.answers(view).of(tested), labels, judged),
            )
            for view, strength in enumerate(strengths, start=1)
        ),
    )


def _mean(aurocs: NDArray[np.float64], judged: list[int]) -> NDArray[np.float64]:
    """Mean over the classes that are judged; NaN where a draw has none of them."""
    values = aurocs[:, judged]
    numbers = (~np.isnan(values)).sum(axis=1)
    out = np.full(len(values), np.nan)
    return np.divide(np.nansum(values, axis=1), numbers, where=numbers > 0, out=out)


def _only(answers: Answers, labels: NDArray[np.int64], judged: list[int]) -> float:
    return float(_mean(class_aurocs(labels, answers, np.ones((1, len(labels)))), judged)[0])


def _class_result(
    name: str,
    label: int,
    count: int,
    images: int,
    patients: NDArray[np.object_],
    aurocs: NDArray[np.float64],
    found: NDArray[np.float64],
    colour_aurocs: NDArray[np.float64],
) -> ClassResult:
    if count < _FEWEST_PATIENTS:
        return ClassResult(
            name=name,
            patients=count,
            images=images,
            auroc=None,
            auroc_interval=None,
            sensitivity=None,
            colour_auroc=None,
            withheld="All its images are of one patient, who cannot be trained on and tested."
            if count
            else "There is no image of it.",
        )
    return ClassResult(
        name=name,
        patients=count,
        images=images,
        auroc=float(aurocs[0, label]),
        auroc_interval=interval(aurocs[1:, label], patients),
        sensitivity=float(found[0, label]),
        colour_auroc=float(colour_aurocs[0, label]),
    )
