"""Logistic regression on fixed features: the colour-only baseline, and frozen networks."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.evaluation.balance import Balance, balance_weights
from core.evaluation.cross_validate import CandidateFitter, Changed, Fitter, Predict
from core.evaluation.many_penalties import ManyPenalties

_TWO = 2
_NEVER = -100.0  # logit of a class that was not trained on


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
    return next(_fits(features, labels, weights, (penalty,), classes))


def _fits(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    weights: NDArray[np.floating],
    penalties: Sequence[float],
    classes: int | None,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """As `fit_probe`, under each penalty, each beginning where the one before ended."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - scikit-learn
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    scaler = StandardScaler().fit(features, sample_weight=weights)
    standard = scaler.transform(features)
    model = LogisticRegression(max_iter=500, warm_start=len(penalties) > 1)
    for penalty in penalties:
        model.set_params(C=1 / (penalty * weights.sum()))
        model.fit(standard, labels, sample_weight=weights)
        kernel = model.coef_.T / scaler.scale_[:, None]
        bias = model.intercept_ - scaler.mean_ @ kernel
        if kernel.shape[1] == 1:
            kernel = np.hstack([np.zeros_like(kernel), kernel])
            bias = np.array([0.0, bias[0]])
        present = model.classes_
        if classes is None or len(present) == classes:
            yield kernel, bias
        else:
            every = np.zeros((kernel.shape[0], classes)), np.full(classes, _NEVER)
            every[0][:, present], every[1][present] = kernel, bias
            yield every


def probe_fitter(
    features: NDArray[np.float32],
    views: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: float,
    classes: int = 2,
    changed: Changed | None = None,
) -> Fitter:
    """Fit on every pass over the training images; predict in each view, the mean over the crops.

    Parameters
    ----------
    features : float32 array, shape (passes, N, crops, F)
    views : float32 array, shape (V, N, crops, F)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    balance : "none", "class" or "patient"
    penalty : float
        As `fit_probe` takes it.
    classes : int
        Also those of which there is no image.
    changed : Changed, optional
        Features of some images in further views, the mean over the crops.
    """
    fits = predicting(
        probe_maps(features, labels, patients, balance, (penalty,), classes), views, changed
    )
    return lambda rows: fits(rows, (0,))[0]


Maps = Callable[
    [NDArray[np.int64], Sequence[int]], list[tuple[NDArray[np.float64], NDArray[np.float64]]]
]
"""Kernel (F, K) and bias (K,) fitted on these rows under each of some penalties, by number."""


def probe_maps(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalties: tuple[float, ...],
    classes: int = 2,
) -> Maps:
    """What `probe_fitter` fits, under each of some penalties."""
    quick = None

    def fit(
        train: NDArray[np.int64], numbers: Sequence[int]
    ) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        nonlocal quick
        chosen = [penalties[number] for number in numbers]
        if len(penalties) > 1 and len(np.unique(labels[train])) == _TWO == classes:
            if quick is None:
                quick = ManyPenalties(features.reshape(-1, features.shape[-1]))
            targets = _labels_and_weights(features.shape, labels, patients, balance, train)
            return quick.fit(_places(features.shape, train), *targets, chosen)
        material = _material(features, labels, patients, balance, train)
        return list(_fits(*material, chosen, classes))

    return fit


def predicting(
    maps: Maps, views: NDArray[np.float32], changed: Changed | None = None
) -> CandidateFitter:
    """Predict by such maps in each view, as `probe_fitter` does."""
    # A linear map of the mean is the mean of linear maps.
    means = views.mean(axis=2)

    def predict_by(kernel: NDArray[np.float64], bias: NDArray[np.float64]) -> Predict:
        def predict(rows: NDArray[np.int64], /, *, plain: bool = False) -> NDArray[np.float64]:
            logits = means[: 1 if plain else None, rows] @ kernel + bias
            if plain or changed is None:
                return np.asarray(logits, dtype=np.float64)
            return np.concatenate([logits, changed.of(rows) @ kernel + bias])

        return predict

    return lambda rows, numbers: [predict_by(*each) for each in maps(rows, numbers)]


def fit_passes(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: float,
    rows: NDArray[np.int64],
    classes: int = 2,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel (F, K) and bias (K,) of logistic regression on all passes over some images."""
    material = _material(features, labels, patients, balance, rows)
    return next(_fits(*material, (penalty,), classes))


def _places(shape: tuple[int, ...], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where passes and crops of some images stand among all, in the order of `_material`."""
    passes, images, crops, _ = shape
    places = (np.arange(passes)[:, None] * images + rows)[:, :, None] * crops + np.arange(crops)
    return np.asarray(places.ravel(), np.int64)


def _material(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.floating]]:
    """Features, labels and weights of all passes over some images, a row a crop."""
    flat = features[:, rows].reshape(-1, features.shape[-1])
    return flat, *_labels_and_weights(features.shape, labels, patients, balance, rows)


def _labels_and_weights(
    shape: tuple[int, ...],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    passes, _, crops, _ = shape
    weights = np.repeat(balance_weights(labels[rows], patients[rows], balance), crops)
    return np.tile(np.repeat(labels[rows], crops), passes), np.tile(weights, passes)
