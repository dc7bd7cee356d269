"""Images of a dataset changed on purpose and predicted again: stain, focus, light, scale."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.assessment.bulk import PredictedImages, predict_images
from core.assessment.table import with_colour
from core.datasets.records import Dataset
from core.evaluation.colour_alone import ColourAlone
from core.evaluation.predictions import Predictions
from core.imaging.changes import robustness_changes
from core.inference.classifier import Classifier
from core.registry.card_results import Robustness
from core.training.judging.changes import CHANGES
from core.training.judging.results import robustness

MOST_IMAGES = 500
"""Images that each change is tried on, at most."""
STAGE = "Answering changed images"


def predict_changed(
    classifier: Classifier,
    dataset: Dataset,
    rows: NDArray[np.int64],
    progress: Callable[[str, float], None],
) -> list[PredictedImages]:
    """Predictions on some images of a dataset under each of `robustness_changes`.

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

    def under(number: int) -> PredictedImages:
        def tell(done: float) -> None:
            progress(STAGE, (number + done) / len(changes))

        return predict_images(classifier, records, dataset.root, tell, changes[number])

    return [under(number) for number in range(len(changes))]


def curves(
    predictions: Predictions,
    rows: NDArray[np.int64],
    changed: list[PredictedImages],
    colour: ColourAlone | str,
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
    colour : ColourAlone or str
        Of every image, in a view as it is and in one of each change.
    """
    plain = predictions.of(rows)
    views = []
    for view, chances in enumerate(
        [plain.probabilities, *(view_chances.probabilities for view_chances in changed)]
    ):
        of_view = replace(plain, probabilities=chances)
        views.append(
            of_view if isinstance(colour, str) else with_colour(of_view, colour, view, rows)
        )
    return robustness(zip(CHANGES, views, strict=True))
