"""Held-out predictions, one row an image and round: what every figure is worked out from."""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.estimand import Estimand, Protocol

if TYPE_CHECKING:
    import pandas as pd

Group = Literal["magnification", "subtype", "patient"]


@dataclass(frozen=True)
class Predictions:
    """Calibrated probabilities on N rows; with several rounds an image has several rows.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probabilities.
    positive : int
        Index of the class that thresholds are about; of two classes only.
    protocol : "one model", "folds" or "patients"
        Who predicted what.
    images, patients, magnifications, subtypes : object array of str, shape (N,)
        Magnification and subtype are empty where unknown.
    labels : int64 array, shape (N,)
    probabilities : float64 array, shape (N, K)
        Rows sum to 1.
    rounds, folds : int64 array, shape (N,)
        From 1. The images of one fold of one round were predicted by one model.
    thresholds : float64 array, shape (N,), or None
        On the positive class's probability, chosen without the row's patient.
    other_thresholds : float64 array, shape (N, rules - 1), or None
        By each of `core.evaluation.operating_point.RULES` but the first.
    colour_probabilities : float64 array, shape (N, K), or None
        Of the colour-only baseline.
    colour_thresholds : float64 array, shape (N,), or None
    colour_folds : int64 array, shape (N,), or None
        Where colour was cross-validated and the model was not: the fold, from 1, in which colour
        predicted; 0 where it never did.
    weights : float64 array, shape (N,), or None
        How much a row counts in every figure; None where all count the same.
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
    other_thresholds: NDArray[np.float64] | None = None
    colour_probabilities: NDArray[np.float64] | None = None
    colour_thresholds: NDArray[np.float64] | None = None
    colour_folds: NDArray[np.int64] | None = None
    weights: NDArray[np.float64] | None = None

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
        """The same predictions on some of the rows."""
        changed: dict[str, Any] = {
            field.name: value[rows]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        return replace(self, **changed)

    def colour(self) -> "Predictions | None":
        """The predictions of colour alone, on the rows that it has; None where there are none."""
        beside = self.beside_colour()
        if beside.colour_probabilities is None:
            return None
        return replace(
            beside,
            probabilities=beside.colour_probabilities,
            thresholds=beside.colour_thresholds,
            other_thresholds=None,
            colour_probabilities=None,
            colour_thresholds=None,
            colour_folds=None,
        )

    def beside_colour(self) -> "Predictions":
        """The same predictions on the rows that colour alone has predictions of, in its folds."""
        if self.colour_folds is None:
            return self
        rows = self.colour_folds > 0
        return replace(self.of(rows), protocol="folds", folds=self.colour_folds[rows])

    def grouped(self, estimand: Estimand) -> "Predictions":
        """The same predictions in the pools that an estimand works within, weighed as it does."""
        if estimand in {"alike", "pooled"}:
            one_each = np.ones(len(self.folds), dtype=np.int64)
            weights = patient_weights(self.patients, self.rounds) if estimand == "alike" else None
            return replace(self, protocol="one model", folds=one_each, weights=weights)
        if estimand == "patients" and self.protocol != "patients":
            _, codes = np.unique(self.patients.astype(str), return_inverse=True)
            folds = codes.astype(np.int64) + 1
            return replace(self, protocol="patients", folds=folds, weights=None)
        return self

    def weighed(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weights of some draws, (D, N), times those of the rows."""
        every = np.asarray(weights, dtype=np.float64)
        return every if self.weights is None else every * self.weights

    def pools(self) -> list[NDArray[np.int64]]:
        """Rows that one model predicted, for each model: these are ranked together."""
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
        chosen = self.thresholds if threshold is None else threshold
        if chosen is None or not self.binary:
            return self.probabilities.argmax(axis=1)
        return np.where(
            self.probabilities[:, self.positive] >= chosen, self.positive, 1 - self.positive
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


def patient_weights(
    patients: NDArray[np.generic], rounds: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Weight of each image: 1 over the number of its patient's images, of a round if given, (N,).

    The weights of each patient sum to 1.
    """
    _, codes = np.unique(patients.astype(str), return_inverse=True)
    if rounds is not None:
        _, codes = np.unique(np.stack([codes, rounds]), axis=1, return_inverse=True)
    return np.asarray(1 / np.bincount(codes)[codes], dtype=np.float64)


def predictions_on(
    records: "pd.DataFrame",
    classes: tuple[str, ...],
    protocol: Protocol,
    probabilities: NDArray[np.floating],
    **columns: Any,
) -> Predictions:
    """Predictions on the images that some records are about, one row a record.

    Parameters
    ----------
    records : pandas.DataFrame
        N rows with the columns path, patient, magnification, subtype and label.
    classes : tuple of str
    protocol : "one model", "folds" or "patients"
    probabilities : float array, shape (N, K)
    **columns
        Further attributes of `Predictions`; rounds and folds are 1 by default, and the second
        class is the positive one.
    """
    one_each = np.ones(len(records), dtype=np.int64)
    columns_given: dict[str, Any] = {"positive": 1, "rounds": one_each, "folds": one_each} | columns
    return Predictions(
        classes=classes,
        protocol=protocol,
        images=records["path"].to_numpy(dtype=object),
        patients=records["patient"].to_numpy(dtype=object),
        magnifications=records["magnification"].to_numpy(dtype=object),
        subtypes=records["subtype"].to_numpy(dtype=object),
        labels=records["label"].to_numpy(dtype=np.int64),
        probabilities=np.asarray(probabilities, dtype=np.float64),
        **columns_given,
    )
