"""One model on the shelf: what it is in plain words, and what can be done with it."""

import streamlit as st

from core.evaluation.estimand import TITLES
from core.evaluation.few_patients import MARK, marked
from core.registry.card import Card
from core.registry.card_results import CardEvaluation
from core.registry.card_words import (
    MEASURES,
    NEVER_JUDGED,
    NEVER_JUDGED_HERE,
    figure,
    judged_on,
    next_patient,
    next_patient_in_short,
    reservations,
    trained_on,
)
from core.registry.package import Package
from core.registry.shelf import ShelfEntry
from pages.shared.plain import as_html, notice
from pages.shelf.actions import offer_deeds, offer_delete


def show_model(entry: ShelfEntry, package: Package, *, active: bool) -> None:
    """Draw a sound model."""
    card = package.card
    with st.container(border=True, key=f"shelf-{entry.name}"):
        st.html(
            f'<div class="lobule-file"><h2 class="lobule-model">{as_html(card.title)}</h2>'
            f"{_badges(entry, card, active=active)}</div>"
        )
        for text in reservations(card):
            if text not in {NEVER_JUDGED, NEVER_JUDGED_HERE}:
                notice(text)
        left, right = st.columns(2, gap="medium")
        with left:
            st.html(_trained(card))
        with right:
            _judged(card.evaluation, made_elsewhere=card.origin is not None)
        st.html(
            '<details><summary>Good for, not for</summary><div class="lobule-two">'
            f"{_list('Good for', card.good_for)}{_list('Not for', card.not_for)}</div></details>"
        )
        offer_deeds(entry, package, active=active)


def show_broken(entry: ShelfEntry, error: str) -> None:
    """Draw a package that cannot be used, and why."""
    with st.container(border=True, key=f"shelf-{entry.name}"):
        st.html(
            f'<div class="lobule-file"><h2 class="lobule-model">{as_html(entry.name)}</h2>'
            f"{_badge('cannot be used')}{_badge('shipped' if entry.shipped else 'own')}</div>"
        )
        notice(error, "error")
        if not entry.shipped:
            offer_delete(entry, active=False)


def _badges(entry: ShelfEntry, card: Card, *, active: bool) -> str:
    words = [entry.name, "shipped" if entry.shipped else "own"]
    words += ["answers by default"] if active else []
    words += [f"ensemble of {len(card.members)}"] if card.members else []
    words += [f"on encoder {card.encoder.title}"] if card.encoder else []
    leaky = card.training.leaky or (card.evaluation is not None and card.evaluation.leaky)
    if card.origin:
        words += ["made elsewhere"]
        words += ["▲ not judged"] if card.evaluation is None else []
        words += ["▲ may have met its patients"] if leaky else []
    else:
        words += ["▲ leaky split"] if leaky else []
    words += [MARK.lower()] if card.evaluation and card.evaluation.few else []
    if card.evaluation and not card.evaluation.beats_colour:
        words += ["▲ does not beat colour"]
    return "".join(_badge(word) for word in words)


def _badge(word: str) -> str:
    return f'<span class="lobule-badge">{as_html(word)}</span>'


def _trained(card: Card) -> str:
    spec, patients = card.input, card.training.patients.get("train", [])
    least, most = min(spec.fields_um), max(spec.fields_um)
    fields = f"{most:.0f}" if least == most else f"{least:.0f} to {most:.0f}"
    names = ", ".join(patients)
    who = (
        f"<details><summary>{as_html(trained_on(card))}</summary>{as_html(names)}</details>"
        if patients
        else f"<p>{as_html(trained_on(card))}</p>"
    )
    return (
        f'<h3>Trained on</h3><div class="lobule-text">{who}'
        f"<p>Classes: {as_html(', '.join(card.classes))}. Fields of {fields} µm; images of up to "
        f"{spec.um_per_px_high:g} µm/px.</p></div>"
    )


def _judged(result: CardEvaluation | None, *, made_elsewhere: bool) -> None:
    st.html("<h3>Held-out results</h3>")
    if result is None:
        notice(NEVER_JUDGED_HERE if made_elsewhere else NEVER_JUDGED)
        return
    st.text(f"{judged_on(result)}, {result.auroc_is}.", help=f"{MEASURES} {result.protocol}")
    too_few = "" if result.auroc_interval else " (too few patients for an interval)"
    rows = (
        (
            TITLES["auroc"],
            marked(figure(result.auroc, result.auroc_interval) + too_few, result.patients),
        ),
        ("colour alone", figure(result.colour_auroc)),
        (
            _title("balanced_accuracy", result),
            marked(
                figure(result.balanced_accuracy, result.balanced_accuracy_interval),
                result.patients,
            ),
        ),
        ("colour alone", figure(result.colour_balanced_accuracy)),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{as_html(value)}</dd></div>" for name, value in rows)
    st.html(f'<dl class="lobule-numbers lobule-pairs">{cells}</dl>')
    if in_short := next_patient_in_short(result):
        st.text(in_short, help=" ".join(next_patient(result)))


def _title(figure_name: str, result: CardEvaluation) -> str:
    """What a figure is called; of what it is one is said only where it is not as the AUROC."""
    titled = result.titled(figure_name)
    return titled.removesuffix(f", {result.auroc_is}")


def _list(title: str, sentences: tuple[str, ...]) -> str:
    items = "".join(f"<li>{as_html(sentence)}</li>" for sentence in sentences or ("Not stated.",))
    return f'<div><h3>{title}</h3><ul class="lobule-list">{items}</ul></div>'
