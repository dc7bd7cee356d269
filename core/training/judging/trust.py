"""When a trained model may be relied on: its scope test and its prediction sets.

Where training images lie is described by what was trained on; every limit is chosen on patients
that were left out of it, and nothing on the patients that the model is tested on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.split import Split
from core.evaluation.calibration import apply_temperature
from core.evaluation.conformal import LEVEL, coverage, fit_cut_offs
from core.evaluation.predictions import Predictions
from core.evaluation.scope_distance import (
    FALSE_ALARMS,
    Reference,
    false_alarms,
    fit_balanced,
    image_distances,
    left_out_distances,
    upper_quantile,
)
from core.imaging.focus import sharpness
from core.imaging.tissue import tissue_mask
from core.inference.tiled import LEAST_TISSUE
from core.registry.card_parts import ClassCoverage, Conformal, Scope
from core.registry.files import SCOPE_FILE
from core.training.judging.features import features_of

BLURRED = 0.01
"""Share of the training images that is less sharp than the scope test asks for."""
# More images than this do not change where training images lie; they are taken at even steps.
MOST_IMAGES = 5_000
_BATCH = 64
_FEWEST_PATIENTS = 2


@dataclass(frozen=True)
class Trust:
    """What a card says of when the model may be relied on.

    Attributes
    ----------
    conformal : Conformal
    scope : Scope or None
        None where fewer than two patients were left out, on whom no limit can be chosen.
    reference : Reference or None
        Where training features lie; with `scope`.
    """

    conformal: Conformal
    scope: Scope | None
    reference: Reference | None

    def with_sets(self, conformal: Conformal) -> "Trust":
        """The same with prediction sets that were fitted on other patients."""
        return replace(self, conformal=conformal)


def trust_of_probe(
    features: NDArray[np.float32],
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    predictions: Predictions,
) -> Trust:
    """Of a probe, which is fitted on everybody: limits from patients left out in turn.

    Parameters
    ----------
    features : float32 array, shape (N, crops, F)
        Of the images as they are.
    pixels : uint8 array, shape (N × crops, h, w, 3)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    predictions : Predictions
        Held-out.
    """
    conformal = sets_of(predictions)
    if len(np.unique(patients.astype(str))) < _FEWEST_PATIENTS:
        return Trust(conformal, None, None)
    reference = fit_balanced(features, labels, patients)
    far = left_out_distances(features, labels, patients)
    every = np.arange(len(labels))
    scope = _scope(far, patients, patients, _sharp(pixels, every, features.shape[1]), "left-out")
    return Trust(conformal, scope, reference)


def trust_of_fit(
    network: keras.Model,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
    temperature: float,
    classes: tuple[str, ...],
    progress: Callable[[float], None],
) -> Trust:
    """Of a network that was trained on one part: limits from the validation part.

    Parameters
    ----------
    network : keras.Model
        Trained.
    pixels : uint8 array, shape (N × crops, h, w, 3)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    split : Split
        Of the images; the test part is not looked at.
    temperature : float
    classes : tuple of str
    progress : callable
        Told the share done, in [0, 1].
    """
    crops = len(pixels) // len(labels)
    train, chosen = _thin(split.train), _thin(split.validation)
    known = patients[chosen]
    held = _features(network, pixels, chosen, crops, lambda done: progress(done / 2))
    last = network.get_layer("logits").get_weights()
    # A linear map of the mean is the mean of linear maps.
    logits = held.mean(axis=1) @ last[0] + last[1]
    chances = apply_temperature(logits, temperature).astype(np.float64)
    conformal = fit_sets(chances, labels[chosen], known, classes, len(chosen), "validation")
    if len(np.unique(known.astype(str))) < _FEWEST_PATIENTS:
        return Trust(conformal, None, None)
    seen = _features(network, pixels, train, crops, lambda done: progress(0.5 + done / 2))
    reference = fit_balanced(seen, labels[train], patients[train])
    far = image_distances(reference, held)
    scope = _scope(far, known, patients[train], _sharp(pixels, train, crops), "validation")
    return Trust(conformal, scope, reference)


def sets_of(predictions: Predictions) -> Conformal:
    """Prediction sets from held-out predictions."""
    return fit_sets(
        predictions.probabilities,
        predictions.labels,
        predictions.patients,
        predictions.classes,
        predictions.image_count,
        "left-out",
    )


def fit_sets(
    chances: NDArray[np.float64],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    classes: tuple[str, ...],
    images: int,
    kind: str,
) -> Conformal:
    """Prediction sets from probabilities of models that had not seen the patient.

    Parameters
    ----------
    chances : float64 array, shape (N, K)
        Calibrated; with several rounds an image has several rows.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    classes : tuple of str
    images : int
        Each counted once.
    kind : str
        Of the patients, in words.
    """
    people = len(np.unique(patients.astype(str)))
    return Conformal(
        level=LEVEL,
        cut_offs=tuple(float(value) for value in fit_cut_offs(chances, labels, patients)),
        fitted_on=f"{images} images of {people} {kind} patients, every patient counting the same",
        by_class=tuple(
            ClassCoverage(
                name=classes[of_class.label],
                patients=of_class.patients,
                # Every image counts once, however often it was predicted.
                images=round(of_class.images * images / len(labels)),
                coverage=of_class.coverage,
                interval=of_class.interval,
                single=of_class.single,
            )
            for of_class in coverage(chances, labels, patients)
        ),
    )


def _scope(
    far: NDArray[np.float64],
    left_out: NDArray[np.object_],
    trained: NDArray[np.object_],
    sharp: NDArray[np.float64],
    kind: str,
) -> Scope:
    """Limits from distances of left-out images, and from how sharp those trained on are."""
    people = len(np.unique(left_out.astype(str)))
    seen = np.isfinite(sharp)
    return Scope(
        file=SCOPE_FILE,
        threshold=upper_quantile(far, left_out, FALSE_ALARMS),
        wished_false_alarms=FALSE_ALARMS,
        false_alarms=false_alarms(far, left_out),
        fitted_on=f"{len(far)} images of {people} {kind} patients, every patient counting the same",
        least_sharpness=-upper_quantile(-sharp[seen], trained[seen], BLURRED)
        if seen.any()
        else None,
        blurred_in_training=BLURRED,
    )


def _thin(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) <= MOST_IMAGES:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_IMAGES).astype(np.int64)]


def _sharp(pixels: NDArray[np.uint8], rows: NDArray[np.int64], crops: int) -> NDArray[np.float64]:
    """Sharpness of images, the median over the crops; NaN for those with too little tissue."""
    sharp = np.full(len(rows), np.nan)
    for number, row in enumerate(rows):
        squares = [np.asarray(pixels[row * crops + crop]) for crop in range(crops)]
        if np.mean([tissue_mask(square).mean() for square in squares]) >= LEAST_TISSUE:
            sharp[number] = np.median([sharpness(square) for square in squares])
    return sharp


def _features(
    network: keras.Model,
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int64],
    crops: int,
    progress: Callable[[float], None],
) -> NDArray[np.float32]:
    """What the network hands to its last layer, (n, crops, F)."""
    plain = features_of(network)
    squares = (rows[:, None] * crops + np.arange(crops)).ravel()
    features = np.empty((len(squares), plain.output_shape[1]), dtype=np.float32)
    for start in range(0, len(squares), _BATCH):
        batch = slice(start, start + _BATCH)
        features[batch] = plain.predict_on_batch(np.asarray(pixels[squares[batch]]))
        progress(min(start + _BATCH, len(squares)) / len(squares))
    return features.reshape(len(rows), crops, -1)
