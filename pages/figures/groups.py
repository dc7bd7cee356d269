"""Figures by magnification and by subtype."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.evaluation.estimand import TITLES, estimand_of, titled
from core.plots.intervals import Series, with_intervals
from pages.figures.evaluated import EvaluatedModel, evaluated, label
from pages.figures.numbers import show_chart
from pages.figures.words import calling_rule, ranking_rule, words
from pages.shared.marks import NEGATIVE, POSITIVE
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.judge import Evaluation

_KINDS = {"magnification": "By magnification", "subtype": "By subtype"}
_FIGURES = ("auroc", "balanced_accuracy", "sensitivity", "specificity", "accuracy")


def show_groups(model: EvaluatedModel) -> None:
    """Draw the figures of each magnification, then of each subtype."""
    shown = False
    for kind, title in _KINDS.items():
        names = list(model.predictions.groups(kind))  # type: ignore[arg-type]
        if len(names) > 1:
            shown = True
            _show(model, kind, title, names)
    if not shown:
        st.text("One magnification, or unknown, and no subtypes.")


def _show(model: EvaluatedModel, kind: str, title: str, names: list[str]) -> None:
    st.html(f"<h3>{title}</h3>")
    try:
        evaluations = {name: evaluated(model, (kind, name)) for name in names}
    except LobuleError as error:
        notice(str(error), "error")
        return
    estimand = next(iter(evaluations.values())).estimand
    table(
        (
            kind.capitalize(),
            "Images",
            "Patients",
            *(model.mark + titled(name, estimand_of(name, estimand)) for name in _FIGURES),
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
    axis = " and ".join(titled(name, estimand_of(name, estimand)) for name in drawn)
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
