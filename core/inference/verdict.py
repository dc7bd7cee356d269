"""One word on an image: a class, undecided, or out of scope; and why."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.conformal import prediction_sets
from core.inference.scope import ScopeCheck
from core.registry.card import Card

UNDECIDED: Final = "undecided"
OUT_OF_SCOPE: Final = "out of scope"
NO_SCOPE_TEST = (
    "This model carries no scope test, so nobody checked whether the image is like those that it "
    "was trained on."
)
NO_SETS = "It carries no prediction sets either, so it never says that it is undecided."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said of an image."""

    outcome: Literal["class", "undecided", "out of scope"]
    name: str
    """The class, or one of `UNDECIDED` and `OUT_OF_SCOPE`."""
    reasons: tuple[str, ...]
    """Why, in sentences."""
    prediction_set: tuple[str, ...] | None
    """The classes that cannot be ruled out; None where the model carries no prediction sets."""


def give_verdict(
    card: Card, predicted: str, probabilities: NDArray[np.floating], scope: ScopeCheck
) -> Verdict:
    """Decide what may be said.

    A class is given only if the image is in scope and the prediction set is that class alone. An
    empty set, in which no class is as probable as it usually is where it is right, and one that
    contradicts the operating point leave the image undecided, as a set of several classes does.

    Parameters
    ----------
    card
        Of the model.
    predicted
        The class by the operating point, or the most probable one.
    probabilities
        (K,) calibrated.
    scope
        Of the image.
    """
    chosen = _set_of(card, probabilities)
    untested = () if scope.tested else (NO_SCOPE_TEST,)
    if not scope.inside:
        return Verdict(OUT_OF_SCOPE, OUT_OF_SCOPE, scope.reasons, chosen)
    if chosen is None or card.conformal is None:
        return Verdict("class", predicted, (*untested, NO_SETS) if untested else (), None)
    level = f"{card.conformal.level:.0%}".replace("%", " %")
    if chosen == (predicted,):
        told = f"Only {predicted} fits: the other{'s' * (len(card.classes) > 2)} can be ruled out"  # noqa: PLR2004 - two classes have one other
        return Verdict("class", predicted, (f"{told} at {level}.", *untested), chosen)
    if not chosen:
        why = (
            "No class fits: each is less probable here than on nearly all images, of patients that "
            "the model had not seen, on which it is right."
        )
    elif len(chosen) == 1:
        why = (
            f"At {level} only {chosen[0]} fits, but the operating point says {predicted}: the two "
            "rules contradict each other here."
        )
    else:
        why = f"{_fitting(card.classes, chosen)} can be ruled out at {level}."
    return Verdict(UNDECIDED, UNDECIDED, (why, *untested), chosen)


def _set_of(card: Card, probabilities: NDArray[np.floating]) -> tuple[str, ...] | None:
    if card.conformal is None:
        return None
    inside = prediction_sets(probabilities, np.array(card.conformal.cut_offs))
    return tuple(name for name, held in zip(card.classes, inside, strict=True) if held)


def _fitting(classes: tuple[str, ...], chosen: tuple[str, ...]) -> str:
    """Say which of the classes fit, up to the pronoun for them."""
    some = f"{', '.join(chosen[:-1])} and {chosen[-1]}"
    if len(classes) == 2:  # noqa: PLR2004 - the meaning of both
        return f"Both {some} fit: neither"
    if len(chosen) == len(classes):
        return f"All {len(classes)} classes fit: none of them"
    return f"Of {len(classes)} classes {some} fit: none of them"
