"""ROC and precision-recall curves, and what moving the decision threshold does."""

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.estimand import ESTIMANDS, FIRST, TITLES
from core.evaluation.few_patients import marked
from core.plots.rates import Rate, rates
from pages.figures.evaluated import EvaluatedModel, evaluated, label
from pages.figures.numbers import offer_predictions, show_chart
from pages.figures.overview import show_matrix
from pages.figures.words import HELP, ranking_rule, several_rounds, words
from pages.shared.account import account, tell
from pages.shared.plain import as_html, notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from streamlit.delta_generator import DeltaGenerator

    from core.evaluation.curves import CurvePoints
    from core.evaluation.judge import Evaluation

_FOLLOW = ("sensitivity", "specificity", "precision", "f1", "accuracy", "balanced_accuracy")
_BLUE = "#2f83bd"
_PLAIN_POINT = 0.5
_FLATTERS = "Report the figures at own thresholds: one chosen on these patients flatters."


@st.fragment
def show_point(model: EvaluatedModel) -> None:
    """Draw both curves; of two classes, the point on them can be moved."""
    with account():
        if model.predictions.binary:
            _show_binary(model)
        else:
            _show_of_class(model)
        offer_predictions(model)


def _show_of_class(model: EvaluatedModel) -> None:
    classes = model.predictions.classes
    chosen = st.selectbox(
        "Class, against all others",
        range(len(classes)),
        format_func=classes.__getitem__,
        key="curve_class",
    )
    with st.container(key="curves-point"):
        _show_curves(model, chosen, None, st.columns(2, gap="medium"))


def _show_binary(model: EvaluatedModel) -> None:
    from core.evaluation.judge import evaluation_of  # noqa: PLC0415 - pandas

    threshold = _ask_for_point(model)
    evaluation = evaluation_of(model.predictions, threshold=threshold, draws=0)
    _show_follow(model, evaluation, threshold)
    sensitivity, specificity = (evaluation.figures[name].value for name in _FOLLOW[:2])
    point = None
    if sensitivity is not None and specificity is not None:
        point = (1 - specificity, sensitivity, evaluation.figures["precision"].value)
    with st.container(key="curves-point"):
        *curves, matrix = st.columns(3, gap="medium")
    _show_curves(model, model.predictions.positive, point, curves)
    with matrix:
        st.html(f"<h3>Confusion matrix at {threshold:.3f}</h3>")
        show_matrix(model, evaluation, threshold)


def _ask_for_point(model: EvaluatedModel) -> float:
    card = model.package.card
    point = card.operating_point
    start = round(point.threshold, 3) if point else _PLAIN_POINT
    key = f"point-{model.name}"
    offered = {f"{start:.3f}: as the model answers": start}
    for other in card.operating_points:
        if other.positive_class == (point.positive_class if point else other.positive_class):
            offered.setdefault(f"{other.threshold:.3f}: {other.rule}", round(other.threshold, 3))
    st.session_state.setdefault(key, start)
    positive = model.predictions.classes[model.predictions.positive]
    slider, choice = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    if len(offered) > 1:
        choice.selectbox(
            "Thresholds of the card",
            tuple(offered),
            key=f"rule-{model.name}",
            on_change=lambda: st.session_state.update(
                {key: offered[st.session_state[f"rule-{model.name}"]]}
            ),
        )
    with slider:
        st.text(f"Called {positive} at or above this probability")
        return st.slider(
            "Decision threshold",
            0.0,
            1.0,
            step=0.001,
            format="%.3f",
            key=key,
            label_visibility="collapsed",
        )


def _show_follow(model: EvaluatedModel, evaluation: "Evaluation", threshold: float) -> None:
    at_own_thresholds = evaluated(model)
    cells = "".join(
        f"<div><dt>{model.mark}{TITLES[name]}</dt><dd>{_number(evaluation, name)}"
        f"<small>own {words(at_own_thresholds.figures[name])}</small></dd></div>"
        for name in _FOLLOW
    )
    st.html(f'<dl class="lobule-numbers">{cells}</dl>')
    st.text(
        f"At {threshold:.3f}, {ESTIMANDS[FIRST]}. {_FLATTERS}",
        help=HELP,
    )
    by_patient = model.predictions.thresholds is not None
    rule = "chosen without each patient." if by_patient else "the most probable class."
    tell("Own thresholds", rule)


def _number(evaluation: "Evaluation", name: str) -> str:
    figure = evaluation.figures[name]
    return "–" if figure.value is None else marked(f"{figure.value:.3f}", figure.patients)


def _show_curves(
    model: EvaluatedModel,
    chosen: int,
    point: tuple[float, float, float | None] | None,
    places: "Sequence[DeltaGenerator]",
) -> None:
    from core.evaluation.curves import precision_recall_curve, roc_curve  # noqa: PLC0415

    predictions = model.predictions
    name = predictions.classes[chosen]
    roc = roc_curve(predictions, chosen)
    recall = precision_recall_curve(predictions, chosen)
    left, right = places
    if roc is None or recall is None:
        with left:
            notice(f"No curves: no model answered both {name} and others.")
        return
    several = several_rounds(roc.rounds)
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
            "ROC",
            several + ranking_rule(predictions, "roc_curve", name),
            alt="ROC curve; the account below has its points.",
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
            alt="Precision-recall curve; the account below has its points.",
        )


def _points(curve: "CurvePoints", x: str, y: str) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame({x: curve.x, y: curve.y})
