"""Figures by magnification and by subtype."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.figures.answers import Judged, judged, label
from pages.figures.numbers import show_chart
from pages.figures.words import TITLES, calling_rule, ranking_rule, words
from pages.shared.marks import NEGATIVE, POSITIVE
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.judgement import Judgement

_KINDS = {"magnification": "By magnification", "subtype": "By subtype"}
_FIGURES = ("auroc", "balanced_accuracy", "sensitivity", "specificity", "accuracy")


def show_groups(answers: Judged) -> None:
    """Draw the figures of each magnification, then of each subtype."""
    shown = False
    for kind, title in _KINDS.items():
        names = list(answers.predictions.groups(kind))  # type: ignore[arg-type]
        if len(names) > 1:
            shown = True
            _show(answers, kind, title, names)
    if not shown:
        st.text(
            "The images are of one magnification, or it is unknown, and no subtypes are stated."
        )


def _show(answers: Judged, kind: str, title: str, names: list[str]) -> None:
    from core.plots.intervals import Series, with_intervals  # noqa: PLC0415 - Plotly

    st.html(f"<h3>{title}</h3>")
    try:
        found = {name: judged(answers, (kind, name)) for name in names}
    except LobuleError as error:
        notice(str(error), "error")
        return
    table(
        (
            kind.capitalize(),
            "Images",
            "Patients",
            *(answers.mark + TITLES[name] for name in _FIGURES),
        ),
        [
            (
                name,
                f"{one.images:,}",
                f"{one.patients:,}",
                *(words(one.figures[figure]) for figure in _FIGURES),
            )
            for name, one in found.items()
        ],
        caption=title,
    )
    # Where every group is of one class, the share called rightly is all there is.
    drawn = [
        name
        for name in ("auroc", "balanced_accuracy")
        if any(one.figures[name].value is not None for one in found.values())
    ] or ["accuracy"]
    marks = ((POSITIVE.colour, "triangle-up"), (NEGATIVE.colour, "circle"))
    series = [
        Series(
            TITLES[name],
            *mark,
            [one.figures[name].value for one in found.values()],
            [one.figures[name].interval for one in found.values()],
        )
        for name, mark in zip(drawn, marks, strict=False)
    ]
    rows = [f"{label(name)} ({one.images:,})" for name, one in found.items()]
    axis = " and ".join(TITLES[name] for name in drawn)
    ranked = ranking_rule(answers.predictions, "roc_auc_score") if "auroc" in drawn else ""
    show_chart(
        with_intervals(rows, series, axis),
        answers,
        _numbers(kind, found),
        f"by {kind}",
        f"take the rows of each {kind}. {ranked} Calls: {calling_rule(answers.predictions)}",
        alt=f"{axis} of each {kind}; the table has the numbers.",
    )


def _numbers(kind: str, found: "dict[str, Judgement]") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for name, one in found.items():
        for figure, value in one.figures.items():
            low, high = value.interval or (None, None)
            rows.append((name, one.images, one.patients, figure, value.value, low, high))
    return pd.DataFrame(
        rows, columns=[kind, "images", "patients", "figure", "value", "low", "high"]
    )
