"""Encoders on one dataset, in the same folds, beside colour alone and recipes with a network."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.batch import batch_of
from core.datasets.cache import Cached, pixel_cache
from core.datasets.records import Dataset
from core.encoders.features import FeatureNetwork
from core.encoders.seen import seen_in_pretraining
from core.encoders.shelf import Encoder, find_encoder
from core.errors import TrainingError
from core.evaluation.balance import sample
from core.evaluation.choosing import Charged, charge_for_choosing
from core.evaluation.compare import Difference, compare
from core.evaluation.predictions import Predictions
from core.registry.card_results import CardEvaluation
from core.settings import get_settings
from core.training.by_probe import train_by_probe
from core.training.fitting.network import build_network
from core.training.judging.measured import kept_features
from core.training.request.data import chosen_dataset
from core.training.request.encoder import changes_for
from core.training.request.input_spec import frame
from core.training.request.override import override
from core.training.request.recipe import ENCODER, Recipe, load_recipe
from core.training.request.request import Request
from core.training.watch import Watch

_MOST_ALIKE = 1_500  # images whose likeness is compared: a million pairs


@dataclass(frozen=True)
class Compared:
    """One encoder, or a recipe's frozen network.

    Attributes
    ----------
    name : str
    evaluation : CardEvaluation
        As its model's card would have it.
    predictions : Predictions
        Held-out.
    beyond_colour : Difference
        Its AUROC minus that of colour alone, paired by patient.
    behind_best : Difference or None
        The best one's AUROC minus its own; None of the best itself.
    tells_patients : float or None
        How often two images of a patient are more alike to it than two of different patients, of
        the same class each; 0.5 is not at all. What it tells of patients, laboratories and stains
        is in the way. None of a recipe.
    milliseconds, megabytes : float or None
        That it takes a square, in batches; of its weights. None of a recipe.
    seen : str
        Which of these patients it was pretrained on, in a sentence; empty if on none.
    """

    name: str
    evaluation: CardEvaluation
    predictions: Predictions
    beyond_colour: Difference
    behind_best: Difference | None = None
    tells_patients: float | None = None
    milliseconds: float | None = None
    megabytes: float | None = None
    seen: str = ""


@dataclass(frozen=True)
class EncoderComparison:
    """All of them, the best first, and what choosing it on these patients flatters by."""

    dataset: str
    compared: tuple[Compared, ...]
    charged: Charged


def compare_encoders(
    request: Request, names: Sequence[str], recipes: Sequence[str] = (), watch: Watch | None = None
) -> EncoderComparison:
    """Fit a probe on each encoder and judge all in the same folds.

    Parameters
    ----------
    request : Request
        Whose recipe is for an encoder; its data are compared on. Its name is of no importance.
    names : sequence of str
        Encoders at hand.
    recipes : sequence of str
        Recipes with a probe of a Keras network, to stand beside.
    watch : Watch, optional
        Hears how far it is, and may stop it.

    Raises
    ------
    LobuleError
        If the data or an encoder cannot be used, or there is nothing to compare.
    """
    watch = watch or Watch()
    if not names or len({*names, *recipes}) < len(names) + len(recipes):
        raise TrainingError(
            f"To compare, name each encoder once; named were {', '.join(names) or 'none'}."
        )
    dataset, _ = chosen_dataset(request)
    candidates = {
        name: (find_encoder(name), override(request.recipe, changes_for(name))) for name in names
    }
    others = {name: _with_a_probe(load_recipe(name)) for name in recipes}
    judged = [
        _of_encoder(dataset, encoder, recipe, _Named(watch, name))
        for name, (encoder, recipe) in candidates.items()
    ]
    judged += [
        _of_recipe(dataset, name, recipe, _Named(watch, name)) for name, recipe in others.items()
    ]
    charged = charge_for_choosing({each.name: each.predictions for each in judged})
    best = next(each for each in judged if each.name == charged.best)
    compared = [_beside(each, best) for each in judged]
    compared.sort(key=lambda each: -each.evaluation.auroc)
    return EncoderComparison(dataset.name, tuple(compared), charged)


def _of_encoder(dataset: Dataset, encoder: Encoder, recipe: Recipe, watch: Watch) -> Compared:
    cached, probed = _judged(dataset, encoder, recipe, watch)
    network = FeatureNetwork(encoder)
    size = encoder.card.input
    squares = np.asarray(cached.pixels[: batch_of(size.height, size.width)])
    network(squares)
    started = time.perf_counter()
    network(squares)
    return Compared(
        name=encoder.card.name,
        evaluation=probed[1],
        predictions=probed[0],
        beyond_colour=_beyond_colour(probed[0]),
        tells_patients=_tells_patients(encoder, cached),
        milliseconds=1000 * (time.perf_counter() - started) / len(squares),
        megabytes=encoder.constants_bytes / 1e6,
        seen=seen_in_pretraining(
            encoder.card,
            dataset.records["patient"].unique(),
            dataset.fingerprint,
            known=dataset.patients_known,
        ),
    )


def _of_recipe(dataset: Dataset, name: str, recipe: Recipe, watch: Watch) -> Compared:
    _, (predictions, evaluation) = _judged(dataset, None, recipe, watch)
    return Compared(name, evaluation, predictions, _beyond_colour(predictions))


def _judged(
    dataset: Dataset, encoder: Encoder | None, recipe: Recipe, watch: Watch
) -> tuple[Cached, tuple[Predictions, CardEvaluation]]:
    assert recipe.probe is not None  # noqa: S101 - only such recipes come here
    cached = pixel_cache(
        dataset,
        recipe.input_size,
        get_settings().cache,
        lambda done: watch.stage("Reading images", done),
        recipe.stain_normalisation,
        frame(recipe, dataset).crops,
    )
    network = encoder or build_network(recipe, len(dataset.classes))
    trained = train_by_probe(network, recipe, recipe.probe, cached.dataset, cached.pixels, watch)
    return cached, (trained.predictions, trained.evaluation)


def _with_a_probe(recipe: Recipe) -> Recipe:
    if recipe.probe is None or recipe.architecture == ENCODER:
        raise TrainingError(
            f"The recipe {recipe.name!r} trains its network, or is for encoders; beside encoders "
            "stand recipes with a [probe] of an architecture, such as breakhis-binary."
        )
    return recipe


def _beyond_colour(predictions: Predictions) -> Difference:
    colour = predictions.colour()
    assert colour is not None  # noqa: S101 - a probe is always judged beside it
    return compare(predictions, colour).auroc


def _beside(each: Compared, best: Compared) -> Compared:
    if each is best:
        return each
    behind = compare(best.predictions, each.predictions).auroc
    return replace(each, behind_best=behind)


def _tells_patients(encoder: Encoder, cached: Cached) -> float | None:
    """AUROC of likeness (cosine of standardised features), over pairs of images of one class."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - scikit-learn

    records = cached.dataset.records
    labels = records["label"].to_numpy()
    patients = records["patient"].to_numpy(dtype=object)
    rows = sample(labels, patients, _MOST_ALIKE)
    features = kept_features(encoder, cached.pixels, rows * cached.crops).astype(np.float64)
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    alike, same = (features @ features.T), _pairs(patients[rows].astype(str))
    of_a_class = np.triu(_pairs(labels[rows]), k=1)
    if len(np.unique(same[of_a_class])) < 2:  # noqa: PLR2004 - both kinds of pairs
        return None
    return float(roc_auc_score(same[of_a_class], alike[of_a_class]))


def _pairs(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which two of some values are equal, (n, n)."""
    equal: NDArray[np.bool_] = values[:, None] == values[None, :]
    return equal


class _Named(Watch):
    """Tells another one which encoder a stage is of."""

    def __init__(self, watch: Watch, name: str) -> None:
        self._watch = watch
        self._name = name

    def stage(self, name: str, done: float) -> None:
        self._watch.stage(f"{self._name}: {name}", done)

    def cancelled(self) -> bool:
        return self._watch.cancelled()
