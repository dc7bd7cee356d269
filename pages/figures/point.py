"""ROC and precision-recall curves, and what moving the decision threshold does."""

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.estimand import titled
from core.evaluation.few_patients import marked
from core.plots.rates import Rate, rates
from pages.figures.evaluated import EvaluatedModel, evaluated, label
from pages.figures.headline import confusion_table
from pages.figures.numbers import show_chart
from pages.figures.words import HELP, calling_rule, ranking_rule
from pages.shared.plain import as_html, notice

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.curves import CurvePoints
    from core.evaluation.judge import Evaluation

_FOLLOW = ("sensitivity", "specificity", "precision", "f1", "accuracy", "balanced_accuracy")
_BLUE = "#2f83bd"
_PLAIN_POINT = 0.5
_FLATTERS = (
    "A threshold chosen on these patients flatters: report the figures at the thresholds that "
    "were chosen without them."
)


@st.fragment
def show_point(model: EvaluatedModel) -> None:
    """Draw both curves; of two classes, the point on them can be moved."""
    predictions = model.predictions
    if not predictions.binary:
        chosen = st.selectbox(
            "Class, against all others",
            range(len(predictions.classes)),
            format_func=predictions.classes.__getitem__,
            key="curve_class",
        )
        st.caption("No decision threshold: the most probable class is the answer.")
        _show_curves(model, chosen, None)
        return
    threshold = _ask_for_point(model)
    from core.evaluation.judge import evaluation_of  # noqa: PLC0415 - pandas

    evaluation = evaluation_of(predictions, threshold=threshold, draws=0)
    _show_follow(model, evaluation, threshold)
    sensitivity, specificity = (evaluation.figures[name].value for name in _FOLLOW[:2])
    point = None
    if sensitivity is not None and specificity is not None:
        point = (1 - specificity, sensitivity, evaluation.figures["precision"].value)
    _show_curves(model, predictions.positive, point)
    _show_matrix(model, evaluation, threshold)


def _ask_for_point(model: EvaluatedModel) -> float:
    card = model.package.card
    point = card.operating_point
    start = round(point.threshold, 3) if point else _PLAIN_POINT
    key = f"point-{model.name}"
    offered = {f"{start:.3f}: as the model answers": start}
    for other in card.operating_points:
        if other.positive_class == (point.positive_class if point else other.positive_class):
            offered.setdefault(f"{other.threshold:.3f}: {other.rule}", round(other.threshold, 3))
    if len(offered) > 1:
        st.selectbox(
            "Thresholds of the card",
            tuple(offered),
            key=f"rule-{model.name}",
            on_change=lambda: st.session_state.update(
                {key: offered[st.session_state[f"rule-{model.name}"]]}
            ),
            help="Chosen on held-out patients.",
        )
    st.session_state.setdefault(key, start)
    positive = model.predictions.classes[model.predictions.positive]
    st.text(f"Called {positive} from this probability on")
    return st.slider(
        "Decision threshold",
        0.0,
        1.0,
        step=0.001,
        format="%.3f",
        key=key,
        help=f"Also called operating point. {_FLATTERS}",
    )


def _show_follow(model: EvaluatedModel, evaluation: "Evaluation", threshold: float) -> None:
    at_own_thresholds = evaluated(model)
    cells = "".join(
        f"<div><dt>{titled(name, evaluation.figures[name].estimand)}</dt>"
        f"<dd>{_number(evaluation, name)}"
        f"<small>own thresholds {_number(at_own_thresholds, name)}</small></dd></div>"
        for name in _FOLLOW
    )
    st.html(f'<dl class="lobule-numbers">{cells}</dl>')
    without_patient = model.predictions.thresholds is not None
    whose = "chosen without each patient" if without_patient else "the most probable class"
    st.caption(
        f"At {threshold:.3f} on {evaluation.images:,} images of {evaluation.patients:,} patients; "
        f"own thresholds: {whose}. {_FLATTERS}",
        help=HELP,
    )


def _number(evaluation: "Evaluation", name: str) -> str:
    figure = evaluation.figures[name]
    return "–" if figure.value is None else marked(f"{figure.value:.3f}", figure.patients)


def _show_curves(
    model: EvaluatedModel, chosen: int, point: tuple[float, float, float | None] | None
) -> None:
    from core.evaluation.curves import precision_recall_curve, roc_curve  # noqa: PLC0415

    predictions = model.predictions
    name = predictions.classes[chosen]
    roc = roc_curve(predictions, chosen)
    recall = precision_recall_curve(predictions, chosen)
    if roc is None or recall is None:
        notice(f"No curves: no model answered both {name} and others.")
        return
    several = (
        f"The mean of {roc.rounds} curves, one a round, at each false-positive rate (Fawcett "
        "2006). "
        if roc.rounds > 1
        else ""
    )
    with st.container(key="curves-point"):
        left, right = st.columns(2, gap="medium")
    with left:
        st.html(f"<h3>ROC, {as_html(name)}</h3>")
        show_chart(
            rates(
                "roc",
                [Rate(label(name), _BLUE, roc.x.tolist(), roc.y.tolist())],
                point=point[:2] if point else None,
            ),
            model,
            _points(roc, "false positive rate", "sensitivity"),
            "roc",
            several + ranking_rule(predictions, "roc_curve", name),
            alt="ROC curve; the download has its points.",
        )
    with right:
        st.html(f"<h3>Precision and recall, {as_html(name)}</h3>")
        at = (point[1], point[2]) if point and point[2] is not None else None
        show_chart(
            rates(
                "precision-recall",
                [Rate(label(name), _BLUE, recall.x.tolist(), recall.y.tolist())],
                chance=recall.share,
                point=at,
            ),
            model,
            _points(recall, "recall", "precision"),
            "precision and recall",
            several + ranking_rule(predictions, "precision_recall_curve", name),
            alt="Precision-recall curve; the download has its points.",
        )


def _points(curve: "CurvePoints", x: str, y: str) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame({x: curve.x, y: curve.y})


def _show_matrix(model: EvaluatedModel, evaluation: "Evaluation", threshold: float) -> None:
    from core.plots.confusion import confusion_figure  # noqa: PLC0415 - Plotly

    names = [label(name) for name in model.predictions.classes]
    st.html(f"<h3>Confusion matrix at {threshold:.3f}</h3>")
    rule = calling_rule(model.predictions).replace("“threshold”", f"{threshold:.3f}")
    with st.container(key="curves-matrix"):
        left, _ = st.columns(2, gap="medium")
    with left:
        show_chart(
            confusion_figure(evaluation.confusion, names),
            model,
            confusion_table(model, evaluation),
            "confusion",
            f"count label against call, all rows of a round together: {rule.partition(';')[0]}."
            + (" The mean over rounds." if evaluation.rounds > 1 else ""),
            alt="Confusion matrix; the download has its numbers.",
        )
