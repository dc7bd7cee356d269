"""A model card in the sections of Mitchell et al. 2019 (Model Cards for Model Reporting, FAT*).

Of its own is the section "When to believe it". What is printed is a page, so long lists are cut
short; `card.json` in the package has all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.counts import counted
from core.evaluation.estimand import ESTIMANDS
from core.evaluation.few_patients import marked
from core.registry.card import Card
from core.registry.card_limits import TITLE, when_to_believe
from core.registry.card_results import CardEvaluation, ClassResult, MagnificationResult
from core.registry.card_words import (
    LEAKY_TRAINING,
    MEASURES,
    NEVER_JUDGED,
    architecture_of,
    explained,
    figure,
    judged_on,
    located,
    next_patient,
    summary_of,
    trained_on,
)

MOST_ROWS, MOST_LINES, MOST_LETTERS = 10, 6, 420
SOURCE = "Sections after Mitchell et al., Model Cards for Model Reporting, FAT* 2019."
_FITS = {
    "patch": "square patches",
    "crops": "squares cut from fields that tall",
    "squash": "fields that tall, made square",
}
_ALONE = "colour alone"
_UNRECORDED = (
    "Laboratory, scanner, age, sex and ancestry are not recorded in the data, so there are "
    "no results by them."
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences under it, and perhaps a table (`rows` of strings under `header`)."""

    title: str
    lines: tuple[str, ...]
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def card_sections(card: Card, model_sha256: str) -> tuple[Section, ...]:
    """Return the paper's nine sections in its order, and when to believe the model."""
    rows, more = _results(card.evaluation)
    analyses = ("Model", _ALONE) if rows else ()
    return (
        Section("Model details", _cut(_details(card, model_sha256))),
        Section("Intended use", _cut(_use(card))),
        Section("Factors", _cut(_factors(card))),
        Section("Metrics", _cut(_metrics(card))),
        Section("Evaluation data", _cut(_evaluation_data(card))),
        Section("Training data", _cut(_training_data(card))),
        Section("Quantitative analyses", _cut(more), ("", *analyses) if rows else (), rows),
        _limits(card),
        Section("Ethical considerations", _cut(_ethics(card))),
        Section("Caveats and recommendations", _cut(_caveats(card))),
    )


def _details(card: Card, model_sha256: str) -> list[str]:
    spec = card.input
    size = f"{spec.width}×{spec.height} px, classes {', '.join(card.classes)}"
    done = "adopted" if card.origin else "made"
    lines = [
        summary_of(card),
        (
            f"Name {card.name}; {done} on {card.created:%Y-%m-%d} by Lobule; network "
            f"{architecture_of(card)}, input {size}; stain normalisation: "
            f"{card.stain_normalisation}."
        ),
        f"SHA-256 of the network: {model_sha256}",
        f"Made by: {card.training.command}" if card.training.command else "",
    ]
    return [*lines, *(f"Cite: {citation}" for citation in card.citations)]


def _use(card: Card) -> list[str]:
    lines = [f"Good for: {text}" for text in card.good_for]
    lines += [f"Not for: {text}" for text in card.not_for]
    return [*lines, "For research and teaching only; not a medical device."]


def _factors(card: Card) -> list[str]:
    spec, result = card.input, card.evaluation
    fields = ", ".join(f"{field:g}" for field in spec.fields_um)
    looked_at = ["patient"]
    if result and result.by_class:
        looked_at.append("class")
    if result and result.by_magnification:
        looked_at.append("magnification")
    changed = {point.change for point in result.robustness} - {"none"} if result else set()
    looked_at += [f"image ({change})" for change in sorted(changed)]
    if result and result.stain_shift and "stain" not in changed:
        looked_at.append("stain")
    return [
        (
            f"Scale: {fields} µm ({_FITS[spec.fit]}), from images of up to "
            f"{spec.um_per_px_high:g} µm/px; finer ones are shrunk to {spec.um_per_px:g} µm/px."
        ),
        f"Results are given by {', '.join(looked_at)}. {_UNRECORDED}",
    ]


def _metrics(card: Card) -> list[str]:
    point = card.operating_point
    lines = [MEASURES]
    if point:
        lines.append(
            f"Decision threshold (operating point): {point.positive_class} at or above a "
            f"probability of {point.threshold:.3f} on; {point.rule}; fitted on "
            f"{point.fitted_on}."
        )
    elif card.task == "subtype":
        lines.append("No decision threshold: the most probable class is the answer.")
    return [*lines, f"Probabilities are calibrated: temperature {card.temperature:.3f}."]


def _evaluation_data(card: Card) -> list[str]:
    result = card.evaluation
    if result is None:
        return [NEVER_JUDGED]
    dataset = card.origin.judged_on if card.origin else card.training.dataset
    return [f"{judged_on(result)} of {dataset}.", result.protocol]


def _training_data(card: Card) -> list[str]:
    training = card.training
    if card.origin:
        return [trained_on(card), *card.origin.changes]
    parts = [
        f"{part} {counted(len(people), 'patient')}, {counted(training.images[part], 'image')}"
        for part, people in training.patients.items()
        if training.images.get(part)
    ]
    names = ", ".join(training.patients.get("train", ()))
    return [
        trained_on(card),
        f"Split by {training.split}: {'; '.join(parts)}." if parts else "",
        f"Patients trained on: {names}" if names else "",
        LEAKY_TRAINING if training.leaky else "",
    ]


def _results(result: CardEvaluation | None) -> tuple[tuple[tuple[str, ...], ...], list[str]]:
    if result is None:
        return (), [NEVER_JUDGED]
    rows = [
        (
            result.titled("auroc"),
            marked(figure(result.auroc, result.auroc_interval), result.patients),
            figure(result.colour_auroc),
        ),
        (
            result.titled("balanced_accuracy"),
            marked(
                figure(result.balanced_accuracy, result.balanced_accuracy_interval),
                result.patients,
            ),
            figure(result.colour_balanced_accuracy),
        ),
        *_within_patients(result),
    ]
    more = [
        (
            f"AUROC, patient {row.patient} ({counted(row.images, 'image')})",
            figure(row.auroc),
            figure(row.colour_auroc),
        )
        for row in result.by_patient
    ]
    groups: tuple[ClassResult | MagnificationResult, ...] = (
        *result.by_class,
        *result.by_magnification,
    )
    more += [
        (
            (
                f"AUROC, {row.name} ({counted(row.images, 'image')} of "
                f"{counted(row.patients, 'patient')})"
            ),
            "withheld"
            if row.withheld
            else marked(figure(row.auroc, row.auroc_interval), row.patients),
            "–" if row.withheld else figure(row.colour_auroc),
        )
        for row in groups
    ]
    more += [
        (f"AUROC, stain shifted by {row.strength:.0%}", figure(row.auroc), figure(row.colour_auroc))
        for row in result.stain_shift
    ]
    shown = tuple(rows + more[: MOST_ROWS - len(rows)])
    left = len(rows) + len(more) - len(shown)
    lines = [*next_patient(result)]
    lines += [f"{left} more figures are in card.json."] if left else []
    if result.difference_interval:
        low, high = result.difference_interval
        lines.insert(
            0,
            f"AUROC above colour alone: {result.auroc - result.colour_auroc:.3f} "
            f"[{low:.3f}, {high:.3f}], {'' if result.beats_colour else 'not '}clearly better.",
        )
    return tuple(tuple(shortened(cell) for cell in row) for row in shown), lines


def _within_patients(result: CardEvaluation) -> list[tuple[str, str, str]]:
    """The mean within patients, where a card has it beside another figure."""
    pairs = (
        ("AUROC", result.auroc_within_patients, result.auroc_within_patients_interval),
        (
            "Balanced accuracy",
            result.balanced_accuracy_within_patients,
            result.balanced_accuracy_within_patients_interval,
        ),
    )
    return [
        (
            f"{title}, {ESTIMANDS['patients']}",
            marked(figure(value, between), result.patients),
            "–",
        )
        for title, value, between in pairs
        if value is not None
    ]


def _limits(card: Card) -> Section:
    limits = when_to_believe(card)
    rows = tuple(tuple(shortened(cell) for cell in row) for row in limits.rows[:MOST_ROWS])
    left = len(limits.rows) - len(rows)
    lines = [*limits.lines, f"{left} more figures are in card.json." if left else ""]
    return Section(TITLE, _cut(lines), limits.header if rows else (), rows)


def _ethics(card: Card) -> list[str]:
    return [
        "The data are images of patients' tissue, identified by number only.",
        f"Licence of the data: {card.licence}",
        (
            "An answer must not guide patient care. Patients unlike those in the data may be "
            "served worse; nothing here can show it."
        ),
    ]


def _caveats(card: Card) -> list[str]:
    notes = card.evaluation.notes if card.evaluation else ()
    return [
        explained(card),
        located(card),
        *notes,
        "Before relying on it, judge it on labelled images of your own laboratory.",
    ]


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    """Leave out what is empty, and what a page has no room for, saying so."""
    shortened_lines = [shortened(line) for line in lines if line]
    if len(shortened_lines) <= MOST_LINES:
        return tuple(shortened_lines)
    return (
        *shortened_lines[: MOST_LINES - 1],
        f"{len(shortened_lines) - MOST_LINES + 1} more lines are in card.json.",
    )


def shortened(text: str) -> str:
    """What a page has room for of a text."""
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
