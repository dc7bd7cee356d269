"""Up to four models beside each other: on their own patients, and on those that they share."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import EvaluationError
from pages.parts.figure_words import TITLES, counted, ranking_rule, words
from pages.parts.judged import Judged, judged
from pages.parts.numbers import show_chart
from pages.parts.plain import notice, table
from pages.parts.run_curves import MARKS

if TYPE_CHECKING:
    from core.evaluation.compare import Comparison, Difference

_FIGURES = ("auroc", "auprc", "balanced_accuracy", "sensitivity", "specificity", "brier", "ece")
_DRAWN = ("auroc", "balanced_accuracy")


def show_comparison(models: list[Judged]) -> None:
    """Draw the models' figures and curves, and the first against each other one."""
    found = {number: judged(answers) for number, answers in enumerate(models)}
    table(
        ("Model", "Judged on", *(TITLES[name] for name in _FIGURES)),
        [
            (
                ("▲ LEAKY " if answers.leaky else "") + answers.package.card.title,
                f"{counted(answers)}, {answers.on}",
                *(words(found[number].figures[name]) for name in _FIGURES),
            )
            for number, answers in enumerate(models)
        ],
        caption="The models beside each other",
    )
    same = len({answers.on for answers in models}) == 1
    if not same:
        notice(
            "These models were judged on different images: a difference may be one of the images."
        )
    _draw_intervals(models)
    _draw_curves(models)
    _show_differences(models)


def _draw_intervals(models: list[Judged]) -> None:
    import pandas as pd  # noqa: PLC0415

    from core.plots.intervals import Series, with_intervals  # noqa: PLC0415 - Plotly

    rows, series = [], []
    for answers, (colour, symbol) in zip(models, MARKS, strict=False):
        figures = judged(answers).figures
        values = [figures[name] for name in _DRAWN]
        name = _named(answers)
        series.append(
            Series(
                name,
                colour,
                symbol,
                [one.value for one in values],
                [one.interval for one in values],
            )
        )
        rows += [
            (answers.package.card.name, figure, one.value, *(one.interval or (None, None)))
            for figure, one in figures.items()
        ]
    numbers = pd.DataFrame(rows, columns=["model", "figure", "value", "low", "high"])
    show_chart(
        with_intervals([TITLES[name] for name in _DRAWN], series, "95 % interval by patient"),
        _marked(models),
        numbers,
        "compared",
        "of each model; as under Figures.",
        alt="AUROC and balanced accuracy of each model; the table has the numbers.",
    )


def _draw_curves(models: list[Judged]) -> None:
    import pandas as pd  # noqa: PLC0415

    from core.evaluation.curves import roc_curve  # noqa: PLC0415
    from core.plots.rates import Rate, rates  # noqa: PLC0415 - Plotly

    lines, parts = [], []
    for answers, (colour, _) in zip(models, MARKS, strict=False):
        curve = roc_curve(answers.predictions) if answers.predictions.binary else None
        if curve:
            lines.append(Rate(_named(answers), colour, curve.x.tolist(), curve.y.tolist()))
            points = {"false positive rate": curve.x, "sensitivity": curve.y}
            parts.append(pd.DataFrame({"model": answers.package.card.name, **points}))
    if not lines:
        return
    st.html("<h3>ROC</h3>")
    show_chart(
        rates("roc", lines),
        _marked(models),
        pd.concat(parts),
        "roc of several",
        "of each model. " + ranking_rule(models[0].predictions, "roc_curve"),
        alt="ROC curves of the models; the download has their points.",
    )


def _show_differences(models: list[Judged]) -> None:
    st.html("<h3>On the images that both answered</h3>")
    st.caption(
        "Paired: in each of 1,000 draws both models are judged on the same patients, so that what "
        "makes a patient easy or hard for both cancels out."
    )
    rows = []
    for other in models[1:]:
        try:
            found = _difference(models[0].key, other.key, models[0], other)
        except EvaluationError as error:
            notice(str(error), "note")
            continue
        people = f"{found.images:,} images of {found.patients:,} patients"
        rows.append(
            (
                f"{models[0].package.card.name} minus {other.package.card.name}",
                people,
                _said(found.auroc),
                _said(found.balanced_accuracy),
            )
        )
    if rows:
        table(("", "On", "AUROC", "Balanced accuracy"), rows, caption="Paired differences")


@st.cache_resource(show_spinner="Comparing …", max_entries=50)
def _difference(
    first: tuple[str, int, int],  # noqa: ARG001
    second: tuple[str, int, int],  # noqa: ARG001
    _first: Judged,
    _second: Judged,
) -> "Comparison":
    from core.evaluation.compare import compare  # noqa: PLC0415 - pandas

    return compare(_first.predictions, _second.predictions)


def _said(one: "Difference") -> str:
    if one.interval is None:
        return f"{one.difference:+.3f} (no interval: too few patients)"
    low, high = one.interval
    verdict = "better" if one.higher else "worse" if one.lower else "no clear difference"
    return f"{one.difference:+.3f} [{low:+.3f}, {high:+.3f}], {verdict}"


def _named(answers: Judged) -> str:
    return f"{'▲ LEAKY ' if answers.leaky else ''}{answers.title}"


def _marked(models: list[Judged]) -> Judged:
    """Whose mark a common figure wears: a leaky model's, if there is one among them."""
    return next((answers for answers in models if answers.leaky), models[0])
