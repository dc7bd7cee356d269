"""The card of a model, in a dialog."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.evaluation.estimand import ESTIMANDS
from core.evaluation.few_patients import MARK, marked, warning
from core.registry.card import Card, Training
from core.registry.card_limits import TITLE, when_to_believe
from core.registry.card_results import CardEvaluation, ClassResult, MagnificationResult
from core.registry.card_words import (
    MEASURES,
    figure,
    judged_on,
    network_of,
    next_patient,
    summary_of,
    trained_on,
)
from pages.shared.plain import as_html, notice, table


@st.dialog("Model card", width="large")
def show_card(card: Card, model_sha256: str) -> None:
    """Show what a model is, where it came from and how far it may be trusted."""
    st.html(f"<h3>{as_html(card.title)}</h3><p>{as_html(summary_of(card))}</p>")
    good, bad = st.columns(2)
    with good:
        _list("Good for", card.good_for)
    with bad:
        _list("Not for", card.not_for)
    st.html("<h4>Held-out results</h4>")
    if card.evaluation:
        _evaluation(card.evaluation)
    else:
        notice("Not judged on patients held out of its training.")
    _limits(card)
    st.html("<h4>Training</h4>")
    _origin(card) if card.origin else _training(card.training)
    st.html("<h4>Identity</h4>")
    table(
        ("", ""),
        [
            ("Name", card.name),
            ("Network", network_of(card)),
            ("Decision threshold", _threshold(card)),
            ("Created", f"{card.created:%Y-%m-%d %H:%M %Z}"),
            ("SHA-256", model_sha256),
            ("Licence of the data", card.licence),
            *(("Cite", citation) for citation in card.citations),
        ],
        caption="Identity",
    )


def _threshold(card: Card) -> str:
    point = card.operating_point
    if point is None:
        return "None: the most probable class is the answer."
    return f"{point.positive_class} from {point.threshold:.3f} on. {point.rule} {point.fitted_on}"


def _limits(card: Card) -> None:
    limits = when_to_believe(card)
    _list(TITLE, limits.lines)
    if limits.rows:
        table(limits.header, limits.rows, caption=TITLE)


def _list(title: str, sentences: tuple[str, ...]) -> None:
    items = "".join(f"<li>{as_html(sentence)}</li>" for sentence in sentences or ("Not stated.",))
    st.html(f'<h4>{title}</h4><ul class="lobule-list">{items}</ul>')


def _evaluation(evaluation: CardEvaluation) -> None:
    if evaluation.leaky:
        notice("Leaky split: the same patients in training and test, so these figures flatter.")
    if evaluation.few:
        notice(f"{MARK}: {warning(evaluation.patients)}")
    st.text(f"{judged_on(evaluation)}.", help=f"{MEASURES} {evaluation.protocol}")
    table(
        ("", "Images (positive)", "AUROC", "colour alone", "Balanced accuracy", "colour alone"),
        [
            (
                f"Patient {row.patient}",
                f"{row.images:,} ({row.positives:,})",
                figure(row.auroc),
                figure(row.colour_auroc),
                figure(row.balanced_accuracy),
                figure(row.colour_balanced_accuracy),
            )
            for row in evaluation.by_patient
        ]
        + [
            (
                f"All ({evaluation.auroc_is})",
                f"{evaluation.images:,}",
                marked(figure(evaluation.auroc, evaluation.auroc_interval), evaluation.patients),
                figure(evaluation.colour_auroc),
                marked(
                    figure(evaluation.balanced_accuracy, evaluation.balanced_accuracy_interval),
                    evaluation.patients,
                ),
                figure(evaluation.colour_balanced_accuracy),
            ),
            *_within_patients(evaluation),
        ],
        caption="Held-out results by patient",
    )
    for sentence in next_patient(evaluation):
        st.text(sentence)
    if evaluation.by_class:
        _groups(
            "Class, each against the others",
            evaluation.by_class,
            "Sensitivity",
            lambda result: result.sensitivity,
        )
    if evaluation.by_magnification:
        _groups(
            "Magnification",
            evaluation.by_magnification,
            "Balanced accuracy",
            lambda result: result.balanced_accuracy,
        )
    if evaluation.stain_shift:
        _shifts(evaluation)
    if evaluation.tried:
        _tried(evaluation)
    if not evaluation.beats_colour:
        notice(
            "This model does not clearly beat colour alone: AUROC "
            f"{figure(evaluation.auroc - evaluation.colour_auroc, evaluation.difference_interval)} "
            "above it."
        )
    for note in evaluation.notes:
        notice(note, "note")


def _within_patients(evaluation: CardEvaluation) -> list[tuple[str, ...]]:
    """The mean within patients, where a card has it beside another figure."""
    if evaluation.auroc_within_patients is None:
        return []
    values = (
        (evaluation.auroc_within_patients, evaluation.auroc_within_patients_interval),
        (
            evaluation.balanced_accuracy_within_patients,
            evaluation.balanced_accuracy_within_patients_interval,
        ),
    )
    auroc, balanced = (marked(figure(*value), evaluation.patients) for value in values)
    name = f"All ({ESTIMANDS['patients']})"
    return [(name, f"{evaluation.images:,}", auroc, "–", balanced, "–")]


def _groups(
    title: str,
    groups: Sequence[ClassResult | MagnificationResult],
    last: str,
    last_of: Callable[[Any], float | None],
) -> None:
    """A row a class or magnification; `last` is the figure that only these have."""
    table(
        (title, "Images (patients)", "AUROC", "colour alone", last),
        [
            (
                result.name,
                f"{result.images:,} ({result.patients:,})",
                result.withheld
                or marked(figure(result.auroc, result.auroc_interval), result.patients),
                figure(result.colour_auroc),
                figure(last_of(result)),
            )
            for result in groups
        ],
        caption=f"Held-out results: {title}",
    )


def _shifts(evaluation: CardEvaluation) -> None:
    st.text(
        "Under another stain, the same held-out images",
        help="Haematoxylin and eosin up to this much stronger or weaker, as in another laboratory "
        "(Tellez et al. 2018).",
    )
    table(
        ("Stain shifted by up to", "AUROC", "colour alone"),
        [
            (f"{shift.strength:.0%}", figure(shift.auroc), figure(shift.colour_auroc))
            for shift in evaluation.stain_shift
        ],
        caption="Held-out results under a shifted stain",
    )


def _tried(evaluation: CardEvaluation) -> None:
    st.text(
        "What was tried, judged alike",
        help="The best looks a little too good: all were compared on these same patients.",
    )
    table(
        ("Way", "AUROC", "stain shifted"),
        [
            (other.what, figure(other.auroc, other.auroc_interval), figure(other.shifted_auroc))
            for other in evaluation.tried
        ],
        caption="What was tried",
    )


def _origin(card: Card) -> None:
    """What is known of a network that was made elsewhere."""
    st.text(trained_on(card))
    for change in card.origin.changes if card.origin else ():
        st.text(change)


def _training(training: Training) -> None:
    if training.leaky:
        notice("Leaky split: the same patients in training and validation.")
    counts = training.images
    parts = [
        (
            part.capitalize(),
            ", ".join(people) or "none",
            f"{counts[part]:,}" if part in counts else "",
        )
        for part, people in training.patients.items()
    ]
    table(("Part", "Patients", "Images"), parts, caption="Patients of each part")
    st.text(f"Data: {training.dataset}. Split by {training.split}.")
