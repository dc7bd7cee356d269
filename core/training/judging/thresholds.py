"""The operating points of a card: chosen on held-out patients, reported on patients left out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.bootstrap import draw_patients, no_interval, percentiles, resample
from core.evaluation.metrics import call_figures
from core.evaluation.operating_point import RULES
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import parse_predictions
from core.registry.card_results import OperatingPoint

_FIGURES = ("sensitivity", "specificity")


def operating_points(
    predictions: pd.DataFrame,
    classes: tuple[str, ...],
    thresholds: Sequence[float] | None,
    fitted_on: str,
) -> tuple[OperatingPoint, ...]:
    """One operating point for each of `core.evaluation.operating_point.RULES`.

    Parameters
    ----------
    predictions : pandas.DataFrame
        The package's table of held-out answers. It holds, for each rule, thresholds that were
        chosen without the row's patient: sensitivity and specificity are of these.
    classes : tuple of str
    thresholds : sequence of float, or None
        Of the final model, one a rule; None for more than two classes, which have no such point.
    fitted_on : str
        What these were chosen on, in words.
    """
    if thresholds is None:
        return ()
    points = []
    for rule, threshold in zip(RULES, thresholds, strict=True):
        table = predictions.assign(threshold=predictions[rule.column]).astype(str)
        held_out = parse_predictions(table, "the table of held-out answers", classes)
        points.append(
            OperatingPoint(
                positive_class=classes[1],
                threshold=threshold,
                rule=rule.text,
                fitted_on=fitted_on,
                **_figures(held_out),
            )
        )
    return tuple(points)


def _figures(held_out: Predictions) -> dict[str, float | tuple[float, float] | None]:
    """Sensitivity and specificity of the calls, with intervals where patients suffice."""

    def both(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        found = call_figures(held_out, weights)
        return {name: found[name][:, held_out.positive] for name in _FIGURES}

    patients, labels = held_out.patients, held_out.labels
    drawn = None
    if no_interval(patients, labels) is None:
        drawn = resample(both, patients, draw_patients(patients, labels))
    results: dict[str, float | tuple[float, float] | None] = {}
    for name, values in both(np.ones((1, len(labels)))).items():
        results[name] = None if np.isnan(values[0]) else float(values[0])
        results[f"{name}_interval"] = percentiles(drawn[name]) if drawn else None
    return results
