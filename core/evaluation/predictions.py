"""Held-out answers, one row an image and round: what every figure is worked out from."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Group = Literal["magnification", "subtype", "patient"]
Protocol = Literal["one model", "folds", "patients"]

PROTOCOLS: dict[Protocol, str] = {
    "one model": "All answers are one model's; figures are of all images together.",
    "folds": (
        "Cross-validation: each fold was answered by a model that had not seen its patients. AUROC "
        "and AUPRC are of the images of one fold, then the mean over folds and rounds, because "
        "answers of different models are never ranked against each other. Other figures are of all "
        "images of a round, then the mean over rounds."
    ),
    "patients": (
        "Each patient was answered by a model of their own, that had not seen them. AUROC, AUPRC, "
        "accuracy, sensitivity, specificity, precision and F1 are the mean over patients; Brier "
        "score, ECE and the confusion matrix are of all images together."
    ),
}
"""What a figure is a figure of, in words."""


@dataclass(frozen=True)
class Predictions:
    """Calibrated answers on N rows; with several rounds an image has several rows.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probabilities.
    positive : int
        Index of the class that thresholds are about; of two classes only.
    protocol : "one model", "folds" or "patients"
        Who answered what; see `PROTOCOLS`.
    images, patients, magnifications, subtypes : object array of str, shape (N,)
        Magnification and subtype are empty where unknown.
    labels : int64 array, shape (N,)
    probabilities : float64 array, shape (N, K)
        Rows sum to 1.
    rounds, folds : int64 array, shape (N,)
        From 1. The images of one fold of one round were answered by one model.
    thresholds : float64 array, shape (N,), or None
        On the positive class's probability, chosen without the row's patient.
    colour_probabilities : float64 array, shape (N, K), or None
        Of the colour-only baseline.
    colour_thresholds : float64 array, shape (N,), or None
    colour_folds : int64 array, shape (N,), or None
        Where colour was cross-validated and the model was not: the fold, from 1, in which colour
        answered; 0 where it never did.
    """

    classes: tuple[str, ...]
    positive: int
    protocol: Protocol
    images: NDArray[np.object_]
    patients: NDArray[np.object_]
    magnifications: NDArray[np.object_]
    subtypes: NDArray[np.object_]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    rounds: NDArray[np.int64]
    folds: NDArray[np.int64]
    thresholds: NDArray[np.float64] | None = None
    colour_probabilities: NDArray[np.float64] | None = None
    colour_thresholds: NDArray[np.float64] | None = None
    colour_folds: NDArray[np.int64] | None = None

    @property
    def binary(self) -> bool:
        """Whether there are two classes, so that there is a positive one."""
        return len(self.classes) == 2  # noqa: PLR2004 - the meaning of binary

    @property
    def image_count(self) -> int:
        """Images, each counted once whatever the number of rounds."""
        return len(np.unique(self.images.astype(str)))

    @property
    def patient_count(self) -> int:
        """Patients."""
        return len(np.unique(self.patients.astype(str)))

    def of(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Predictions":
        """The same answers on some of the rows."""
        changed: dict[str, Any] = {
            field.name: value[rows]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        return replace(self, **changed)

    def colour(self) -> "Predictions | None":
        """The answers of colour alone, on the rows that it answered; None where there are none."""
        answered = self.beside_colour()
        if answered.colour_probabilities is None:
            return None
        return replace(
            answered,
            probabilities=answered.colour_probabilities,
            thresholds=answered.colour_thresholds,
            colour_probabilities=None,
            colour_thresholds=None,
            colour_folds=None,
        )

    def beside_colour(self) -> "Predictions":
        """The same answers as they may be compared with colour: in the folds that it was judged in.

        One model's answers may be ranked within any fold; those of colour only within its own.
        """
        if self.colour_folds is None:
            return self
        rows = self.colour_folds > 0
        return replace(self.of(rows), protocol="folds", folds=self.colour_folds[rows])

    def pools(self) -> list[NDArray[np.int64]]:
        """Rows that one model answered, for each model: only these may be ranked together."""
        _, codes = np.unique(np.stack([self.rounds, self.folds]), axis=1, return_inverse=True)
        return [np.flatnonzero(codes == code) for code in range(codes.max(initial=-1) + 1)]

    def calls(self, threshold: float | None = None) -> NDArray[np.int64]:
        """The class that is decided for, (N,).

        Parameters
        ----------
        threshold : float, optional
            On the positive class's probability, at or above which an image is called positive.
            Without it each row's own, which was chosen without its patient; where there is none,
            and with more than two classes, the most probable class.
        """
        own = self.thresholds if threshold is None else threshold
        if own is None or not self.binary:
            return self.probabilities.argmax(axis=1)
        return np.where(
            self.probabilities[:, self.positive] >= own, self.positive, 1 - self.positive
        )

    def groups(self, by: Group) -> dict[str, "Predictions"]:
        """The rows of each magnification, subtype or patient; rows that state none are left out."""
        names = {
            "magnification": self.magnifications,
            "subtype": self.subtypes,
            "patient": self.patients,
        }[by].astype(str)
        present = sorted(set(names) - {""}, key=lambda name: (len(name), name))
        return {name: self.of(names == name) for name in present}
