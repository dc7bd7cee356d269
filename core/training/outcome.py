"""What a way of training leaves behind."""

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.registry.card_results import Evaluation, OperatingPoint
from core.training.judging.trust import Trust


@dataclass(frozen=True)
class Outcome:
    """A trained network and everything that its card says of it.

    Attributes
    ----------
    network : keras.Model
    temperature : float
    operating_points : tuple of OperatingPoint
        The first is the one that answers go by; none for more than two classes.
    evaluation : Evaluation
    predictions : pandas.DataFrame
        Held-out, one row an image.
    history : pandas.DataFrame
        One row an epoch.
    rows : dict of str to int64 array
        Rows of the dataset in each part: train, validation, test.
    trust : Trust
        When its answers may be used.
    """

    network: keras.Model
    temperature: float
    operating_points: tuple[OperatingPoint, ...]
    evaluation: Evaluation
    predictions: pd.DataFrame
    history: pd.DataFrame
    rows: dict[str, NDArray[np.int64]]
    trust: Trust
