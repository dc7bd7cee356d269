"""How far an image's features lie from those that a model was trained on.

The training features are described by a normal distribution with a few principal components of
their own variance and one variance for all the others (probabilistic principal components, Tipping
and Bishop 1999); the distance is Mahalanobis's under it, as Lee et al. ("A simple unified framework
for detecting out-of-distribution samples", 2018) use it. `benchmarks/trust.py` measures it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.conformal import same_weight_each

FALSE_ALARMS = 0.05
COMPONENTS = 32
# So many numbers describe the components at most: as text they take about 200 KB.
MOST_NUMBERS = 2**15
FOLDS = 8
# A feature that hardly varies in training is taken to vary a tenth as much as the middle one.
_LEAST_SCALE = 0.1
_ROWS = 65_536


@dataclass(frozen=True)
class Reference:
    """Where training features lie.

    Attributes
    ----------
    mean, scale : float64 array, shape (F,)
        Features are standardised by them.
    components : float64 array, shape (D, F)
        Orthonormal directions of standardised features, that of the largest variance first.
    variances : float64 array, shape (D,)
    rest : float
        Variance in every other direction.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]
    rest: float


def fit_reference(features: NDArray[np.floating], weights: NDArray[np.floating]) -> Reference:
    """Describe where features lie.

    Parameters
    ----------
    features : float array, shape (N, F)
    weights : float array, shape (N,)
        How much each row counts.
    """
    from scipy.linalg import eigh  # noqa: PLC0415 - half a second, and answers do without

    share = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    size = features.shape[1]
    mean = share @ features
    spread = np.sqrt(np.maximum(share @ np.square(features) - mean**2, 0))
    scale = np.maximum(spread, max(float(np.median(spread)) * _LEAST_SCALE, 1e-6))
    covariance = np.zeros((size, size))
    for start in range(0, len(features), _ROWS):
        rows = slice(start, start + _ROWS)
        standard = (features[rows] - mean) / scale * np.sqrt(share[rows])[:, None]
        covariance += standard.T @ standard
    number = max(1, min(COMPONENTS, MOST_NUMBERS // size, size - 1, len(features) - 1))
    variances, directions = eigh(covariance, subset_by_index=[size - number, size - 1])
    left_over = max((np.trace(covariance) - variances.sum()) / max(size - number, 1), 1e-6)
    return Reference(
        mean=mean,
        scale=scale,
        components=directions[:, ::-1].T,
        variances=np.maximum(variances[::-1], left_over),
        rest=float(left_over),
    )


def distances(reference: Reference, features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mahalanobis distance over the square root of the number of features, so about 1 in training.

    Parameters
    ----------
    reference : Reference
    features : float array, shape (N, F)

    Returns
    -------
    float64 array, shape (N,)
    """
    standard = (features - reference.mean) / reference.scale
    along = standard @ reference.components.T
    across = np.maximum(np.square(standard).sum(axis=1) - np.square(along).sum(axis=1), 0)
    squares = (np.square(along) / reference.variances).sum(axis=1) + across / reference.rest
    return np.asarray(np.sqrt(squares / features.shape[1]), dtype=np.float64)


def fit_balanced(
    features: NDArray[np.floating], labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> Reference:
    """`fit_reference` with every patient counting the same within each class, and every class too.

    Parameters
    ----------
    features : float array, shape (N, crops, F)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    """
    crops = features.shape[1]
    weights = np.zeros(len(labels))
    for label in np.unique(labels):
        weights[labels == label] = same_weight_each(patients[labels == label])
    flat = features.reshape(-1, features.shape[-1])
    return fit_reference(flat, np.repeat(weights, crops))


def image_distances(reference: Reference, features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance of each image, the mean over its crops: (N, crops, F) to (N,)."""
    flat = distances(reference, features.reshape(-1, features.shape[-1]))
    return flat.reshape(features.shape[:2]).mean(axis=1)


def left_out_references(
    features: NDArray[np.floating], labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> Iterator[tuple[NDArray[np.bool_], Reference]]:
    """Leave patients out in folds: which images are theirs, (N,), and where all others lie.

    Parameters
    ----------
    features : float array, shape (N, crops, F)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
        At least two.
    """
    people, codes = np.unique(patients.astype(str), return_inverse=True)
    folds = codes % min(FOLDS, len(people))
    for fold in np.unique(folds):
        in_fold = folds == fold
        yield in_fold, fit_balanced(features[~in_fold], labels[~in_fold], patients[~in_fold])


def left_out_distances(
    features: NDArray[np.floating], labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> NDArray[np.float64]:
    """Distance of every image to the features of other patients, (N,), left out in folds."""
    distances = np.empty(len(labels))
    for in_fold, reference in left_out_references(features, labels, patients):
        distances[in_fold] = image_distances(reference, features[in_fold])
    return distances


def upper_quantile(
    values: NDArray[np.floating], patients: NDArray[np.object_], share: float
) -> float:
    """The value that a share of the images lies above, every patient counting the same."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(same_weight_each(patients)[order])
    last = int(np.searchsorted(below, 1 - share - 1e-9))
    return float(values[order][min(last, len(order) - 1)])


def false_alarms_by_patient(
    values: NDArray[np.floating], patients: NDArray[np.object_], share: float = FALSE_ALARMS
) -> NDArray[np.float64]:
    """Share of each patient's images above a threshold that was chosen without them, (patients,).

    Parameters
    ----------
    values : float array, shape (N,)
    patients : object array, shape (N,)
        At least two.
    share : float
        Of other patients' images that lie above the threshold.
    """
    people = patients.astype(str)
    shares = []
    for person in np.unique(people):
        of_person = people == person
        limit = upper_quantile(values[~of_person], patients[~of_person], share)
        shares.append((values[of_person] > limit).mean())
    return np.array(shares)


def false_alarms(
    values: NDArray[np.floating], patients: NDArray[np.object_], share: float = FALSE_ALARMS
) -> float:
    """Mean over the patients of `false_alarms_by_patient`."""
    return float(false_alarms_by_patient(values, patients, share).mean())
