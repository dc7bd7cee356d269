"""The parts of a card that say when an answer may be used."""

from typing import Annotated

from pydantic import Field

from core.registry.card_parts import Count, Interval, Name, Part, Positive, Sha256, Share, Text


class ClassCoverage(Part):
    """How often the set of classes held the right one, on left-out patients of that class.

    The cut-offs were chosen without the patient.
    """

    name: Text
    patients: Count
    images: Count
    coverage: Share
    interval: Interval | None
    """Over patients; None where they are too few."""
    single: Share
    """Share of the images whose set is exactly one class."""


class Conformal(Part):
    """Class-conditional conformal prediction sets (Vovk 2012; Sadinle et al. 2019).

    A class belongs to the set if its calibrated probability is at least its cut-off, one a class
    in the order of the card's classes. `level` is the wished coverage of each class.
    """

    level: Share
    cut_offs: tuple[Share, ...]
    fitted_on: Text
    by_class: tuple[ClassCoverage, ...] = ()


class Scope(Part):
    """The test whether an image is like those that the model was trained on.

    The input of the layer "logits" is the feature vector of an image (the mean over its tiles).
    `file` of the package holds where training images lie. An image whose distance is above
    `threshold` is out of scope; `false_alarms` of left-out patients' images were,
    by models that had not seen the patient.
    """

    file: Text
    threshold: Positive
    wished_false_alarms: Share
    false_alarms: Share
    fitted_on: Text


class Member(Part):
    """One model of an ensemble, by its name and the hash of its network."""

    name: Name
    model_sha256: Sha256


Members = Annotated[tuple[Member, ...], Field(max_length=16)]
