"""What to expect of the next patient, which the interval of a mean does not tell.

With many patients the mean is known ever better; how far one patient lies from it is not less for
that. Both stand beside each other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Interval
from core.evaluation.predictions import Predictions

SHARE = 0.8
"""Of the patients, that the range is for."""
FLOOR = 0.7
"""Share of a patient's images of a class, below which a patient is counted as badly served."""
LEAST_IMAGES = 10
"""Of the class; of fewer, a patient's own share is mostly chance."""
FEWEST = 9
"""Patients: with fewer, even from the lowest to the highest is less than 80 % of the next ones."""


@dataclass(frozen=True)
class NextPatient:
    """How a class's images were called rightly, patient by patient.

    Of two classes that is the sensitivity of the positive and the specificity of the negative one.

    Attributes
    ----------
    name : str
        Of the class.
    patients : int
        With at least `LEAST_IMAGES` images of the class.
    range : tuple of float, or None
        In which the next patient lies with a frequency of 80 %; None of fewer than nine patients.
    lowest : float or None
        The worst of them; None if there is none.
    below : float or None
        Share of them who are below the `FLOOR`.
    """

    name: str
    patients: int
    range: Interval | None
    lowest: float | None
    below: float | None


def next_patient(
    predictions: Predictions, threshold: float | None = None
) -> tuple[NextPatient, ...]:
    """What to expect of the next patient, class by class.

    Parameters
    ----------
    predictions : Predictions
        Held-out.
    threshold : float, optional
        See `Predictions.calls`.
    """
    right = predictions.calls(threshold) == predictions.labels
    expected = []
    for label, name in enumerate(predictions.classes):
        shares = _shares(predictions, right, label)
        some = len(shares) > 0
        expected.append(
            NextPatient(
                name,
                len(shares),
                range_of_next(shares),
                float(shares.min()) if some else None,
                float((shares < FLOOR).mean()) if some else None,
            )
        )
    return tuple(expected)


def range_of_next(values: NDArray[np.floating]) -> Interval | None:
    """Range that another value, drawn like these, falls in with a frequency of 80 %.

    From the value of rank 0.1 (P + 1) to that of rank 0.9 (P + 1) of P values, between two ranks in
    proportion: whatever they are distributed like, the next one is as likely to fall into any of
    the P + 1 gaps between them (Wilks 1941, "Determination of sample sizes for setting tolerance
    limits").

    Parameters
    ----------
    values : float array, shape (P,)

    Returns
    -------
    tuple of float, or None
        None of fewer than nine.
    """
    if len(values) < FEWEST:
        return None
    tail = (1 - SHARE) / 2
    low, high = np.quantile(values, [tail, 1 - tail], method="weibull")
    return float(low), float(high)


def _shares(predictions: Predictions, right: NDArray[np.bool_], label: int) -> NDArray[np.float64]:
    """Share called rightly of each patient with enough images of a class, over all rounds."""
    rows = np.flatnonzero(predictions.labels == label)
    people, codes = np.unique(predictions.patients[rows].astype(str), return_inverse=True)
    firsts = np.unique(predictions.images[rows].astype(str), return_index=True)[1]
    images = np.bincount(codes[firsts], minlength=len(people))
    shares = np.bincount(codes, right[rows], len(people)) / np.bincount(
        codes, minlength=len(people)
    ).clip(1)
    return np.asarray(shares[images >= LEAST_IMAGES], dtype=np.float64)
