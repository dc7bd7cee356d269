"""A card in sentences: on whom a model was trained and judged, and what speaks against it."""

from collections.abc import Iterator

from core.architectures.catalogue import CATALOGUE
from core.counts import counted
from core.evaluation.few_patients import MARK, is_few, warning
from core.registry.card import Card
from core.registry.card_parts import Interval, UsedEncoder
from core.registry.card_results import (
    LEAST_DECIDED,
    LEAST_RIGHT,
    CardEvaluation,
    ExpectedOfPatient,
)

LEAKY_TRAINING = "Leaky split: the same patients are in training and validation."
LEAKY_FIGURES = (
    "Leaky split: it was trained on the same patients, so its figures say nothing about a "
    "new patient."
)
NEVER_JUDGED = "This model was never judged on held-out patients."
NEVER_JUDGED_HERE = (
    "This model was made elsewhere and is not judged: it may be good or worthless. It "
    "answers only if chosen by name."
)
MAYBE_MET = (
    "This model was made elsewhere and may have been trained on the patients it was judged "
    "on: its figures may flatter and say nothing about a new patient. It answers only if "
    "chosen by name."
)
MEASURES = (
    "AUROC: how often an image of the class ranks above another; 0.5 is guessing. Balanced "
    "accuracy: mean sensitivity of the classes. Colour alone: the same task from colours only, "
    "without a network, judged alike; a model should beat it. Brackets: 95 % interval over "
    "patients; ▲ from fewer than ten of them."
)
"""What the figures of a card mean."""


def summary_of(card: Card) -> str:
    """A card's summary; cards of before call the network by its name in the catalogue."""
    network = CATALOGUE.get(card.architecture)
    if network is None:
        return card.summary
    written = f"{card.architecture} from ImageNet weights"
    return card.summary.replace(written, f"{network.title} (ImageNet weights)")


def architecture_of(card: Card) -> str:
    """A card's architecture as recipes name it; of a model on an encoder which one it is."""
    return f"encoder {card.encoder.title}" if card.encoder else card.architecture


def network_of(card: Card) -> str:
    """What people call the network of a card."""
    network = CATALOGUE.get(card.architecture)
    return network.title if network else architecture_of(card)


def trained_on(card: Card) -> str:
    """On how many images, of how many patients, of which dataset."""
    training = card.training
    if card.origin:
        return (
            f"Made elsewhere ({card.origin.file}); its training patients are unknown. Colours "
            f"scaled to {card.origin.scaling}."
        )
    if card.members:
        names = ", ".join(member.name for member in card.members)
        return f"An ensemble of {len(card.members)} models: {names}."
    people = counted(len(training.patients.get("train", ())), "patient")
    images = counted(training.images.get("train", 0), "image")
    return f"{images} of {people}: {training.dataset}."


def judged_on(evaluation: CardEvaluation) -> str:
    """On how many images, of how many patients."""
    return f"{counted(evaluation.images, 'image')} of {counted(evaluation.patients, 'patient')}"


def reservations(card: Card) -> tuple[str, ...]:
    """What speaks against a model, the gravest first."""
    used = (card.encoder, *(member.encoder for member in card.members))
    of_encoders = [words for each in used if each for words in _of_encoder(each)]
    return (*_of_figures(card), *dict.fromkeys(of_encoders))


def _of_encoder(used: UsedEncoder) -> Iterator[str]:
    if used.seen:
        yield f"▲ {used.seen}"
    if used.commercial != "allowed":
        doubt = "does not allow" if used.commercial == "not allowed" else "may not allow"
        yield f"▲ The licence of its encoder ({used.licence}) {doubt} commercial use."


def _of_figures(card: Card) -> tuple[str, ...]:
    result = card.evaluation
    if result is None:
        return (NEVER_JUDGED_HERE if card.origin else NEVER_JUDGED,)
    few = (f"{MARK}: {warning(result.patients)}",) if result.few else ()
    if result.leaky:
        return (MAYBE_MET if card.origin else LEAKY_FIGURES, *few)
    shows_only = (_demonstration(result),) if result.demonstration else ()
    # What is for demonstration says so of colour itself.
    no_better = () if result.beats_colour or shows_only else (_no_better(result),)
    leaky = (LEAKY_TRAINING,) if card.training.leaky else ()
    return (*shows_only, *no_better, *few, *leaky)


def _demonstration(result: CardEvaluation) -> str:
    rightly = result.decided_rightly
    right = "" if rightly is None else f", {rightly:.0%} of these correctly"
    colour = "" if result.beats_colour else f" It {_beside_colour(result)}"
    return (
        f"▲ FOR DEMONSTRATION: it decides {result.decided:.0%} of the images of "
        f"{counted(result.patients, 'unseen patient')}{right} (needed: {LEAST_DECIDED:.0%} and "
        f"{LEAST_RIGHT:.0%}).{colour}"
    )


def _no_better(result: CardEvaluation) -> str:
    return f"On {counted(result.patients, 'unseen patient')} this model {_beside_colour(result)}"


def _beside_colour(result: CardEvaluation) -> str:
    return (
        f"does not clearly beat colour alone: AUROC {result.auroc:.2f}, colour alone "
        f"{result.colour_auroc:.2f}."
    )


def next_patient(evaluation: CardEvaluation) -> tuple[str, ...]:
    """What to expect of the next patient, a sentence a class."""
    return tuple(
        expected_of_next(expected) for expected in evaluation.next_patient if expected.patients
    )


def expected_of_next(expected: ExpectedOfPatient) -> str:
    """What to expect of the next patient's images of one class, in a sentence."""
    whose = f"Next patient, {expected.name}"
    if expected.lowest is None or expected.below is None:
        return f"{whose}: no patient has {expected.images_at_least} images of it."
    people = counted(expected.patients, "held-out patient")
    enough = f"{people} with {expected.images_at_least} or more such images"
    worst = f"lowest {expected.lowest:.2f}, {expected.below:.0%} below {expected.floor:.2f}"
    if expected.range is None:
        return f"{whose}: no range, which needs nine patients ({enough}; {worst})."
    low, high = expected.range
    return (
        f"{whose}: {low:.2f} to {high:.2f} of the images called correctly in 8 of 10 ({enough}; "
        f"{worst})."
    )


def next_patient_in_short(evaluation: CardEvaluation) -> str:
    """What to expect of the next patient, all classes in a line; empty where nothing is known."""
    ranges = []
    for expected in evaluation.next_patient:
        if not expected.patients:
            continue
        words = "{:.2f} to {:.2f}".format(*expected.range) if expected.range else "no range"
        people = counted(expected.patients, "patient")
        few = is_few(expected.patients)
        ranges.append(f"{expected.name} {words} ({'▲ ' if few else ''}{people})")
    if not ranges:
        return ""
    return f"Next patient, share called correctly in 8 of 10: {', '.join(ranges)}."


def explained(card: Card) -> str:
    """Which explanations passed the randomisation test; empty where none was tested."""
    test = card.explanations
    if test is None:
        return ""
    how = (
        f"when all weights were randomised (Adebayo et al. 2018; {test.images} "
        f"{test.images_of}; unchanged from a rank correlation of {test.threshold:g} on)"
    )
    if not test.unchanged:
        return f"Every kind of explanation changed {how}."
    failed = ", ".join(test.unchanged)
    return f"Explanations that do not show what was learnt, unchanged {how}: {failed}."


def located(card: Card) -> str:
    """How well the map and the explanations find the tumour; empty where it was not measured."""
    result = card.located
    if result is None:
        return ""
    maps, heat, nuclei = (
        " and ".join(f"{getattr(region, name):.2f}" for region in result.regions)
        for name in ("probability_map", "heatmap", "nuclei")
    )
    words = (
        f"Where tumour is, on {counted(len(result.regions), 'region')} {result.regions_of}: AUROC "
        f"by pixel {maps} of the probability map, {heat} of the heatmap over it, {nuclei} of "
        f"nuclei alone. Within {counted(result.tiles, 'tile')} that are part tumour, nuclei alone "
        f"{result.nuclei:.2f}"
    )
    fair = [each for each in result.methods if each not in result.misleading]
    words += "".join(f", {each.method} {each.auroc:.2f}" for each in fair)
    if not result.misleading:
        return words + "."
    worse = ", ".join(f"{each.method} {each.auroc:.2f}" for each in result.misleading)
    return f"{words}. WORSE THAN CHANCE there, no guide to where the tumour is: {worse}."


def caution_of_map(card: Card) -> str:
    """Say that nuclei alone find tumour better than the probability map, where they do."""
    result = card.located
    if result is None:
        return ""
    by_map, by_nuclei = (
        sum(values) / len(values)
        for values in zip(
            *((region.probability_map, region.nuclei) for region in result.regions), strict=True
        )
    )
    if by_map >= by_nuclei:
        return ""
    return (
        "Do not take the line for the tumour's edge: on "
        f"{counted(len(result.regions), 'region')} outlined by pathologists the map told tumour "
        f"from the rest with a mean AUROC of {by_map:.2f} by pixel, nuclei alone {by_nuclei:.2f}."
    )


def figure(value: float | None, interval: Interval | None = None) -> str:
    """A share with its 95 % interval, as in `0.972 [0.961, 0.982]`; a dash where there is none."""
    words = "–" if value is None else f"{value:.3f}"
    return f"{words} [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else words
