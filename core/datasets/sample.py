"""Some images of a dataset, where all would take too long."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


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
