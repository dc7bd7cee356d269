"""Weights that make up for unequal numbers of images by class and by patient."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Balance = Literal["none", "class", "patient"]


def balance_weights(
    labels: NDArray[np.int64], patients: NDArray[np.object_], balance: Balance
) -> NDArray[np.float32]:
    """Weight of each image in the loss; they average 1.

    Parameters
    ----------
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    balance : "none", "class" or "patient"
        "class": every class has the same total weight. "patient": so has every class, and within a
        class every patient has the same total weight.

    Returns
    -------
    float32 array, shape (N,)
    """
    weights = np.ones(len(labels))
    if balance == "patient":
        groups = np.unique(np.stack([labels.astype(str), patients.astype(str)]), axis=1)
        for label, patient in groups.T:
            group = (labels == int(label)) & (patients.astype(str) == patient)
            weights[group] = 1 / group.sum()
    if balance != "none":
        for label in np.unique(labels):
            weights[labels == label] /= weights[labels == label].sum()
    return (weights / weights.mean()).astype(np.float32)
