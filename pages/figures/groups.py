"""Figures by magnification and by subtype."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.evaluation.estimand import ESTIMANDS, TITLES
from core.plots.intervals import Series, with_intervals
from pages.figures.evaluated import EvaluatedModel, evaluated, label
from pages.figures.numbers import show_chart
from pages.figures.words import HELP, calling_rule, ranking_rule, words
from pages.shared.marks import NEGATIVE, POSITIVE
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.judge import Evaluation

_KINDS = {"magnification": "By magnification", "subtype": "By subtype"}
_FIGURES = ("auroc", "balanced_accuracy", "sensitivity", "specificity", "accuracy")


def show_groups(model: EvaluatedModel) -> None:
    """Draw the figures of each magnification, then of each subtype."""
    for kind, names in _groups(model).items():
        _show(model, kind, _KINDS[kind], names)


def has_groups(model: EvaluatedModel) -> bool:
    """Whether there are several magnifications or subtypes."""
    return bool(_groups(model))


def _groups(model: EvaluatedModel) -> dict[str, list[str]]:
    """Names of the groups of each kind that there are several of."""
    every = {kind: list(model.predictions.groups(kind)) for kind in _KINDS}  # type: ignore[arg-type]
    return {kind: names for kind, names in every.items() if len(names) > 1}


def _show(model: EvaluatedModel, kind: str, title: str, names: list[str]) -> None:
    try:
        evaluations = {name: evaluated(model, (kind, name)) for name in names}
    except LobuleError as error:
        notice(str(error), "error")
        return
    estimand = next(iter(evaluations.values())).estimand
    st.subheader(f"{title}, {ESTIMANDS[estimand]}", anchor=False, help=HELP)
    table(
        (
            kind.capitalize(),
            "Images",
            "Patients",
            *(model.mark + TITLES[name] for name in _FIGURES),
        ),
        [
            (
                name,
                f"{evaluation.images:,}",
                f"{evaluation.patients:,}",
                *(words(evaluation.figures[figure]) for figure in _FIGURES),
            )
            for name, evaluation in evaluations.items()
        ],
        caption=title,
    )
    # Where every group is of one class, the share called rightly is all there is.
    drawn = [
        name
        for name in ("auroc", "balanced_accuracy")
        if any(evaluation.figures[name].value is not None for evaluation in evaluations.values())
    ] or ["accuracy"]
    marks = ((POSITIVE.colour, "triangle-up"), (NEGATIVE.colour, "circle"))
    series = [
        Series(
            TITLES[name],
            *mark,
            [evaluation.figures[name].value for evaluation in evaluations.values()],
            [evaluation.figures[name].interval for evaluation in evaluations.values()],
        )
        for name, mark in zip(drawn, marks, strict=False)
    ]
    rows = [f"{label(name)} ({evaluation.images:,})" for name, evaluation in evaluations.items()]
    axis = " and ".join(TITLES[name] for name in drawn)
    ranked = ranking_rule(model.predictions, "roc_auc_score") if "auroc" in drawn else ""
    show_chart(
        with_intervals(rows, series, axis),
        model,
        _numbers(kind, evaluations),
        f"by {kind}",
        f"take the rows of each {kind}. {ranked} Calls: {calling_rule(model.predictions)}",
        alt=f"{axis} of each {kind}; the table has the numbers.",
    )


def _numbers(kind: str, evaluations: "dict[str, Evaluation]") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for name, evaluation in evaluations.items():
        for figure, value in evaluation.figures.items():
            low, high = value.interval or (None, None)
            rows.append(
                (name, evaluation.images, evaluation.patients, figure, value.value, low, high)
            )
    return pd.DataFrame(
        rows, columns=[kind, "images", "patients", "figure", "value", "low", "high"]
    )
