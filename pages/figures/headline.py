"""Every figure with its interval, beside colour alone, and class by class."""

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.estimand import ESTIMANDS, estimand_of, titled
from pages.figures.evaluated import COLOUR, EvaluatedModel, evaluated, label
from pages.figures.numbers import offer_numbers, show_chart
from pages.figures.words import HELP, calling_rule, counted, of_whom, words
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.judge import Evaluation, Figure

_HEAD = ("auroc", "balanced_accuracy", "sensitivity", "specificity", "ece")
_OF_CLASS = ("auroc", "sensitivity", "specificity", "precision", "f1")


def show_headline(model: EvaluatedModel) -> None:
    """Show the figures that matter most, with the number of patients and images."""
    found = evaluated(model)
    st.text(f"{counted(model)}, {model.on}.", help=f"{HELP} {found.how}")
    cells = "".join(
        f"<div><dt>{model.mark}{titled(name, figure.estimand)}</dt><dd>{words(figure)}</dd></div>"
        for name, figure in _head(found)
    )
    st.html(f'<dl class="lobule-numbers lobule-head">{cells}</dl>')
    if found.no_interval:
        notice(found.no_interval, "note")


def _head(found: "Evaluation") -> "list[tuple[str, Figure]]":
    """AUROC by each estimand that it has, then the other figures that stand first."""
    first, *rest = _HEAD
    others = [figures[first] for figures in found.others.values()]
    return [
        (first, found.figures[first]),
        *((first, figure) for figure in others if figure.value is not None),
        *((name, found.figures[name]) for name in rest),
    ]


def show_figures(model: EvaluatedModel) -> None:
    """Show every figure beside that of colour alone, then each class."""
    found = evaluated(model)
    colour = evaluated(model, COLOUR) if model.predictions.colour() else None
    st.text(f"Figures {of_whom(model.predictions)}", help=HELP)
    _against_colour(found)
    table(
        ("Figure", f"{model.mark}Model", "Colour alone"),
        [
            (
                titled(name, figure.estimand),
                _said(figure),
                words(beside[name]) if beside else "–",
            )
            for figures, beside in _by_estimand(found, colour)
            for name, figure in figures.items()
        ],
        caption="Figures of the model and of colour alone",
    )
    offer_numbers(
        model,
        _figure_table(found, colour),
        "figures",
        f"{found.how} Calls: {calling_rule(model.predictions)} Intervals: 1,000 draws of patients.",
    )
    _show_classes(model, found)
    if not model.predictions.binary:
        _show_matrix(model, found)


def _by_estimand(
    found: "Evaluation", colour: "Evaluation | None"
) -> "list[tuple[dict[str, Figure], dict[str, Figure] | None]]":
    """The figures that stand first, then the others, each beside those of colour alone."""
    pairs: list[tuple[dict[str, Figure], dict[str, Figure] | None]] = [
        (found.figures, colour.figures if colour else None)
    ]
    for estimand, figures in found.others.items():
        pairs.append((figures, colour.others.get(estimand) if colour else None))
    return pairs


def _against_colour(found: "Evaluation") -> None:
    compared = found.colour
    if compared is None:
        st.caption("No predictions of colour alone to compare with.")
        return
    difference = compared.auroc
    low_high = difference.interval
    between = f" [{low_high[0]:.3f}, {low_high[1]:.3f}]" if low_high else ""
    said = (
        f"AUROC ({ESTIMANDS[compared.estimand]}) of the model minus that of colour alone: "
        f"{difference.difference:.3f}{between}"
    )
    if difference.higher:
        notice(f"{said}. It beats colour alone.", "note")
    else:
        notice(f"{said}. It does not clearly beat colour alone: it may only have learnt the stain.")


def _show_classes(model: EvaluatedModel, found: "Evaluation") -> None:
    withheld = _withheld(model)
    st.html("<h3>Class by class, each against the others</h3>")
    table(
        (
            "Class",
            "Images",
            "Patients",
            *(model.mark + titled(name, estimand_of(name, found.estimand)) for name in _OF_CLASS),
        ),
        [
            (
                own.name,
                f"{own.images:,}",
                f"{own.patients:,}",
                *(
                    [f"withheld: {withheld[own.name]}", *[""] * (len(_OF_CLASS) - 1)]
                    if own.name in withheld
                    else [words(own.figures[name]) for name in _OF_CLASS]
                ),
            )
            for own in found.by_class
        ],
        caption="Figures of each class",
    )
    offer_numbers(
        model,
        _class_table(found, withheld),
        "classes",
        f"{found.how} Calls: {calling_rule(model.predictions)}",
    )


def _show_matrix(model: EvaluatedModel, found: "Evaluation") -> None:
    from core.plots.confusion import confusion_figure  # noqa: PLC0415 - Plotly

    st.html("<h3>Confusion matrix</h3>")
    show_chart(
        confusion_figure(found.confusion, [label(name) for name in model.predictions.classes]),
        model,
        confusion_table(model, found),
        "confusion",
        f"count label against call: {calling_rule(model.predictions)} Also of a class that no "
        "model was trained on.",
        alt="Confusion matrix; the download has its numbers.",
    )


def confusion_table(model: EvaluatedModel, found: "Evaluation") -> "pd.DataFrame":
    """The confusion matrix as a table."""
    import pandas as pd  # noqa: PLC0415

    names = model.predictions.classes
    called = pd.DataFrame(found.confusion, columns=[f"called {name}" for name in names])
    called.insert(0, "truth", names)
    return called


def _withheld(model: EvaluatedModel) -> dict[str, str]:
    """Classes whose figures the card withholds, and why; only of the package's own answers."""
    result = model.package.card.evaluation
    if result is None or model.root is not None:
        return {}
    return {own.name: own.withheld for own in result.by_class if own.withheld}


def _said(figure: "Figure") -> str:
    return words(figure) if figure.value is not None else f"– {figure.why}"


def _figure_table(found: "Evaluation", colour: "Evaluation | None") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for who, evaluation in (("model", found), ("colour alone", colour)):
        every = (evaluation.figures, *evaluation.others.values()) if evaluation else ()
        for name, figure in ((name, each) for figures in every for name, each in figures.items()):
            low, high = figure.interval or (None, None)
            kind = ESTIMANDS[figure.estimand]
            rows.append((who, name, kind, figure.value, low, high, found.images, found.patients))
    columns = ["who", "figure", "estimand", "value", "low", "high", "images", "patients"]
    return pd.DataFrame(rows, columns=columns)


def _class_table(found: "Evaluation", withheld: dict[str, str]) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for own in found.by_class:
        for name, figure in own.figures.items():
            low, high = figure.interval or (None, None)
            shown = (None, None, None) if own.name in withheld else (figure.value, low, high)
            rows.append((own.name, own.images, own.patients, name, *shown))
    columns = ["class", "images", "patients", "figure", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
