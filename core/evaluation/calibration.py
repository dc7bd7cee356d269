"""Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks")."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_BOUNDS = (0.05, 20.0)


def fit_temperature(
    logits: NDArray[np.floating], labels: NDArray[np.int64], weights: NDArray[np.floating]
) -> float:
    """The temperature that makes held-out probabilities most likely.

    Parameters
    ----------
    logits : float array, shape (N, K)
        Of images of patients that the model did not see. A sigmoid's logit z is `[0, z]`.
    labels : int64 array, shape (N,)
    weights : float array, shape (N,)
        Weight of each image, so that no patient or class drowns the others.

    Returns
    -------
    float
        Divide logits by it. Above 1 the model was overconfident. Between 0.05 and 20.
    """

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-(weights * scaled[np.arange(len(labels)), labels]).sum() / weights.sum())

    bounds = (np.log(_BOUNDS[0]), np.log(_BOUNDS[1]))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
