"""What a way of training leaves behind."""

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.predictions import Predictions
from core.fields import PartName
from core.registry.card_results import CardEvaluation, OperatingPoint
from core.registry.head import LinearHead
from core.training.judging.trust import Trust


@dataclass(frozen=True)
class Trained:
    """A trained network and everything that its card says of it.

    Attributes
    ----------
    network : keras.Model or LinearHead
        A head where the network is an encoder, which is kept apart.
    temperature : float
    operating_points : tuple of OperatingPoint
        The first is the one that it decides by; none for more than two classes.
    evaluation : CardEvaluation
    predictions : Predictions
        Held-out.
    history : pandas.DataFrame
        One row an epoch.
    rows : dict of str to int64 array
        Rows of the dataset in each part: train, validation, test.
    trust : Trust
        When it may be relied on.
    """

    network: keras.Model | LinearHead
    temperature: float
    operating_points: tuple[OperatingPoint, ...]
    evaluation: CardEvaluation
    predictions: Predictions
    history: pd.DataFrame
    rows: dict[PartName, NDArray[np.int64]]
    trust: Trust
