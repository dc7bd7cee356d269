"""The first view: ROC and confusion matrix, and the figures that matter most beside them."""

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.estimand import ESTIMANDS, FIRST, TITLES, titled
from core.evaluation.few_patients import marked
from core.evaluation.intervals import HOW
from core.plots.confusion import confusion_figure
from core.plots.rates import Rate, rates
from pages.figures.evaluated import COLOUR, EvaluatedModel, evaluated, label, withheld_of
from pages.figures.expected import show_next_patient
from pages.figures.numbers import show_chart
from pages.figures.words import HELP, calling_rule, of_whom, ranking_rule, several_rounds, words
from pages.shared.account import tell
from pages.shared.learning_curves import MARKS
from pages.shared.marks import NEUTRAL
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.compare import Comparison
    from core.evaluation.judge import Evaluation

_FIGURES = ("auroc", "balanced_accuracy", "sensitivity", "specificity", "ece")


def show_overview(model: EvaluatedModel) -> None:
    """Draw the picture, and the numbers beside it."""
    evaluation = evaluated(model)
    # The matrix of many classes takes more room.
    shares = [5, 4, 8] if model.predictions.binary else [5, 6, 6]
    with st.container(key="curves-overview"):
        roc, matrix, numbers = st.columns(shares, gap="medium")
    with roc:
        st.html("<h3>ROC</h3>")
        _show_roc(model, evaluation)
    with matrix:
        st.html("<h3>Confusion matrix, images</h3>")
        show_matrix(model, evaluation)
    with numbers:
        _show_numbers(model, evaluation)
    tell("Figures", f"{evaluation.how} {HOW}")


def _show_roc(model: EvaluatedModel, evaluation: "Evaluation") -> None:
    """One curve, and the point on it, of two classes; of more, a curve a class."""
    import pandas as pd  # noqa: PLC0415

    from core.evaluation.curves import roc_curve  # noqa: PLC0415

    predictions, names = model.predictions, model.predictions.classes
    colour = predictions.colour() if predictions.binary else None
    withheld = withheld_of(model)
    curves = [(predictions, at) for at, name in enumerate(names) if name not in withheld]
    if predictions.binary:
        curves = [(predictions, predictions.positive)]
    if colour:
        curves.append((colour, colour.positive))
    lines, parts, rounds = [], [], 1
    for (judged, at), (shade, _) in zip(curves, MARKS, strict=False):
        alone = judged is colour
        title = "colour alone" if alone else "model" if predictions.binary else names[at]
        if curve := roc_curve(judged, at):
            shown = NEUTRAL.colour if alone else shade
            lines.append(Rate(label(title), shown, curve.x.tolist(), curve.y.tolist()))
            points = {"false positive rate": curve.x, "sensitivity": curve.y}
            parts.append(pd.DataFrame({"curve": title, **points}))
            rounds = max(rounds, curve.rounds)
    if not lines:
        st.text("No curve: the images are of one class only.")
        return
    point, reach = _point(evaluation) if predictions.binary else (None, (None, None))
    column = None if predictions.binary else "<class>"
    the_point = ""
    if point:
        the_point = f" The point: sensitivity and specificity. {calling_rule(predictions)}"
    show_chart(
        rates("roc", lines, point=point, reach=reach),
        model,
        pd.concat(parts),
        "ROC",
        f"{several_rounds(rounds)}{ranking_rule(predictions, 'roc_curve', column)}{the_point}",
        alt=_in_words(evaluation, point),
    )


_Ends = tuple[float, float]


def _point(
    evaluation: "Evaluation",
) -> tuple[tuple[float, float] | None, tuple[_Ends | None, _Ends | None]]:
    """Where the calls lie on the ROC, and their interval along either axis."""
    sensitivity, specificity = (evaluation.figures[n] for n in ("sensitivity", "specificity"))
    if sensitivity.value is None or specificity.value is None:
        return None, (None, None)
    ends = specificity.interval
    across = (1 - ends[1], 1 - ends[0]) if ends else None
    return (1 - specificity.value, sensitivity.value), (across, sensitivity.interval)


def _in_words(evaluation: "Evaluation", point: tuple[float, float] | None) -> str:
    curve = f"ROC curve, AUROC {words(evaluation.figures['auroc'])}"
    if point is None:
        return f"{curve}."
    return (
        f"{curve}; the threshold lies at sensitivity {point[1]:.3f}, false alarms {point[0]:.3f}."
    )


def show_matrix(
    model: EvaluatedModel, evaluation: "Evaluation", threshold: float | None = None
) -> None:
    """Draw the confusion matrix, at each image's own threshold or at one for all."""
    predictions = model.predictions
    rule = calling_rule(predictions)
    if threshold is not None:
        rule = rule.replace("“threshold”", f"{threshold:.3f}")
    show_chart(
        confusion_figure(evaluation.confusion, [label(name) for name in predictions.classes]),
        model,
        _confusion_table(model, evaluation),
        "confusion matrix",
        f"count label against call, all rows of a round together: {rule.partition(';')[0]}."
        + (" The mean over rounds." if evaluation.rounds > 1 else ""),
        alt="Confusion matrix; the account below has its numbers.",
    )


def _confusion_table(model: EvaluatedModel, evaluation: "Evaluation") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    names = model.predictions.classes
    called = pd.DataFrame(evaluation.confusion, columns=[f"called {name}" for name in names])
    called.insert(0, "truth", names)
    return called


def _show_numbers(model: EvaluatedModel, evaluation: "Evaluation") -> None:
    """The figures that matter most, beside colour alone; then what the next patient may get."""
    colour = evaluated(model, COLOUR) if model.predictions.colour() else None
    rows = [
        (TITLES[n], evaluation.figures[n], colour.figures[n] if colour else None) for n in _FIGURES
    ]
    for estimand, figures in evaluation.others.items():
        if figures["auroc"].value is not None:
            beside = colour.others[estimand]["auroc"] if colour else None
            rows.append((titled("auroc", estimand), figures["auroc"], beside))
    compared = evaluation.colour
    st.text(f"{of_whom(model.predictions)}, {ESTIMANDS[FIRST]}", help=HELP)
    table(
        ("Figure", "Model", "Colour alone"),
        [
            *(
                (model.mark + title, words(figure), words(beside) if beside else "–")
                for title, figure, beside in rows
            ),
            *([("AUROC above colour alone", _above(compared), "")] if compared else []),
        ],
        caption="Main figures of the model and of colour alone",
    )
    if compared and not compared.auroc.higher and not _said_above(model):
        notice("Not clearly better than colour alone: it may only know the stain.")
    show_next_patient(evaluation, model.mark)


def _above(compared: "Comparison") -> str:
    ends = compared.auroc.interval
    between = f" [{ends[0]:.3f},\N{NO-BREAK SPACE}{ends[1]:.3f}]" if ends else ""
    return marked(f"{compared.auroc.difference:.3f}{between}", compared.patients)


def _said_above(model: EvaluatedModel) -> bool:
    """Whether the card's own reservations say it."""
    result = model.package.card.evaluation
    return model.dataset is None and result is not None and not result.beats_colour
