"""How figures fall as images change: stain, focus, compression, light, scale."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.assessment.answers import Answered, answer_images
from core.assessment.baseline import Baseline
from core.assessment.table import with_colour
from core.datasets.records import Dataset
from core.evaluation.metrics import main_figures
from core.evaluation.predictions import Predictions
from core.imaging.changes import robustness_changes
from core.inference.classifier import Classifier
from core.registry.card_results import UNCHANGED, Robustness

MOST_IMAGES = 500
"""Images that each change is tried on, at most."""
STAGE = "Answering changed images"


def answer_changed(
    classifier: Classifier,
    dataset: Dataset,
    rows: NDArray[np.int64],
    progress: Callable[[str, float], None],
) -> list[Answered]:
    """Answers on some images of a dataset under each of `robustness_changes`.

    Parameters
    ----------
    classifier : Classifier
    dataset : Dataset
    rows : int64 array, shape (n,)
    progress : callable
        Told what is done and the share of it.
    """
    records = dataset.records.iloc[rows]
    changes = robustness_changes()

    def one(number: int) -> Answered:
        def tell(done: float) -> None:
            progress(STAGE, (number + done) / len(changes))

        return answer_images(classifier, records, dataset.root, tell, changes[number])

    return [one(number) for number in range(len(changes))]


def curves(
    predictions: Predictions,
    rows: NDArray[np.int64],
    changed: list[Answered],
    base: Baseline | str,
) -> tuple[Robustness, ...]:
    """Figures of the same images unchanged, called "none", then under each change.

    Parameters
    ----------
    predictions : Predictions
        Of every image, unchanged.
    rows : int64 array, shape (n,)
        Those that the changes were tried on.
    changed : list of Answered
        Of these rows, in the order of `robustness_changes`.
    base : Baseline or str
        Of every image, in a view as it is and in one of each change.
    """
    plain = predictions.of(rows)
    tried = [(UNCHANGED, 0.0, "", plain.probabilities)]
    for change, answers in zip(robustness_changes(), changed, strict=True):
        tried.append((change.name, change.amount, change.unit, answers.probabilities))
    found = []
    for view, (name, amount, unit, chances) in enumerate(tried):
        now = replace(plain, probabilities=chances)
        own, colour = _figures(now), None
        if not isinstance(base, str):
            alone = with_colour(now, base, view, rows).colour()
            colour = _figures(alone)["auroc"] if alone else None
        if own["auroc"] is not None:
            found.append(
                Robustness(change=name, amount=amount, unit=unit, **own, colour_auroc=colour)
            )
    return tuple(found)


def _figures(predictions: Predictions) -> dict[str, float | None]:
    """AUROC and balanced accuracy; None where there are not two classes."""
    found = main_figures(predictions, np.ones((1, len(predictions.labels))))
    return {
        name: None if np.isnan(values[0]) else float(values[0]) for name, values in found.items()
    }
