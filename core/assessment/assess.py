"""The journey: a package and a dataset in, an assessment out."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from core.assessment.bulk import PredictedImages
from core.assessment.changed import MOST_IMAGES, curves, predict_changed
from core.assessment.divided import predict_dataset
from core.assessment.known import Known, known_patients, seen_by_encoder
from core.assessment.table import predictions_table
from core.datasets.classes import match_classes
from core.datasets.records import Dataset
from core.datasets.spelling import label_key
from core.errors import EvaluationError, Stopped
from core.evaluation.balance import sample
from core.evaluation.colour_alone import colour_alone
from core.evaluation.judge import Evaluation, evaluation_of
from core.evaluation.predictions import Predictions
from core.registry.card_results import Robustness
from core.registry.package import Package
from core.roots import image_files

JUDGING = ("Judging colour alone", "Judging")
"""Stages in which every image is answered."""
Progress = Callable[[str, float], None]
"""Told what is done, and the share of it, in [0, 1]; may raise to stop."""


@dataclass(frozen=True)
class Assessment:
    """What a model is worth on a dataset.

    Attributes
    ----------
    package : Package
    dataset : Dataset
        Without the images that cannot be read.
    predictions : Predictions
        One row an image of the dataset, in its order.
    evaluation : Evaluation
        Beside colour alone.
    colour_how : str
        How colour alone was fitted, or why it was not.
    known : Known
        Patients whom the model has met.
    unseen : Evaluation or None
        Figures without these patients; None if there are none, or nobody else.
    robustness : tuple of Robustness
        The first entry is the same images unchanged; empty where it was not asked for.
    tried_on : int
        Images that the changes were tried on.
    unreadable : dict of str to str
        Path of each image that was left out, and why.
    warnings : tuple of str
        What else speaks against relying on the figures, in sentences.
    """

    package: Package
    dataset: Dataset
    predictions: Predictions
    evaluation: Evaluation
    colour_how: str
    known: Known
    unseen: Evaluation | None
    robustness: tuple[Robustness, ...]
    tried_on: int
    unreadable: dict[str, str]
    warnings: tuple[str, ...]


def assess(
    package: Package,
    dataset: Dataset,
    progress: Progress = lambda _stage, _done: None,
    *,
    robustness: bool = False,
) -> Assessment:
    """Answer every image of a dataset as the app would, and judge the answers by patient.

    Images are answered on this machine, or on the Ray cluster that `LOBULE_RAY` names.

    Parameters
    ----------
    package : Package
    dataset : Dataset
        Opened for the package's task.
    progress : callable
    robustness : bool
        Whether to try it on changed images as well, which takes up to 17 times as long; what is
        told of it may raise `Stopped` to end that part alone.

    Raises
    ------
    EvaluationError
        If the dataset's classes are not the model's, or no image can be read.
    PackageError
        If the model cannot be loaded.
    ClusterError
        If the cluster cannot be reached.

    Examples
    --------
    A shipped model on 140 patches of eight patients:

    >>> from core.datasets.open import open_dataset
    >>> from core.registry.shelf import find
    >>> assessment = assess(find("idc"), open_dataset(folder))
    >>> assessment.predictions.probabilities.shape
    (140, 2)
    >>> assessment.unreadable
    {}
    """
    dataset_given, dataset = (
        dataset,
        in_classes_of(package.card.name, package.card.classes, dataset),
    )
    file = image_files(dataset.root)
    (predicted,) = predict_dataset(
        package, dataset.records, file, lambda done: progress("Answering images", done)
    )
    read = np.flatnonzero(~np.isnan(predicted.probabilities[:, 0]))
    if not len(read):
        path, reason = next(iter(predicted.unreadable.items()))
        raise EvaluationError(
            f"None of the {len(dataset.records)} images in {dataset.root} can be answered. {path}, "
            f"for instance: {reason}"
        )
    dataset = replace(dataset, records=dataset.records.iloc[read].reset_index(drop=True))
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    rows = sample(labels, patients, MOST_IMAGES)
    changed: list[PredictedImages] = []
    if robustness:
        with suppress(Stopped):
            changed = predict_changed(package, dataset, rows, progress)
    views = np.full((1 + len(changed), len(labels), 21), np.nan, dtype=np.float32)
    views[0] = predicted.colour[read]
    for view, other in enumerate(changed, start=1):
        views[view, rows] = other.colour
    progress(JUDGING[0], 0.0)
    colour = colour_alone(views, labels, patients, len(dataset.classes))
    predictions = predictions_table(package.card, dataset, predicted.probabilities[read], colour)
    known = known_patients(package.card, dataset, patients)
    progress(JUDGING[1], 0.0)
    return Assessment(
        package=package,
        dataset=dataset,
        predictions=predictions,
        evaluation=evaluation_of(predictions, predictions.colour()),
        colour_how=colour if isinstance(colour, str) else colour.how,
        known=known,
        unseen=_unseen(predictions, known),
        robustness=curves(predictions, rows, changed, colour) if changed else (),
        tried_on=len(rows) if changed else 0,
        unreadable=predicted.unreadable,
        warnings=(
            *seen_by_encoder(package, dataset_given),
            *_warnings(dataset, predicted),
            *other_words(package.card.classes, dataset_given),
        ),
    )


def in_classes_of(name: str, classes: tuple[str, ...], dataset: Dataset) -> Dataset:
    """The dataset with its labels in the order of a named model's classes.

    Raises
    ------
    EvaluationError
        If its classes are others.
    """
    numbers = match_classes(dataset.classes, classes, stated=dataset.positive_stated)
    if numbers is None:
        raise EvaluationError(
            f"The model {name} tells {', '.join(classes)} apart; {dataset.root} holds "
            f"{', '.join(dataset.classes)}. Give a dataset with the model's classes, or a "
            "manifest that names them so, or say which class is the model's positive one "
            "(--positive)."
        )
    records = dataset.records.assign(label=np.array(numbers)[dataset.records["label"].to_numpy()])
    return replace(dataset, classes=classes, records=records)


def other_words(classes: tuple[str, ...], dataset: Dataset) -> tuple[str, ...]:
    """Say which of a dataset's classes were taken for which of the model's, under other names."""
    numbers = match_classes(dataset.classes, classes, stated=dataset.positive_stated) or ()
    pairs = [(name, classes[number]) for name, number in zip(dataset.classes, numbers, strict=True)]
    if all(label_key(name) == label_key(model) for name, model in pairs):
        return ()
    taken = ", ".join(f"“{name}” for “{model}”" for name, model in pairs)
    how = ", as the positive class was stated" if dataset.positive_stated else ""
    return (f"The classes of {dataset.name} were taken: {taken}{how}.",)


def _unseen(predictions: Predictions, known: Known) -> Evaluation | None:
    met = known.rows(predictions.patients)
    return evaluation_of(predictions.of(~met)) if met.any() and not met.all() else None


def _warnings(dataset: Dataset, predicted: PredictedImages) -> tuple[str, ...]:
    warnings = []
    number = len(dataset.records)
    if predicted.out_of_scale:
        warnings.append(
            f"{predicted.out_of_scale} of {number} images have a scale outside the model's "
            "range: do not rely on these figures."
        )
    if predicted.scale_unknown:
        warnings.append(
            f"The scale of {predicted.scale_unknown} of {number} images is unknown; the "
            "training scale was assumed."
        )
    if predicted.unreadable:
        path, reason = next(iter(predicted.unreadable.items()))
        warnings.append(
            f"Images that cannot be read were left out: {len(predicted.unreadable)}. {path}, for "
            f"instance: {reason}"
        )
    return tuple(warnings)
