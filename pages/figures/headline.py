"""Every figure with its interval, beside colour alone, and class by class."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.figures.answers import COLOUR, Judged, judged, label
from pages.figures.numbers import offer_numbers, show_chart
from pages.figures.words import HELP, TITLES, calling_rule, counted, of_whom, words
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.compare import Comparison
    from core.evaluation.judgement import Figure, Judgement

_HEAD = ("auroc", "balanced_accuracy", "sensitivity", "specificity", "ece")
_OF_CLASS = ("auroc", "sensitivity", "specificity", "precision", "f1")


def show_headline(answers: Judged) -> None:
    """Show the figures that matter most, with the number of patients and images."""
    found = judged(answers)
    st.text(f"{counted(answers)}, {answers.on}.", help=f"{HELP} {found.how}")
    cells = "".join(
        f"<div><dt>{answers.mark}{TITLES[name]}</dt><dd>{words(found.figures[name])}</dd></div>"
        for name in _HEAD
    )
    st.html(f'<dl class="lobule-numbers lobule-head">{cells}</dl>')
    if found.no_interval:
        notice(found.no_interval, "note")


def show_figures(answers: Judged) -> None:
    """Show every figure beside that of colour alone, then each class."""
    found = judged(answers)
    colour = judged(answers, COLOUR) if answers.predictions.colour() else None
    st.text(f"Figures {of_whom(answers.predictions)}", help=HELP)
    _against_colour(answers)
    table(
        ("Figure", f"{answers.mark}Model", "Colour alone"),
        [
            (TITLES[name], _said(figure), words(colour.figures[name]) if colour else "–")
            for name, figure in found.figures.items()
        ],
        caption="Figures of the model and of colour alone",
    )
    offer_numbers(
        answers,
        _figure_table(found, colour),
        "figures",
        f"{found.how} Calls: {calling_rule(answers.predictions)} Intervals: patients are drawn "
        "with replacement, 1,000 times.",
    )
    _show_classes(answers, found)
    if not answers.predictions.binary:
        _show_matrix(answers, found)


def _against_colour(answers: Judged) -> None:
    compared = _compared(answers.key, answers)
    if compared is None:
        st.caption("The table has no answers of colour alone to stand beside the model's.")
        return
    found = compared.auroc
    between = f" [{found.interval[0]:.3f}, {found.interval[1]:.3f}]" if found.interval else ""
    said = f"AUROC of the model minus that of colour alone: {found.difference:.3f}{between}"
    if found.higher:
        notice(f"{said}. It beats colour alone.", "note")
    else:
        notice(f"{said}. It does not clearly beat colour alone: it may only have learnt the stain.")


@st.cache_resource(show_spinner="Comparing with colour alone …", max_entries=50)
def _compared(key: tuple[str, int, int], _answers: Judged) -> "Comparison | None":  # noqa: ARG001
    from core.evaluation.compare import against_colour  # noqa: PLC0415 - pandas

    return against_colour(_answers.predictions)


def _show_classes(answers: Judged, found: "Judgement") -> None:
    withheld = _withheld(answers)
    st.html("<h3>Class by class, each against the others</h3>")
    table(
        ("Class", "Images", "Patients", *(answers.mark + TITLES[name] for name in _OF_CLASS)),
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
        answers,
        _class_table(found, withheld),
        "classes",
        f"{found.how} Calls: {calling_rule(answers.predictions)}",
    )


def _show_matrix(answers: Judged, found: "Judgement") -> None:
    from core.plots.confusion import confusion_figure  # noqa: PLC0415 - Plotly

    st.html("<h3>Who was called what</h3>")
    show_chart(
        confusion_figure(found.confusion, [label(name) for name in answers.predictions.classes]),
        answers,
        confusion_table(answers, found),
        "confusion",
        f"count label against call: {calling_rule(answers.predictions)} Images of a class that no "
        "model was trained on are among them.",
        alt="Confusion matrix; the download has its numbers.",
    )


def confusion_table(answers: Judged, found: "Judgement") -> "pd.DataFrame":
    """The confusion matrix as a table."""
    import pandas as pd  # noqa: PLC0415

    names = answers.predictions.classes
    called = pd.DataFrame(found.confusion, columns=[f"called {name}" for name in names])
    called.insert(0, "truth", names)
    return called


def _withheld(answers: Judged) -> dict[str, str]:
    """Classes whose figures the card withholds, and why; only of the package's own answers."""
    result = answers.package.card.evaluation
    if result is None or answers.root is not None:
        return {}
    return {own.name: own.withheld for own in result.by_class if own.withheld}


def _said(figure: "Figure") -> str:
    return words(figure) if figure.value is not None else f"– {figure.why}"


def _figure_table(found: "Judgement", colour: "Judgement | None") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for who, judgement in (("model", found), ("colour alone", colour)):
        for name, figure in judgement.figures.items() if judgement else ():
            low, high = figure.interval or (None, None)
            rows.append((who, name, figure.value, low, high, found.images, found.patients))
    columns = ["who", "figure", "value", "low", "high", "images", "patients"]
    return pd.DataFrame(rows, columns=columns)


def _class_table(found: "Judgement", withheld: dict[str, str]) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    rows = []
    for own in found.by_class:
        for name, figure in own.figures.items():
            low, high = figure.interval or (None, None)
            shown = (None, None, None) if own.name in withheld else (figure.value, low, high)
            rows.append((own.name, own.images, own.patients, name, *shown))
    columns = ["class", "images", "patients", "figure", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
