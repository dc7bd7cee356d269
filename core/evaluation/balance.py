"""Even shares of classes and patients: weights of the images, and a sample of them."""

from typing import Literal

import numpy as np
import pandas as pd
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
        _, people = np.unique(patients.astype(str), return_inverse=True)
        groups = people * (labels.max(initial=0) + 1) + labels
        weights = 1 / np.bincount(groups)[groups]
    if balance != "none":
        for label in np.unique(labels):
            weights[labels == label] /= weights[labels == label].sum()
    return (weights / weights.mean()).astype(np.float32)


def sample(
    labels: NDArray[np.int64], patients: NDArray[np.object_], most: int
) -> NDArray[np.int64]:
    """Some of the images, from every patient and class as evenly as can be; ascending rows.

    Patients and classes take turns, each giving one of its images in a drawn order.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.default_rng(0).permutation(len(labels))
    groups = pd.DataFrame({"patient": patients[order].astype(str), "label": labels[order]})
    turns = groups.groupby(["patient", "label"]).cumcount().to_numpy()
    return np.sort(order[np.argsort(turns, kind="stable")[:most]])
