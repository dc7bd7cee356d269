"""Every figure with its interval, beside colour alone, and class by class."""

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.estimand import ESTIMANDS, estimand_of, titled
from core.evaluation.few_patients import MARK, warning
from core.registry.card_words import reservations
from pages.figures.evaluated import COLOUR, EvaluatedModel, evaluated, label
from pages.figures.expected import show_next_patient
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
    evaluation = evaluated(model)
    st.text(f"{counted(model)}, {model.on}.", help=f"{HELP} {evaluation.how}")
    cells = "".join(
        f"<div><dt>{model.mark}{titled(name, figure.estimand)}</dt><dd>{words(figure)}</dd></div>"
        for name, figure in _head(evaluation)
    )
    st.html(f'<dl class="lobule-numbers lobule-head">{cells}</dl>')
    show_next_patient(evaluation, model.mark)
    few = f"{MARK}: {warning(evaluation.patients)}"
    # Of the model's own patients it stands above, among what speaks against the model.
    if evaluation.few and not (model.root is None and few in reservations(model.package.card)):
        notice(few)
    if evaluation.no_interval:
        notice(evaluation.no_interval, "note")


def _head(evaluation: "Evaluation") -> "list[tuple[str, Figure]]":
    """The figures that stand first, AUROC by each estimand that it has."""
    first, *rest = _HEAD
    others = [figures[first] for figures in evaluation.others.values()]
    return [
        (first, evaluation.figures[first]),
        *((first, figure) for figure in others if figure.value is not None),
        *((name, evaluation.figures[name]) for name in rest),
    ]


def show_figures(model: EvaluatedModel) -> None:
    """Show every figure beside that of colour alone, then each class."""
    evaluation = evaluated(model)
    colour = evaluated(model, COLOUR) if model.predictions.colour() else None
    st.text(f"Figures {of_whom(model.predictions)}", help=HELP)
    _against_colour(evaluation)
    table(
        ("Figure", f"{model.mark}Model", "Colour alone"),
        [
            (
                titled(name, figure.estimand),
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
        f"{evaluation.how} Calls: {calling_rule(model.predictions)} Intervals: patients are drawn "
        "with replacement, 1,000 times; of fewer than 300, each is left out in turn.",
    )
    _show_classes(model, evaluation)
    if not model.predictions.binary:
        _show_matrix(model, evaluation)


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


def _against_colour(evaluation: "Evaluation") -> None:
    compared = evaluation.colour
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


def _show_classes(model: EvaluatedModel, evaluation: "Evaluation") -> None:
    withheld = _withheld(model)
    st.html("<h3>Class by class, each against the others</h3>")
    table(
        (
            "Class",
            "Images",
            "Patients",
            *(
                model.mark + titled(name, estimand_of(name, evaluation.estimand))
                for name in _OF_CLASS
            ),
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


def _show_matrix(model: EvaluatedModel, evaluation: "Evaluation") -> None:
    from core.plots.confusion import confusion_figure  # noqa: PLC0415 - Plotly

    st.html("<h3>Confusion matrix</h3>")
    show_chart(
        confusion_figure(evaluation.confusion, [label(name) for name in model.predictions.classes]),
        model,
        confusion_table(model, evaluation),
        "confusion",
        f"count label against call: {calling_rule(model.predictions)} Also of a class that no "
        "model was trained on.",
        alt="Confusion matrix; the download has its numbers.",
    )


def confusion_table(model: EvaluatedModel, evaluation: "Evaluation") -> "pd.DataFrame":
    """The confusion matrix as a table."""
    import pandas as pd  # noqa: PLC0415

    names = model.predictions.classes
    called = pd.DataFrame(evaluation.confusion, columns=[f"called {name}" for name in names])
    called.insert(0, "truth", names)
    return called


def _withheld(model: EvaluatedModel) -> dict[str, str]:
    """Classes whose figures the card withholds, and why; only of the package's own answers."""
    result = model.package.card.evaluation
    if result is None or model.root is not None:
        return {}
    return {
        result_of_class.name: result_of_class.withheld
        for result_of_class in result.by_class
        if result_of_class.withheld
    }


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
