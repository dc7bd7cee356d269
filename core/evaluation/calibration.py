"""Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks")."""

import numpy as np
from numpy.typing import NDArray

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
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - SciPy
    from scipy.special import log_softmax  # noqa: PLC0415

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-(weights * scaled[np.arange(len(labels)), labels]).sum() / weights.sum())

    bounds = (np.log(_BOUNDS[0]), np.log(_BOUNDS[1]))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def apply_temperature(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float32]:
    """Turn logits into probabilities softened by a temperature (Guo et al. 2017).

    Parameters
    ----------
    logits
        (N, K) of a softmax head, or (N, 1) of a sigmoid head, whose output is for class 1.
    temperature
        Above 0; 1 leaves the network's own probabilities, more makes them less sure.

    Returns
    -------
    NDArray[np.float32]
        (N, K), for a sigmoid head (N, 2); rows sum to 1.

    Raises
    ------
    ValueError
        If the logits have another shape or the temperature is not above 0.
    """
    if logits.ndim != 2 or logits.shape[1] < 1:  # noqa: PLR2004 - rows and classes
        raise ValueError(f"logits have shape {logits.shape}, expected (N, K)")
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}, expected a number above 0")
    scaled = logits.astype(np.float64) / temperature
    if scaled.shape[1] == 1:
        # A sigmoid is a softmax whose other logit is 0.
        scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
