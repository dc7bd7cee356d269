"""How well colour alone predicts the class of patients that were not seen (DESIGN decision 15)."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from core.datasets.audit.finding import Finding, Severity
from core.evaluation.bootstrap import MINIMUM_PATIENTS
from core.evaluation.probe import COLOUR_PENALTY, fit_probe

STRONG, TELLING = 0.9, 0.7
_FOLDS = 5
_FITTED = 100
_DRAWS = 1_000


class ColourResult(BaseModel):
    """What logistic regression on 21 colour statistics of an image scores on unseen patients.

    Attributes
    ----------
    auroc : float
        Of all images together, each predicted by a model that did not see its patient; with more
        than two classes the mean over the classes of each against the rest.
    interval : tuple of float, or None
        95 %, by bootstrap over patients; None with fewer than five or where they are unknown.
    within_patients : float or None
        Mean over the patients with every class of the AUROC among their own images: what colour
        says beyond telling patients apart. None where no patient has every class.
    patients_with_every_class : int
    folds : int
    by_patient : bool
        False where patients are unknown: then images of one patient are on both sides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    auroc: float
    interval: tuple[float, float] | None
    within_patients: float | None
    patients_with_every_class: int
    folds: int
    by_patient: bool


def judge_colour(
    colour: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    *,
    patients_known: bool,
) -> ColourResult | None:
    """Predict each image's class from its colours by a model that did not see its patient.

    Up to five folds, by patient, stratified by class. At most 100 images of a patient and class are
    fitted on, every patient of a class weighing the same; all images are predicted.

    Parameters
    ----------
    colour : float32 array, shape (N, 21)
        `core.imaging.colour.colour_statistics` of each image.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    patients_known : bool

    Returns
    -------
    ColourResult or None
        None where there are fewer than two classes, or a class cannot be held out.
    """
    names, labels = np.unique(labels, return_inverse=True)
    _, codes = np.unique(patients.astype(str), return_inverse=True)
    folds = _folds(labels, codes, patients_known=patients_known)
    if folds is None:
        return None
    groups = codes if patients_known else np.zeros_like(codes)
    chances = np.empty((len(labels), len(names)))
    with threadpool_limits(1):  # on so few numbers, threads only wait for each other
        for train, test in folds:
            rows = _some_of_each(train, labels, groups)
            weights = _weights(labels[rows], groups[rows])
            kernel, bias = fit_probe(colour[rows], labels[rows], weights, COLOUR_PENALTY)
            logits = colour[test] @ kernel + bias
            logits -= logits.max(axis=1, keepdims=True)
            chances[test] = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    # Of two classes, telling the second from the first is telling the first from the second.
    told = range(len(names)) if len(names) > 2 else [1]  # noqa: PLR2004
    pairs = [_Pairs(chances[:, label], labels == label, groups) for label in told]

    def auroc(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.mean([one.share(times) for one in pairs], axis=0)

    people = int(groups.max()) + 1
    within = auroc(np.eye(people))
    own = within[~np.isnan(within)] if patients_known else within[:0]
    interval = None
    if patients_known and people >= MINIMUM_PATIENTS:
        low, high = np.nanquantile(auroc(_resamples(people)), [0.025, 0.975])
        interval = (float(low), float(high))
    return ColourResult(
        auroc=float(auroc(np.ones((1, people)))[0]),
        interval=interval,
        within_patients=float(own.mean()) if len(own) else None,
        patients_with_every_class=len(own),
        folds=len(folds),
        by_patient=patients_known,
    )


Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


def _folds(
    labels: NDArray[np.int64], codes: NDArray[np.int64], *, patients_known: bool
) -> Folds | None:
    """As many folds, up to five, as leave every class in every training part."""
    classes = int(labels.max()) + 1 if len(labels) else 0
    if classes < 2:  # noqa: PLR2004 - nothing to predict
        return None
    members = codes if patients_known else np.arange(len(labels))
    fewest = min(len(np.unique(members[labels == label])) for label in range(classes))
    for folds in range(min(_FOLDS, fewest), 1, -1):
        kind = StratifiedGroupKFold if patients_known else StratifiedKFold
        splitter = kind(folds, shuffle=True, random_state=0)
        parts = list(splitter.split(labels[:, None], labels, codes if patients_known else None))
        if all(len(np.unique(labels[train])) == classes for train, _ in parts):
            return parts
    return None


def _some_of_each(
    rows: NDArray[np.int64], labels: NDArray[np.int64], codes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Take at most 100 rows of each patient and class, drawn with a fixed seed."""
    rows = np.random.default_rng(0).permutation(rows)
    groups = codes[rows] * (labels.max() + 1) + labels[rows]
    order = np.argsort(groups, kind="stable")
    _, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    rank = np.arange(len(rows)) - np.repeat(starts, counts)
    return np.sort(rows[order[rank < _FITTED]])


def _weights(labels: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """As `core.datasets.balance.balance_weights` by patient, in one go for many patients."""
    groups = codes * (labels.max() + 1) + labels
    weights = 1 / np.bincount(groups)[groups]
    weights /= np.bincount(labels, weights)[labels]
    return weights / weights.mean()


class _Pairs:
    """Pairs of images, one of a class and one of the rest, counted by their two patients.

    The AUROC is the share of such pairs that are ranked rightly. Counted once for every pair of
    patients, it can be had for any patient and any resample of patients without ranking again.
    """

    def __init__(
        self, scores: NDArray[np.float64], positive: NDArray[np.bool_], codes: NDArray[np.int64]
    ) -> None:
        people = int(codes.max()) + 1
        high, own = scores[positive], codes[positive]
        self.right = np.empty((people, people))
        for patient in range(people):
            low = np.sort(scores[~positive & (codes == patient)])
            below = (np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")) / 2
            self.right[:, patient] = np.bincount(own, below, minlength=people)
        negatives = np.bincount(codes[~positive], minlength=people)
        self.all = np.outer(np.bincount(own, minlength=people), negatives).astype(np.float64)

    def share(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """AUROC with each patient taken so many times, (draws, patients) to (draws,)."""
        with np.errstate(invalid="ignore"):  # NaN where a class vanishes
            return np.einsum("di,di->d", times @ self.right, times) / np.einsum(
                "di,di->d", times @ self.all, times
            )


def _resamples(people: int) -> NDArray[np.float64]:
    """How often each patient is in each resample of the bootstrap."""
    draws = np.random.default_rng(0).integers(people, size=(_DRAWS, people))
    draws += np.arange(_DRAWS)[:, None] * people
    times = np.bincount(draws.ravel(), minlength=_DRAWS * people)
    return times.reshape(_DRAWS, people).astype(np.float64)


def colour_finding(result: ColourResult | None) -> Finding:
    """Say what the result means."""
    if result is None:
        return Finding(
            code="colour-not-judged",
            severity="note",
            count=0,
            message="How well colour alone predicts the class could not be measured: it takes two "
            "classes with two patients each.",
            advice="Add patients, or choose another task.",
        )
    severity: Severity = "note"
    if max(result.auroc, result.within_patients or 0) >= TELLING:
        severity = "warning"
    interval = "({:.2f}–{:.2f}) ".format(*result.interval) if result.interval else ""
    strength = (
        "Most of what there is to learn is in the colour: "
        if result.auroc >= STRONG
        else ("Much is in the colour: " if result.auroc >= TELLING else "Little is in the colour: ")
    )
    unseen = (
        "on patients it has not seen"
        if result.by_patient
        else "with patients unknown, so that part of it is the same patients seen again"
    )
    within = (
        f" Among the images of one patient, {result.within_patients:.2f} on average over the "
        f"{result.patients_with_every_class} with every class."
        if result.within_patients is not None
        else ""
    )
    return Finding(
        code="colour-predicts-class",
        severity=severity,
        count=1,
        message=f"{strength}21 colour statistics of an image, with no network, reach an AUROC of "
        f"{result.auroc:.2f} {interval}{unseen}.{within}",
        advice="A network earns its place by what it adds to that: compare every model with the "
        "colour-only baseline, and try stain normalisation or stain jitter.",
    )
