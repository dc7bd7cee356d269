"""Up to four models beside each other: on their own patients, and on those that they share."""

from typing import TYPE_CHECKING

import streamlit as st

from core.counts import counted
from core.errors import EvaluationError
from core.evaluation.estimand import ESTIMANDS, FIRST, MEANINGS, TITLES, estimand_of
from core.evaluation.few_patients import marked
from core.evaluation.intervals import HOW
from core.plots.intervals import Series, with_intervals
from core.plots.rates import Rate, rates
from pages.figures.evaluated import EvaluatedModel, evaluated
from pages.figures.numbers import offer_numbers, show_chart
from pages.figures.words import HELP, calling_rule, of_each, ranking_rule, words
from pages.shared.learning_curves import MARKS
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.compare import Comparison, Difference
    from core.evaluation.estimand import Estimand
    from core.evaluation.judge import Evaluation, Figure
    from core.evaluation.predictions import Predictions

_FIGURES = ("auroc", "auprc", "balanced_accuracy", "sensitivity", "specificity", "brier", "ece")
_DRAWN = ("auroc", "balanced_accuracy")


def show_comparison(models: list[EvaluatedModel]) -> None:
    """Say on whom each was judged; draw curves and figures, and the first against each other."""
    _say_on_whom(models)
    with st.container(key="curves-compared"):
        left, right = st.columns(2, gap="medium")
    with left:
        _draw_curves(models)
    with right:
        _draw_intervals(models)
    _show_differences(models)
    table(
        (ESTIMANDS[FIRST].capitalize(), *(TITLES[name] for name in _FIGURES)),
        [
            (
                model.mark
                + model.package.card.title
                + (f", {ESTIMANDS[estimand]}" if estimand != FIRST else ""),
                *(words(figures[name]) if name in figures else "" for name in _FIGURES),
            )
            for model in models
            for estimand, figures in _by_estimand(evaluated(model))
        ],
        caption="The models beside each other",
    )


def _say_on_whom(models: list[EvaluatedModel]) -> None:
    """On how many of whose images each was judged, and whether these are the same."""
    table(
        ("Judged on", "Patients", "Images", "Dataset"),
        [
            (
                f"{model.mark}{model.package.card.title}",
                f"{model.predictions.patient_count:,}",
                f"{model.predictions.image_count:,}",
                model.on,
            )
            for model in models
        ],
        caption="On whom each model was judged",
    )
    every = [_answered(model.predictions) for model in models]
    common = set.intersection(*every)
    people = counted(len({patient for _, patient, _ in common}), "patient")
    if all(images == common for images in every):
        notice(f"The same {counted(len(common), 'image')} of {people} for all.", "note")
    elif common:
        notice(
            f"Different images; {counted(len(common), 'image')} of {people} are the same. Only the "
            "paired differences are of these alone."
        )
    else:
        notice("Different images, none the same: a difference may come from the images.")


def _answered(predictions: "Predictions") -> set[tuple[str, str, str]]:
    """Each image with its patient and class: the same file name may be another image."""
    labels = (predictions.classes[label] for label in predictions.labels)
    return set(zip(predictions.images, predictions.patients, labels, strict=True))


def _by_estimand(evaluation: "Evaluation") -> "list[tuple[Estimand, dict[str, Figure]]]":
    """The figures that stand first, then those by other estimands that exist."""
    others = [
        (estimand, figures)
        for estimand, figures in evaluation.others.items()
        if figures["auroc"].value is not None
    ]
    return [(evaluation.estimand, evaluation.figures), *others]


def _draw_intervals(models: list[EvaluatedModel]) -> None:
    import pandas as pd  # noqa: PLC0415

    rows, series = [], []
    for model, (colour, symbol) in zip(models, MARKS, strict=False):
        figures = evaluated(model).figures
        values = [figures[name] for name in _DRAWN]
        series.append(
            Series(
                _named(model),
                colour,
                symbol,
                [figure.value for figure in values],
                [figure.interval for figure in values],
            )
        )
        rows += [
            (
                model.package.card.name,
                name,
                ESTIMANDS[figure.estimand],
                figure.value,
                *(figure.interval or (None, None)),
            )
            for name, figure in figures.items()
        ]
    numbers = pd.DataFrame(rows, columns=["model", "figure", "estimand", "value", "low", "high"])
    show_chart(
        with_intervals(
            [TITLES[name] for name in _DRAWN],
            series,
            f"{ESTIMANDS[FIRST]}, 95 % interval by patient",
        ),
        _marked(models),
        numbers,
        "compared",
        "of each model. "
        + of_each(
            [
                (
                    model.package.card.name,
                    f"{MEANINGS[FIRST]} {_rules(model.predictions)}",
                )
                for model in models
            ]
        )
        + f" {HOW}",
        alt="AUROC and balanced accuracy of each model; the table has the numbers.",
    )


def _draw_curves(models: list[EvaluatedModel]) -> None:
    import pandas as pd  # noqa: PLC0415

    from core.evaluation.curves import roc_curve  # noqa: PLC0415

    lines, parts = [], []
    for model, (colour, _) in zip(models, MARKS, strict=False):
        curve = roc_curve(model.predictions) if model.predictions.binary else None
        if curve:
            lines.append(Rate(_named(model), colour, curve.x.tolist(), curve.y.tolist()))
            points = {"false positive rate": curve.x, "sensitivity": curve.y}
            parts.append(pd.DataFrame({"model": model.package.card.name, **points}))
    if not lines:
        return
    show_chart(
        rates("roc", lines),
        _marked(models),
        pd.concat(parts),
        "ROC of several",
        "of each model. "
        + of_each(
            [
                (model.package.card.name, ranking_rule(model.predictions, "roc_curve"))
                for model in models
            ]
        ),
        alt="ROC curves of the models; the account below has their points.",
    )


def _show_differences(models: list[EvaluatedModel]) -> None:
    st.subheader("Paired differences, on the images that both answered", anchor=False, help=HELP)
    pairs = []
    for other in models[1:]:
        try:
            pairs.append((other, _difference(models[0].key, other.key, models[0], other)))
        except EvaluationError as error:
            notice(str(error), "note")
    if not pairs:
        return
    table(
        ("", "On", "AUROC", "Balanced accuracy", "AUROC is"),
        [
            (
                f"{_short(models[0])} minus {_short(other)}",
                f"{comparison.images:,} images of {comparison.patients:,} patients",
                marked(_said(comparison.auroc), comparison.patients),
                marked(_said(comparison.balanced_accuracy), comparison.patients),
                ESTIMANDS[comparison.estimand],
            )
            for other, comparison in pairs
        ],
        caption="Paired differences",
    )
    offer_numbers(
        _marked([models[0], *(other for other, _ in pairs)]),
        _difference_table(models[0], pairs),
        "paired differences",
        "on the images in both tables, the first model's figure minus the second's. "
        + of_each(
            [
                (f"minus {other.package.card.name}", _rules(models[0].predictions))
                for other, _ in pairs
            ]
        )
        + " Intervals: the patients of these images, the same ones for both models, are drawn with "
        "replacement, 1,000 times, for the 2.5th and 97.5th percentiles of the differences; of "
        "fewer than 300, each is left out in turn, for a jackknife with Student's t.",
        source=f"{models[0].table.name} of both models",
    )


def _difference_table(
    first: EvaluatedModel, pairs: "list[tuple[EvaluatedModel, Comparison]]"
) -> "pd.DataFrame":
    """A row a pair of models and figure."""
    import pandas as pd  # noqa: PLC0415

    rows = []
    for other, comparison in pairs:
        names = first.package.card.name, other.package.card.name
        for figure in _DRAWN:
            pair = getattr(comparison, figure)
            values = (pair.first, pair.second, pair.difference, *(pair.interval or (None, None)))
            counts = (comparison.images, comparison.patients)
            kind = ESTIMANDS[estimand_of(figure, comparison.estimand)]
            rows.append((*names, figure, kind, *values, *counts))
    columns = ["first", "second", "figure", "estimand", "value of first", "value of second"]
    columns += ["difference", "low", "high", "images", "patients"]
    return pd.DataFrame(rows, columns=columns)


@st.cache_resource(show_spinner="Comparing …", max_entries=50)
def _difference(
    first: tuple[str, int, int],  # noqa: ARG001
    second: tuple[str, int, int],  # noqa: ARG001
    _first: EvaluatedModel,
    _second: EvaluatedModel,
) -> "Comparison":
    from core.evaluation.compare import compare  # noqa: PLC0415 - pandas

    return compare(_first.predictions, _second.predictions)


def _said(difference: "Difference") -> str:
    if difference.interval is None:
        return f"{difference.difference:+.3f} (no interval: too few patients)"
    low, high = difference.interval
    verdict = (
        "better" if difference.higher else "worse" if difference.lower else "no clear difference"
    )
    return f"{difference.difference:+.3f} [{low:+.3f}, {high:+.3f}], {verdict}"


def _rules(predictions: "Predictions") -> str:
    """How to work out AUROC and calls."""
    ranked = (
        ranking_rule(predictions, "roc_auc_score")
        if predictions.binary
        else "scikit-learn's roc_auc_score of each class by “probability <class>”, then the mean."
    )
    return f"AUROC: {ranked} Calls: {calling_rule(predictions)}"


def _short(model: EvaluatedModel) -> str:
    return f"{model.mark}{model.package.card.name}"


def _named(model: EvaluatedModel) -> str:
    return f"{model.mark}{model.title}"


def _marked(models: list[EvaluatedModel]) -> EvaluatedModel:
    """Whose mark a common figure wears: the gravest one's among them."""
    return max(models, key=lambda model: (bool(model.leaky), model.few))
