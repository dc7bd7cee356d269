"""From logits to calibrated probabilities."""

import numpy as np
from numpy.typing import NDArray


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
