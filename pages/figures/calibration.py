"""Whether probabilities are what they say."""

import streamlit as st

from core.plots.reliability import reliability_figure
from pages.figures.evaluated import EvaluatedModel, evaluated, label
from pages.figures.numbers import show_chart
from pages.figures.words import words

_HELP = (
    "Ten bins by the stated probability. Above the dotted line probabilities are too low, "
    "below it too high. ECE: mean distance from it (Naeini et al. 2015), patients weighted "
    "equally."
)


def show_calibration(model: EvaluatedModel) -> None:
    """Draw the reliability diagram with ECE and Brier score."""
    import pandas as pd  # noqa: PLC0415

    from core.evaluation.predictions import patient_weights  # noqa: PLC0415
    from core.evaluation.reliability import reliability, said_and_true  # noqa: PLC0415

    predictions, evaluation = model.predictions, evaluated(model)
    rarer = ""
    if predictions.binary:
        share = float((predictions.labels == predictions.positive).mean())
        positive = predictions.classes[predictions.positive]
        rarer = f" {share:.0%} of the images are {positive}; expect less where it is rarer."
    st.text(
        f"ECE {words(evaluation.figures['ece'])}, Brier score "
        f"{words(evaluation.figures['brier'])}.{rarer}",
        help=_HELP,
    )
    bins = reliability(
        *said_and_true(predictions.labels, predictions.probabilities, predictions.positive),
        patient_weights(predictions.patients, predictions.rounds),
    )
    positive = predictions.classes[predictions.positive]
    called = positive if predictions.binary else "the most probable class"
    numbers = pd.DataFrame(
        {
            "from": bins.low,
            "to": bins.high,
            "mean probability": bins.predicted,
            "share that is so": bins.observed,
            "answers": bins.images,
        }
    )
    rounds = " All rounds together." if evaluation.rounds > 1 else ""
    column = f"“probability {positive}”" if predictions.binary else "the highest probability"
    true = f"label = {positive}" if predictions.binary else "that class is the label"
    show_chart(
        reliability_figure(
            bins.predicted.tolist(),
            bins.observed.tolist(),
            bins.images.tolist(),
            list(zip(bins.low.tolist(), bins.high.tolist(), strict=True)),
            label(called),
        ),
        model,
        numbers,
        "reliability",
        f"put rows into ten bins of equal width by {column}; in each, its mean against the share "
        f"where {true}, a row weighing 1 / the number of its patient's rows in the round.{rounds}",
        alt="Reliability diagram; the account below has its numbers.",
    )
