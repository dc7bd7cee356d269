"""Logistic regression on fixed features: the colour-only baseline, and frozen networks."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.evaluation.balance import Balance, balance_weights
from core.evaluation.calibration import apply_temperature
from core.evaluation.cross_validate import Changed, Fitter, Predict
from core.evaluation.folds import grouped_folds

Penalty = float | tuple[float, ...]
_TWO = 2
_FOLDS = 3  # that a penalty is chosen in
_LEAST = 1e-6  # probability; one that is 0 would make a loss without end
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
    return next(_fits(features, labels, weights, (penalty,), classes, "lbfgs"))


def _fits(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    weights: NDArray[np.floating],
    penalties: Sequence[float],
    classes: int | None,
    solver: str,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """As `fit_probe`, under each penalty, each beginning where the one before ended."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - scikit-learn
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    scaler = StandardScaler().fit(features, sample_weight=weights)
    standard = scaler.transform(features)
    model = LogisticRegression(max_iter=500, solver=solver, warm_start=len(penalties) > 1)
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
    penalty: Penalty,
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
    penalty : float or tuple of float
        As `fit_probe` takes it; of several the one is taken that serves best within the patients
        that are trained on.
    classes : int
        Also those of which there is no image.
    changed : Changed, optional
        Features of some images in further views, the mean over the crops.
    """
    # A linear map of the mean is the mean of linear maps.
    means = views.mean(axis=2)

    def fit(train: NDArray[np.int64]) -> Predict:
        kernel, bias = fit_passes(features, labels, patients, balance, penalty, train, classes)

        def predict(asked: NDArray[np.int64], /, *, plain: bool = False) -> NDArray[np.float64]:
            logits = means[: 1 if plain else None, asked] @ kernel + bias
            if plain or changed is None:
                return np.asarray(logits, dtype=np.float64)
            return np.concatenate([logits, changed.of(asked) @ kernel + bias])

        return predict

    return fit


def fit_passes(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: Penalty,
    rows: NDArray[np.int64],
    classes: int = 2,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel (F, K) and bias (K,) of logistic regression on all passes over some images."""
    if isinstance(penalty, tuple):
        penalty = choose_penalty(features, labels, patients, balance, penalty, rows, classes)
        solver = _solver(labels[rows])
    else:
        solver = "lbfgs"
    material = _material(features, labels, patients, balance, rows)
    return next(_fits(*material, (penalty,), classes, solver))


def _material(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.floating]]:
    """Features, labels and weights of all passes over some images, a row a crop."""
    passes, _, crops, _ = features.shape
    weights = np.repeat(balance_weights(labels[rows], patients[rows], balance), crops)
    flat = features[:, rows].reshape(passes * len(rows) * crops, -1)
    return flat, np.tile(np.repeat(labels[rows], crops), passes), np.tile(weights, passes)


def _solver(labels: NDArray[np.int64]) -> str:
    """Newton's method takes a few steps where L-BFGS takes hundreds; its matrix grows with K²."""
    return "newton-cholesky" if len(np.unique(labels)) == _TWO else "lbfgs"


def choose_penalty(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalties: tuple[float, ...],
    rows: NDArray[np.int64],
    classes: int = 2,
) -> float:
    """The penalty under which patients held out of some images are answered best.

    That is with the lowest mean logarithmic loss, every patient alike; of equal ones the largest,
    and the largest too where there are too few patients to hold any out.

    Parameters
    ----------
    features : float32 array, shape (passes, N, crops, F)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    balance : "none", "class" or "patient"
    penalties : tuple of float
    rows : int64 array, shape (n,)
        The images that may be looked at.
    classes : int
    """
    careful = max(penalties)
    if len(penalties) == 1:
        return careful
    try:
        folds = grouped_folds(labels[rows], patients[rows], _FOLDS, seed=0)
    except TrainingError:
        return careful
    weights = balance_weights(labels[rows], patients[rows], "patient")
    means = features[0].mean(axis=1)
    ordered = sorted(penalties, reverse=True)
    losses = np.zeros(len(ordered))
    for fold in range(_FOLDS):
        held, learnt = rows[folds == fold], rows[folds != fold]
        material = _material(features, labels, patients, balance, learnt)
        fits = _fits(*material, ordered, classes, _solver(labels[learnt]))
        for number, (kernel, bias) in enumerate(fits):
            chances = apply_temperature(means[held] @ kernel + bias, 1.0).astype(np.float64)
            right = np.clip(chances[np.arange(len(held)), labels[held]], _LEAST, 1)
            losses[number] -= float((weights[folds == fold] * np.log(right)).sum())
    return ordered[int(losses.argmin())]
