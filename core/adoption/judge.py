"""Judge a network made elsewhere on labelled patients, by the rules and the code of training.

The network stays as it is; what is chosen here (temperature, thresholds, prediction sets, limits of
the scope test, and the scaling where nobody states it) is chosen for each patient on others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.adoption.foreign import Foreign
from core.adoption.network import FlatNetwork, build_flat, scalings_for
from core.adoption.scaling import SCALINGS, Scaling
from core.adoption.trial import Trial, try_scalings
from core.datasets.records import Dataset
from core.errors import EvaluationError, TrainingError
from core.evaluation.colour_alone import colour_fitter
from core.evaluation.cross_validate import Fitter, Predict, cross_validate
from core.evaluation.predictions import Predictions
from core.registry.card_results import CardEvaluation, OperatingPoint
from core.training.by_fit import views_of_network
from core.training.fitting.fit import logits_of
from core.training.judging.changes import measure_changed, rows_to_change
from core.training.judging.features import (
    STRENGTHS,
    colour_views,
    features_of,
    in_batches,
    measure_colours,
)
from core.training.judging.folds import folds_of_probe
from core.training.judging.held_out import judge_held_out
from core.training.judging.results import operating_points
from core.training.judging.trust import Trust, sets_of, trust_of_probe

Progress = Callable[[str, float], None]
"""Told what is done, and the share of it, in [0, 1]; may raise to stop."""
MOST_FEATURES = 4096
"""Numbers into the last layer that a scope test is made of, at most: it takes their square."""
_PROTOCOL = (
    "A network made elsewhere, judged as it is; for each patient, temperature and decision "
    "threshold were chosen on other patients."
)
_MAYBE_MET = "Nobody stated that the network was trained on none of these patients."
_SCOPE = (
    "Its scope test is based on the images it was judged on; its training images are not "
    "known here."
)


@dataclass(frozen=True)
class JudgedNetwork:
    """A network and everything that its card says of it.

    Attributes
    ----------
    network : FlatNetwork
    scaling : Scaling
    trial : Trial or None
        None where somebody stated the scaling.
    temperature : float
    operating_points : tuple of OperatingPoint
        The first is the one that it decides by; none for more than two classes.
    evaluation : CardEvaluation
    predictions : Predictions
        Held-out.
    trust : Trust
    """

    network: FlatNetwork
    scaling: Scaling
    trial: Trial | None
    temperature: float
    operating_points: tuple[OperatingPoint, ...]
    evaluation: CardEvaluation
    predictions: Predictions
    trust: Trust


class _Views:
    """Logits of all images under a scaling, plain and changed, worked out once a scaling."""

    def __init__(
        self,
        build: Callable[[Scaling], FlatNetwork],
        pixels: NDArray[np.uint8],
        changed: NDArray[np.int64],
        progress: Progress,
    ) -> None:
        self._build, self._pixels, self._changed = build, pixels, changed
        self._progress = progress
        self._known: dict[Scaling, tuple[FlatNetwork, NDArray[np.float64]]] = {}

    def of(self, scaling: Scaling) -> tuple[FlatNetwork, NDArray[np.float64]]:
        """The flat network, and its logits (V, N, K)."""
        if scaling not in self._known:
            network = self._build(scaling)
            logits = logits_of(network.model)
            (changed,) = measure_changed(
                (logits,),
                self._pixels,
                1,
                self._changed,
                lambda done: self._progress("Changing images", done),
            )
            predict = views_of_network(logits, self._pixels, 1, changed)
            self._progress("Answering images", 0.0)
            values = predict(np.arange(len(self._pixels)))
            self._progress("Answering images", 1.0)
            self._known[scaling] = network, values
        return self._known[scaling]


def judge(
    foreign: Foreign,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    order: tuple[int, ...],
    scaling: Scaling | None,
    progress: Progress,
    *,
    unseen: bool,
) -> JudgedNetwork:
    """Judge a network on every image of a dataset.

    Parameters
    ----------
    foreign : Foreign
    dataset : Dataset
        N images of known patients, its classes in the card's order.
    pixels : uint8 array, shape (N, side, side, 3)
    order : tuple of int
        Which output of the network each of these classes is.
    scaling : Scaling or None
        None has it chosen by trial, for each fold on the others.
    progress : callable
    unseen : bool
        Whether the network was trained on none of these patients; else its figures are marked.

    Raises
    ------
    EvaluationError
        If there are too few patients, or they are not known.
    PackageError
        If the network cannot be made flat.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    try:
        folds, protocol = folds_of_probe(dataset)
    except TrainingError as error:
        raise EvaluationError(
            f"Too few images to judge a model on. {error} Or leave the folder out: the card "
            'then says "not judged".'
        ) from error
    rows = rows_to_change(folds, dataset)
    views = _Views(
        lambda chosen: build_flat(foreign, chosen, order, pixels.shape[1]), pixels, rows, progress
    )
    trial = None
    if scaling is None:
        progress("Trying scalings", 0.0)
        plain = build_flat(foreign, "pixels", order, pixels.shape[1])
        trial = try_scalings(foreign, dataset, pixels, order, scalings_for(plain.model))
        progress("Trying scalings", 1.0)
    chosen = scaling or cast("Trial", trial).best()
    network, _ = views.of(chosen)
    colours = colour_views(pixels, 1, lambda done: progress("Measuring colours", done), STRENGTHS)
    (changed_colours,) = measure_changed(
        (measure_colours,), pixels, 1, rows, lambda done: progress("Changing colours", done)
    )
    model = cross_validate(_fitter(views, scaling, trial), labels, patients, folds)
    colour = cross_validate(
        colour_fitter(colours, labels, patients, len(dataset.classes), changed_colours),
        labels,
        patients,
        folds,
        lambda done: progress("Judging colour alone", done),
    )
    progress("Judging", 0.0)
    predictions, evaluation = judge_held_out(
        model,
        colour,
        dataset,
        protocol,
        _PROTOCOL,
        rows,
        leaky=not unseen,
        notes=_notes(trial, folds, labels, chosen, unseen=unseen),
    )
    decision = model.decide(labels, patients)
    trust = _trust(network, pixels, labels, patients, predictions)
    progress("Judging", 1.0)
    images, people = predictions.image_count, predictions.patient_count
    return JudgedNetwork(
        network=network,
        scaling=chosen,
        trial=trial,
        temperature=decision.temperature,
        operating_points=operating_points(
            predictions,
            decision.thresholds,
            f"{images} images of {people} patients, for each patient on the others",
        ),
        evaluation=evaluation,
        predictions=predictions,
        trust=trust,
    )


def _fitter(views: _Views, scaling: Scaling | None, trial: Trial | None) -> Fitter:
    """Nothing of the network is fitted: only its scaling is chosen, where nobody states it."""

    def fit(train: NDArray[np.int64]) -> Predict:
        chosen = scaling or cast("Trial", trial).best(train)
        _, values = views.of(chosen)

        def predict(rows: NDArray[np.int64], /, *, plain: bool = False) -> NDArray[np.float64]:
            return values[:1, rows] if plain else values[:, rows]

        return predict

    return fit


def _notes(
    trial: Trial | None,
    folds: NDArray[np.int64],
    labels: NDArray[np.int64],
    chosen: Scaling,
    *,
    unseen: bool,
) -> tuple[str, ...]:
    notes = () if unseen else (_MAYBE_MET,)
    if trial is None:
        return (*notes, _SCOPE)
    everything = np.arange(len(labels))
    by_fold = [
        trial.best(everything[fold_of != fold])
        for fold_of in folds
        for fold in range(fold_of.max() + 1)
    ]
    same = sum(best == chosen for best in by_fold)
    figures = ", ".join(
        f"{SCALINGS[result.scaling].title}: "
        f"{'–' if result.auroc is None else f'{result.auroc:.3f}'}"
        for result in trial.results()
    )
    proposal = (
        f"Its scaling, {SCALINGS[chosen].title}, was proposed by trial on {len(trial.rows)} "
        f"images (AUROC, not calibrated; {figures}). Chosen without the patients of a fold it "
        f"was the same in {same} of {len(by_fold)} folds; each fold was answered under its "
        "own."
    )
    return (*notes, proposal, _SCOPE)


def _trust(
    network: FlatNetwork,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    predictions: Predictions,
) -> Trust:
    plain = features_of(network.model)
    if plain.output_shape[1] > MOST_FEATURES:
        return Trust(sets_of(predictions), None, None)
    features = in_batches(plain, pixels)[:, None]
    return trust_of_probe(features, pixels, labels, patients, predictions)
