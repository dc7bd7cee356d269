"""When to believe a model, in sentences and rows that the printed card and its dialog share."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.counts import counted
from core.registry.card import Card
from core.registry.card_parts import Conformal, Scope
from core.registry.card_results import UNCHANGED, OperatingPoint, Robustness
from core.registry.card_words import figure

TITLE = "When to believe it"
_NO_SCOPE = "No scope test: it also answers on images unlike its training images."
_NO_SETS = "No prediction sets: it always names a class and is never undecided."
_NOT_CHANGED = (
    "Robustness to stain, focus, compression, light and scale was not measured on held-out images."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sentences, and a table of three columns (`rows` may be empty)."""

    lines: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]
    header: tuple[str, str, str] = ("", "Found", "On")


def when_to_believe(card: Card) -> Limits:
    """Return what a card says of its scope test, prediction sets, operating points and robustness.

    Parameters
    ----------
    card : Card
        What it lacks is said in a sentence; `operating_point` stands first among its points.

    Returns
    -------
    Limits
        A row for each operating point, then one for each class of the prediction sets.
    """
    points = _points(card)
    changed = card.evaluation.robustness if card.evaluation else ()
    lines = [_scope(card.scope), _sets(card.conformal, card.classes), _robustness(changed)]
    if points:
        lines.append(
            "Decision thresholds (operating points): at or above that probability the class "
            "is called. Sensitivity: share of the class's images called so; specificity: "
            "share of the others not called so; each on patients the threshold was not "
            "chosen on."
        )
    rows = [_point_row(point, used=point == card.operating_point) for point in points]
    for coverage in card.conformal.by_class if card.conformal else ():
        measured = f"coverage {figure(coverage.coverage, coverage.interval)}"
        alone = f"one class alone {_percent(coverage.single)}"
        on = f"{counted(coverage.images, 'image')} of {counted(coverage.patients, 'patient')}"
        rows.append((f"Prediction sets, {coverage.name}", f"{measured}; {alone}", on))
    return Limits(tuple(lines), tuple(rows))


def _scope(scope: Scope | None) -> str:
    if scope is None:
        return _NO_SCOPE
    return (
        f"Scope test: an image farther than {scope.threshold:.3f} from the training images, "
        "by the network's features, is out of scope. False alarms (refused, though like "
        f"them): {100 * scope.false_alarms:.1f} %, target "
        f"{100 * scope.wished_false_alarms:.1f} %; on {scope.fitted_on}."
    )


def _sets(conformal: Conformal | None, classes: Sequence[str]) -> str:
    if conformal is None:
        return _NO_SETS
    measured = (
        "the table says how often they did on patients left out (coverage); on "
        f"{conformal.fitted_on}."
        if conformal.by_class
        else f"how often they do was not measured; cut-offs fitted on {conformal.fitted_on}."
    )
    return (
        "Prediction sets: the classes that cannot be ruled out; several, and the answer is "
        f"“undecided”. Level {_percent(conformal.level)}: of each class, that share of the images "
        f"should keep the right class in the set; {measured}{_never_ruled_out(conformal, classes)}"
    )


def _never_ruled_out(conformal: Conformal, classes: Sequence[str]) -> str:
    """The classes that are in every set, which happens where patients are few."""
    names = [name for name, cut in zip(classes, conformal.cut_offs, strict=True) if cut == 0]
    if not names:
        return ""
    return f" In every set, for lack of patients to tell when to leave it out: {', '.join(names)}."


def _robustness(points: Sequence[Robustness]) -> str:
    aurocs = [f"{point.auroc:.3f} ({change_words(point)})" for point in _strongest(points)]
    if not aurocs:
        return _NOT_CHANGED
    return (
        "AUROC on held-out images (a sample where they are many), and on the same images under the "
        f"strongest of each change tried: {'; '.join(aurocs)}."
    )


def _strongest(points: Sequence[Robustness]) -> list[Robustness]:
    """The unchanged first, then of each change the strongest, both up and down."""
    strongest: dict[tuple[str, bool], Robustness] = {}
    for point in points:
        key = (point.change, point.amount < 0)
        if key not in strongest or abs(point.away) > abs(strongest[key].away):
            strongest[key] = point
    return sorted(strongest.values(), key=lambda point: point.change != UNCHANGED)


def change_words(point: Robustness) -> str:
    """A change in words: "JPEG of quality 20"."""
    amount, more = f"{abs(point.amount):g}", point.amount > 0
    words_of = {
        UNCHANGED: "unchanged",
        "stain": f"stain shifted by up to {_percent(point.amount)}",
        "blur": f"blurred by {amount} {point.unit}",
        "jpeg": f"JPEG of quality {amount}",
        "brightness": f"{amount} % {'brighter' if more else 'darker'}",
        "scale": f"{amount} % {'larger' if more else 'smaller'}",
    }
    return words_of.get(point.change, f"{point.change} {point.amount:g} {point.unit}".rstrip())


def _points(card: Card) -> tuple[OperatingPoint, ...]:
    used = card.operating_point
    others = tuple(point for point in card.operating_points if point != used)
    return (used, *others) if used else others


def _point_row(point: OperatingPoint, *, used: bool) -> tuple[str, str, str]:
    sensitivity = figure(point.sensitivity, point.sensitivity_interval)
    specificity = figure(point.specificity, point.specificity_interval)
    label = "Decision threshold in use" if used else "Another threshold"
    return (
        f"{label}, {point.positive_class} from {point.threshold:.3f} on: {point.rule}",
        f"sensitivity {sensitivity}, specificity {specificity}",
        point.fitted_on,
    )


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g} %"
