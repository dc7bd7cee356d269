"""Each patient a bar: which ones fail; and the figures where each patient counts as one."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import EvaluationError
from core.evaluation.estimand import ESTIMANDS, FIRST, TITLES
from core.evaluation.few_patients import marked
from core.plots.bars import Bar, share_bars
from pages.figures.evaluated import EvaluatedModel, evaluated, label
from pages.figures.numbers import show_chart
from pages.figures.words import HELP, calling_rule, words
from pages.shared.account import tell
from pages.shared.marks import NEGATIVE, NEUTRAL, POSITIVE
from pages.shared.plain import table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.judge import Evaluation

MOST = 40
_MIXED = "images of several classes"
_FIGURES = ("auroc", "balanced_accuracy", "sensitivity", "specificity", "accuracy")
_HELP = (
    "Share of a patient's images called correctly (Spanhol et al. 2016), at a threshold "
    "chosen without the patient."
)


def show_patients(model: EvaluatedModel) -> None:
    """Draw a bar for each patient, the worst first, and the figures by patient."""
    from core.evaluation.patient_level import patient_table, recognition_rate  # noqa: PLC0415

    scores = patient_table(model.predictions)
    rate, interval, why = recognition_rate(model.predictions)
    between = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else f" ({why})" * bool(why)
    mean_score = marked(f"{rate:.3f}{between}", len(scores))
    st.text(
        f"{model.mark}Mean share of a patient's images called correctly: {mean_score}",
        help=_HELP,
    )
    shown = scores
    if len(scores) > MOST and not st.toggle(
        f"Show all {len(scores):,} patients",
        key="all_patients",
        help=f"Otherwise the {MOST} worst.",
    ):
        shown = scores.iloc[:MOST]
    _draw(model, scores, shown, rate)
    _show_levels(model)


def _draw(
    model: EvaluatedModel, scores: "pd.DataFrame", shown: "pd.DataFrame", rate: float
) -> None:
    def bar(row: "pd.Series") -> "Bar":
        right = f"{row['right']:,.1f}".removesuffix(".0")
        counted_right = f"{right} of {row['images']:,} images called correctly"
        kind = label(row["label"]) or _MIXED
        name = label(row["patient"])
        # A bar of no length has no colour: the class stands beside its name.
        named = f"{name}, {kind}" if row["label"] else name
        return Bar(named, row["score"], kind, f"{name}: {counted_right}")

    show_chart(
        share_bars(
            [bar(row) for _, row in shown.iterrows()],
            _marks(model),
            "share of the patient's images called correctly",
            line=rate,
        ),
        model,
        scores,
        "patients",
        f"{calling_rule(model.predictions)} The score is the share of images called correctly.",
        alt="One bar per patient, worst first; the account below has the numbers.",
    )


def _marks(model: EvaluatedModel) -> dict[str, tuple[str, str]]:
    predictions = model.predictions
    patterns = ("", "/", "x", "-", "\\", "+", "|", ".")
    names = [label(name) for name in predictions.classes]
    if predictions.binary:
        colours = [NEGATIVE.colour, POSITIVE.colour]
        if predictions.positive == 0:
            colours.reverse()
    else:
        colours = [NEGATIVE.colour] * len(names)
    marks = {
        name: (colour, patterns[number % len(patterns)])
        for number, (name, colour) in enumerate(zip(names, colours, strict=True))
    }
    return {**marks, _MIXED: (NEUTRAL.colour, "")}


def _show_levels(model: EvaluatedModel) -> None:
    try:
        by_level = _levels(model.key, model)
    except EvaluationError as error:
        tell("Figures by patient", str(error))
        return
    st.subheader(f"By image and by patient, {ESTIMANDS[FIRST]}", anchor=False, help=HELP)
    table(
        ("", "Number", *(model.mark + TITLES[name] for name in _FIGURES)),
        [
            (
                level,
                f"{evaluation.images:,}",
                *(words(evaluation.figures[name]) for name in _FIGURES),
            )
            for level, evaluation in (("Images", evaluated(model)), *by_level.items())
        ],
        caption="Figures by image and by patient",
    )
    tell(
        "Figures by patient",
        "by mean: the mean probability of a patient's images; by majority: the share of them "
        "called so, at least half.",
    )


@st.cache_resource(show_spinner="Working out the figures by patient …", max_entries=50)
def _levels(key: tuple[str, int, int], _model: EvaluatedModel) -> "dict[str, Evaluation]":  # noqa: ARG001
    from core.evaluation.judge import evaluation_of  # noqa: PLC0415 - pandas
    from core.evaluation.patient_level import by_patient  # noqa: PLC0415

    return {
        "Patients, by mean": evaluation_of(by_patient(_model.predictions)),
        "Patients, by majority": evaluation_of(by_patient(_model.predictions, "majority")),
    }
