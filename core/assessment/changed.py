"""Images of a dataset changed on purpose and predicted again: stain, focus, light, scale."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.assessment.bulk import PredictedImages
from core.assessment.divided import predict_dataset
from core.assessment.table import with_colour
from core.datasets.records import Dataset
from core.evaluation.colour_alone import ColourAlone
from core.evaluation.predictions import Predictions
from core.imaging.changes import robustness_changes
from core.registry.card_results import Robustness
from core.registry.package import Package
from core.roots import image_files
from core.training.judging.changes import CHANGES
from core.training.judging.results import robustness

MOST_IMAGES = 500
"""Images that each change is tried on, at most."""
STAGE = "Answering changed images"


def predict_changed(
    package: Package,
    dataset: Dataset,
    rows: NDArray[np.int64],
    progress: Callable[[str, float], None],
) -> list[PredictedImages]:
    """Predictions on some images of a dataset under each of `robustness_changes`.

    Parameters
    ----------
    package : Package
    dataset : Dataset
    rows : int64 array, shape (n,)
    progress : callable
        Told what is done and the share of it.
    """
    return predict_dataset(
        package,
        dataset.records.iloc[rows],
        image_files(dataset.root),
        lambda done: progress(STAGE, done),
        range(len(robustness_changes())),
    )


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
