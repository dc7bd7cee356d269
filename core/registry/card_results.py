"""The parts of a card that say how a model did on patients that it had not seen."""

from typing import Self

from pydantic import model_validator

from core.evaluation.estimand import ESTIMANDS, Estimand, estimand_of, titled
from core.evaluation.few_patients import is_few
from core.fields import CardPart, Count, Difference, Share, Text
from core.registry.card_parts import Interval


class OperatingPoint(CardPart):
    """The threshold on the positive class's probability, and how it was chosen.

    Sensitivity and specificity are those of left-out patients for whom the threshold was chosen
    on others, by the same rule; None where that was not worked out.
    """

    positive_class: Text
    threshold: Share
    rule: str
    fitted_on: str
    sensitivity: Share | None = None
    sensitivity_interval: Interval | None = None
    specificity: Share | None = None
    specificity_interval: Interval | None = None


class PatientResult(CardPart):
    """Held-out results of one patient; None where one class is absent."""

    patient: Text
    images: Count
    positives: Count
    auroc: Share | None
    balanced_accuracy: Share | None
    threshold: Share
    colour_auroc: Share | None
    colour_balanced_accuracy: Share | None


class ClassResult(CardPart):
    """Held-out results of one class against the others; `withheld` says why there are none."""

    name: Text
    patients: Count
    images: Count
    auroc: Share | None
    auroc_interval: Interval | None
    sensitivity: Share | None
    colour_auroc: Share | None
    withheld: str | None = None


class MagnificationResult(CardPart):
    """Held-out results of the images of one magnification; `withheld` says why there are none."""

    name: Text
    patients: Count
    images: Count
    auroc: Share | None
    auroc_interval: Interval | None
    balanced_accuracy: Share | None
    colour_auroc: Share | None
    withheld: str | None = None


class ExpectedOfPatient(CardPart):
    """What to expect of the next patient: the share of a class's images that are called rightly.

    `range` is that in which 80 % of patients lie, None of fewer than nine; `lowest` the worst of
    them; `below` the share of them below the `floor`. They are `patients` who were held out, with
    at least `images_at_least` images of the class (`core.evaluation.next_patient`).
    """

    name: Text
    images_at_least: Count
    patients: Count
    range: Interval | None
    lowest: Share | None
    floor: Share
    below: Share | None


class ShiftResult(CardPart):
    """AUROC on the same held-out images under another stain: HED jitter of this strength."""

    strength: Share
    auroc: Share
    colour_auroc: Share


class Tried(CardPart):
    """Another way to train that was judged alike; `shifted_auroc` is under a shifted stain."""

    what: Text
    auroc: Share
    auroc_interval: Interval | None
    shifted_auroc: Share | None


ROBUSTNESS_IMAGES = 500
"""Held-out images that each change is tried on, at most; a card does not state their number."""


UNCHANGED = "none"
"""What stands for the change of `Robustness` where there is none."""
_BEST_QUALITY = 100  # of JPEG


class Robustness(CardPart):
    """The same held-out images changed by this much, answered by the same models.

    `change` is one of "stain", "blur", "jpeg", "brightness", "scale"; `amount` is in `unit`. The
    same images unchanged are "none".
    """

    change: Text
    amount: float
    unit: str
    auroc: Share
    balanced_accuracy: Share | None
    colour_auroc: Share | None

    @property
    def away(self) -> float:
        """How far this is from no change, which is 0; signed, in `unit`."""
        # JPEG changes more as its quality falls: quality 0 is the worst image, not the best.
        return _BEST_QUALITY - self.amount if self.change == "jpeg" else self.amount


LEAST_DECIDED, LEAST_RIGHT = 1 / 3, 0.85
"""Share of images of unseen patients that a model must decide, and of these be right on; one that
does not, or does not beat colour, is for demonstration."""


class CardEvaluation(CardPart):
    """Held-out results, beside the colour-only baseline on the same split.

    Intervals are (low, high), 95 % over patients, None where the patients are too few;
    `difference_interval` is of the AUROC of the model minus that of colour alone. Of more than two
    classes, the AUROC is the mean over the classes, each against the others. `estimand` says what
    the figures are figures of (`core.evaluation.estimand`). Cards of before have another one, or
    say it in `protocol` alone; they are shown under its name, and what they lack is None or empty.
    `decided` is the share of images of left-out patients whose prediction set holds one class
    alone, `decided_rightly` the share of those whose class it is, every patient alike.
    """

    protocol: Text
    estimand: Estimand | None = None
    leaky: bool
    patients: Count
    images: Count
    auroc: Share
    auroc_interval: Interval | None
    balanced_accuracy: Share
    balanced_accuracy_interval: Interval | None
    colour_auroc: Share
    colour_balanced_accuracy: Share
    beats_colour: bool
    difference_interval: tuple[Difference, Difference] | None
    auroc_within_patients: Share | None = None
    auroc_within_patients_interval: Interval | None = None
    balanced_accuracy_within_patients: Share | None = None
    balanced_accuracy_within_patients_interval: Interval | None = None
    next_patient: tuple[ExpectedOfPatient, ...] = ()
    by_patient: tuple[PatientResult, ...]
    notes: tuple[str, ...]
    by_class: tuple[ClassResult, ...] = ()
    by_magnification: tuple[MagnificationResult, ...] = ()
    stain_shift: tuple[ShiftResult, ...] = ()
    tried: tuple[Tried, ...] = ()
    robustness: tuple[Robustness, ...] = ()
    decided: Share | None = None
    decided_rightly: Share | None = None

    def titled(self, figure: str) -> str:
        """A figure's title with what it is a figure of: "AUROC, mean within patients"."""
        return titled(figure, estimand_of(figure, self.estimand or self._of_before))

    @property
    def few(self) -> bool:
        """Whether its figures are to be marked, because too few patients stand behind them."""
        return is_few(self.patients)

    @property
    def demonstration(self) -> bool:
        """Whether it decides too little, or too often wrongly, to be an answer."""
        if self.decided is None:
            return False
        rightly = self.decided_rightly or 0.0
        unsure = self.decided < LEAST_DECIDED or rightly < LEAST_RIGHT
        return unsure or not self.beats_colour

    @property
    def auroc_is(self) -> str:
        """What the AUROC is a figure of: "mean within patients"."""
        return ESTIMANDS[self.estimand or self._of_before]

    @property
    def _of_before(self) -> Estimand:
        """What a card that names no estimand was judged by."""
        if self.protocol.startswith("Leave one patient out"):
            return "patients"
        return "folds" if "cross-validation" in self.protocol else "pooled"

    @model_validator(mode="after")
    def _intervals_are_ordered(self) -> Self:
        for name in ("auroc_interval", "balanced_accuracy_interval", "difference_interval"):
            low, high = getattr(self, name) or (0, 0)
            if low > high:
                raise ValueError(f"{name} runs from {low} down to {high}")
        return self
