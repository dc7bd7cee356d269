"""A card in sentences: on whom a model was trained and judged, and what speaks against it."""

from core.architectures.catalogue import CATALOGUE
from core.registry.card import Card
from core.registry.card_parts import Interval
from core.registry.card_results import CardEvaluation

LEAKY_TRAINING = "Leaky split: the same patients are in training and validation."
LEAKY_FIGURES = (
    "Leaky split: images of the same patients were trained on, so its figures say nothing about a "
    "new patient."
)
NEVER_JUDGED = "This model was never judged on patients held out of its training."
MEASURES = (
    "AUROC: how often an image of the class ranks above another; 0.5 is guessing. Balanced "
    "accuracy: mean sensitivity of the classes. Colour alone: the same task from colours only, "
    "without a network, judged alike; a model should beat it. Brackets: 95 % interval, bootstrap "
    "over patients."
)
"""What the figures of a card mean."""


def summary_of(card: Card) -> str:
    """A card's summary; cards of before call the network by its name in the catalogue."""
    network = CATALOGUE.get(card.architecture)
    if network is None:
        return card.summary
    written = f"{card.architecture} from ImageNet weights"
    return card.summary.replace(written, f"{network.title} (ImageNet weights)")


def network_of(card: Card) -> str:
    """What people call the network of a card."""
    network = CATALOGUE.get(card.architecture)
    return network.title if network else card.architecture


def trained_on(card: Card) -> str:
    """On how many images, of how many patients, of which dataset."""
    training = card.training
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
    result = card.evaluation
    if result is None:
        return (NEVER_JUDGED,)
    if result.leaky:
        return (LEAKY_FIGURES,)
    against = () if result.beats_colour else (_no_better(result),)
    return (*against, LEAKY_TRAINING) if card.training.leaky else against


def _no_better(result: CardEvaluation) -> str:
    return (
        f"On {counted(result.patients, 'patient')} that it had not seen, this model does not "
        f"clearly beat colour alone: AUROC {result.auroc:.2f}, colour alone "
        f"{result.colour_auroc:.2f}."
    )


def explained(card: Card) -> str:
    """Which explanations passed the randomisation test; empty where none was tested."""
    test = card.explanations
    if test is None:
        return ""
    how = (
        f"when all weights were drawn anew (Adebayo et al. 2018; {test.images} {test.images_of}; "
        f"unchanged from a rank correlation of {test.threshold:g} on)"
    )
    if not test.unchanged:
        return f"Every kind of explanation changed {how}."
    failed = ", ".join(test.unchanged)
    return f"Explanations that do not show what was learnt, unchanged {how}: {failed}."


def figure(value: float | None, interval: Interval | None = None) -> str:
    """A share with its 95 % interval, as in `0.972 [0.961, 0.982]`; a dash where there is none."""
    words = "–" if value is None else f"{value:.3f}"
    return f"{words} [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else words


def counted(number: int, what: str) -> str:
    """`1 image`, `8,440 images`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
