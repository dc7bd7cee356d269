"""The parts of a card: what each is made of, and those that say how far to trust the model."""

from typing import Annotated, Literal

from pydantic import Field

from core.encoders.card import Commercial, Features, Preparation
from core.fields import CardPart, Count, Name, Positive, Sha256, Share, Text

Interval = tuple[Share, Share]
"""Low and high."""
Correlation = Annotated[float, Field(ge=-1, le=1)]


class ClassCoverage(CardPart):
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


class Conformal(CardPart):
    """Class-conditional conformal prediction sets (Vovk 2012; Sadinle et al. 2019).

    A class belongs to the set if its calibrated probability is at least its cut-off, one a class
    in the order of the card's classes. `level` is the wished coverage of each class.
    """

    level: Share
    cut_offs: tuple[Share, ...]
    fitted_on: Text
    by_class: tuple[ClassCoverage, ...] = ()


class Scope(CardPart):
    """The test whether an image is like those that the model was trained on.

    The input of the layer "logits" is the feature vector of a tile; the distance of an image is
    the mean over its tiles. `file` of the package holds where training images lie
    (`core.registry.scope_file`). An image whose distance is above `threshold` is out of scope;
    `false_alarms` of left-out patients' images were, with reference and threshold from others.

    `least_sharpness` is the variance of the Laplacian (`core.imaging.focus`) of an input, of an
    image the median over its tiles, that all but `blurred_in_training` of the training images
    with tissue reach; None where none had tissue.
    """

    file: Text
    threshold: Positive
    wished_false_alarms: Share
    false_alarms: Share
    fitted_on: Text
    least_sharpness: Annotated[float, Field(ge=0)] | None = None
    blurred_in_training: Share = 0.01


class MapChange(CardPart):
    """How alike the maps of trained and of random weights are: 1 the same, 0 nothing in common.

    `layers` of the network's layers, counted from the last one, were drawn anew. `correlation` is
    Spearman's, over the pixels, `similarity` the structural similarity (Wang et al. 2004); both
    are means over the images.
    """

    layers: Count
    correlation: Correlation
    similarity: Correlation


class ExplanationCheck(CardPart):
    """Whether the maps of one method are about what the network learnt.

    `unchanged` if `correlation` reaches the threshold: the mean over images and draws, all layers
    being random; `by_draw` are the means of each draw. `cascade` is of the first draw.
    """

    method: Text
    unchanged: bool
    correlation: Correlation
    by_draw: tuple[Correlation, ...]
    cascade: tuple[MapChange, ...]


class Randomisation(CardPart):
    """The randomisation test of a model's explanations (Adebayo et al. 2018).

    `layer` is the one that class activation maps looked at, `layers` how many hold weights.
    """

    threshold: Share
    layer: Text
    layers: Count
    images: Count
    images_of: Text
    methods: tuple[ExplanationCheck, ...]

    @property
    def unchanged(self) -> tuple[str, ...]:
        """Methods whose maps do not tell what the network learnt."""
        return tuple(check.method for check in self.methods if check.unchanged)


class LocatedRegion(CardPart):
    """How well a region's probability map, its heatmap and nuclei alone rank tumour above the rest.

    AUROC by pixel; whether the highest value lies in tumour; `found` and `called_besides` are the
    shares of the tumour and of the rest that reach the model's threshold.
    """

    name: Text
    probability_map: Share
    heatmap: Share
    nuclei: Share
    map_points: bool
    heatmap_points: bool
    nuclei_point: bool
    found: Share
    called_besides: Share


class LocatedMethod(CardPart):
    """AUROC of an explanation within tiles that are part tumour, the mean over the tiles."""

    method: Text
    auroc: Share


CHANCE = 0.5
"""AUROC of a map that knows nothing."""


class Located(CardPart):
    """Where a model sees tumour, against a pathologist's mask (`core.explain.localisation`).

    `nuclei` is the baseline within the same tiles as the methods.
    """

    regions_of: Text
    regions: tuple[LocatedRegion, ...] = Field(min_length=1)
    tiles: Count
    nuclei: Share
    methods: tuple[LocatedMethod, ...]

    @property
    def misleading(self) -> tuple[LocatedMethod, ...]:
        """Explanations that do worse than chance."""
        return tuple(each for each in self.methods if each.auroc < CHANCE)


class Origin(CardPart):
    """Where a network that was made elsewhere came from, and what was done to it.

    `sha256` is of the file that was given; `scaling` says how colours are scaled in it now, and
    `scaling_by` whether somebody stated that or the labelled folder decided. `judged_on` names that
    folder's dataset, empty where nobody judged it; `unseen` is whether somebody stated that the
    network was trained on none of its patients.
    """

    file: Text
    sha256: Sha256
    format: Literal["keras", "h5", "saved model"]
    scaling: Text
    scaling_by: Literal["stated", "trial"]
    changes: tuple[str, ...] = ()
    judged_on: str = ""
    unseen: bool = False


PLACES, WHOLE = "places of the encoder", "whole image"
"""What heatmaps of models on an encoder explain; of the second they are without any difference."""


class UsedEncoder(CardPart):
    """The encoder that a model rests on (`core.encoders`); its hash decides which one is meant.

    The rest is what somebody needs to know who has to get it, and add it as it was. `seen` says so
    where it was pretrained on patients whom the model is judged on.
    """

    name: Name
    title: Text
    sha256: Sha256
    dimension: Annotated[int, Field(ge=1, le=16_384)]
    source: Text
    licence: Text
    commercial: Commercial
    citation: Text
    made_from: Sha256
    known: Name | None = None
    input: Preparation
    features: Features
    tensor: str | None = None
    seen: str = ""


class Member(CardPart):
    """One model of an ensemble, by its name, the hash of its network and its calibration.

    The hash decides which model is meant: a member may be renamed. What its `encoder` limits, it
    limits the ensemble, too.
    """

    name: Name
    model_sha256: Sha256
    temperature: Positive
    encoder: UsedEncoder | None = None


Members = Annotated[tuple[Member, ...], Field(max_length=16)]
