"""Logistic regression on fixed features: the colour-only baseline, and frozen networks."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

_NEVER = -100.0  # logit of a class that was not trained on
COLOUR_PENALTY = 0.01
"""Penalty of the colour-only baseline, the same wherever it is shown."""


def fit_probe(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    weights: NDArray[np.floating],
    penalty: float,
    classes: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit standardisation and multinomial logistic regression, folded into one linear map.

    Parameters
    ----------
    features : float array, shape (N, F)
    labels : int64 array, shape (N,), in 0 … K - 1
    weights : float array, shape (N,)
        Weight of each image in the loss.
    penalty : float
        Half of it times the squared norm of the weights on standardised features is added to the
        mean loss an image. Unlike scikit-learn's `C` it keeps its meaning when images are added.
    classes : int, optional
        K, where labels of some classes may be missing; those never get a probability worth naming.

    Returns
    -------
    kernel : float64 array, shape (F, K)
    bias : float64 array, shape (K,)
        `features @ kernel + bias` are the logits; with two classes the first one's are 0.
    """
    scaler = StandardScaler().fit(features, sample_weight=weights)
    model = LogisticRegression(C=1 / (penalty * weights.sum()), max_iter=500)
    model.fit(scaler.transform(features), labels, sample_weight=weights)
    kernel = model.coef_.T / scaler.scale_[:, None]
    bias = model.intercept_ - scaler.mean_ @ kernel
    if kernel.shape[1] == 1:
        kernel = np.hstack([np.zeros_like(kernel), kernel])
        bias = np.array([0.0, bias[0]])
    present = model.classes_
    if classes is None or len(present) == classes:
        return kernel, bias
    every = np.zeros((kernel.shape[0], classes)), np.full(classes, _NEVER)
    every[0][:, present], every[1][present] = kernel, bias
    return every
