"""Every figure with its interval, beside colour alone, and class by class."""

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.estimand import ESTIMANDS, FIRST, TITLES, titled
from pages.figures.evaluated import COLOUR, EvaluatedModel, evaluated, withheld_of
from pages.figures.numbers import offer_numbers
from pages.figures.words import HELP, calling_rule, of_whom, words
from pages.shared.plain import table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.judge import Evaluation, Figure

_OF_CLASS = ("auroc", "sensitivity", "specificity", "precision", "f1")
_INTERVALS = "Intervals: bootstrap over patients, 1,000 draws; jackknife below 300 patients."


def show_figures(model: EvaluatedModel) -> None:
    """Show each class, and every figure beside that of colour alone."""
    evaluation = evaluated(model)
    colour = evaluated(model, COLOUR) if model.predictions.colour() else None
    st.text(ESTIMANDS[FIRST].capitalize(), help=HELP)
    _show_classes(model, evaluation)
    st.text(of_whom(model.predictions))
    table(
        ("Figure", f"{model.mark}Model", "Colour alone"),
        [
            (
                TITLES[name] if figure.estimand == FIRST else titled(name, figure.estimand),
                _said(figure),
                words(beside[name]) if beside else "–",
            )
            for figures, beside in _by_estimand(evaluation, colour)
            for name, figure in figures.items()
        ],
        caption="Figures of the model and of colour alone",
    )
    offer_numbers(
        model,
        _figure_table(evaluation, colour),
        "figures",
        f"{evaluation.how} Calls: {calling_rule(model.predictions)} {_INTERVALS}",
    )


def _by_estimand(
    evaluation: "Evaluation", colour: "Evaluation | None"
) -> "list[tuple[dict[str, Figure], dict[str, Figure] | None]]":
    """The figures that stand first, then the others, each beside those of colour alone."""
    pairs: list[tuple[dict[str, Figure], dict[str, Figure] | None]] = [
        (evaluation.figures, colour.figures if colour else None)
    ]
    for estimand, figures in evaluation.others.items():
        pairs.append((figures, colour.others.get(estimand) if colour else None))
    return pairs


def _show_classes(model: EvaluatedModel, evaluation: "Evaluation") -> None:
    withheld = withheld_of(model)
    table(
        (
            "Against the others",
            "Images",
            "Patients",
            *(model.mark + TITLES[name] for name in _OF_CLASS),
        ),
        [
            (
                of_class.name,
                f"{of_class.images:,}",
                f"{of_class.patients:,}",
                *(
                    [f"withheld: {withheld[of_class.name]}", *[""] * (len(_OF_CLASS) - 1)]
                    if of_class.name in withheld
                    else [words(of_class.figures[name]) for name in _OF_CLASS]
                ),
            )
            for of_class in evaluation.by_class
        ],
        caption="Figures of each class",
    )
    offer_numbers(
        model,
        _class_table(evaluation, withheld),
        "classes",
        f"{evaluation.how} Calls: {calling_rule(model.predictions)}",
    )


def _said(figure: "Figure") -> str:
    return words(figure) if figure.value is not None else f"– {figure.why}"


def _figure_table(evaluation: "Evaluation", colour: "Evaluation | None") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for who, judged in (("model", evaluation), ("colour alone", colour)):
        if judged is None:
            continue
        every = (judged.figures, *judged.others.values())
        for name, figure in (pair for figures in every for pair in figures.items()):
            low, high = figure.interval or (None, None)
            kind = ESTIMANDS[figure.estimand]
            rows.append((who, name, kind, figure.value, low, high, judged.images, judged.patients))
    columns = ["who", "figure", "estimand", "value", "low", "high", "images", "patients"]
    return pd.DataFrame(rows, columns=columns)


def _class_table(evaluation: "Evaluation", withheld: dict[str, str]) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for of_class in evaluation.by_class:
        for name, figure in of_class.figures.items():
            low, high = figure.interval or (None, None)
            shown = (None, None, None) if of_class.name in withheld else (figure.value, low, high)
            rows.append((of_class.name, of_class.images, of_class.patients, name, *shown))
    columns = ["class", "images", "patients", "figure", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
