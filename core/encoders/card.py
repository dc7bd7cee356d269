"""An encoder's card: what it is, what it may be used for, and how it wants its images."""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from core.fields import CardPart, Count, Name, Positive, Sha256, Share, Side, Text

SCHEMA_VERSION = 1
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)

Colour = tuple[Annotated[float, Field(ge=-1, le=2)], ...]
Features = Literal["as they come", "class token", "mean of tokens", "class token and mean"]
"""Which numbers of the graph's output describe an image; "as they come" is a vector, or a map whose
mean is taken."""
Maps = Literal["exact", "approximate", "none"]
"""What places say of a class: exactly their shares, where the features are their mean; where a
class token describes the image, what its weights make of each place's token; or nothing."""
Commercial = Literal["allowed", "not allowed", "unknown"]


class Preparation(CardPart):
    """How an image becomes an input: RGB over 255, minus `mean`, over `deviation`, each a channel.

    `um_per_px` is the scale that it was trained at, where it is known.
    """

    height: Side = 224
    width: Side = 224
    um_per_px: Positive | None = None
    mean: Colour = Field(default=IMAGENET_MEAN, min_length=3, max_length=3)
    deviation: Annotated[tuple[Positive, ...], Field(min_length=3, max_length=3)] = (
        IMAGENET_DEVIATION
    )


class Pretrained(CardPart):
    """What an encoder of one's own learnt from (`core.training.pretraining`).

    It saw `images` of `dataset` without labels, of `patients` (None where nobody knows whose they
    are). The epoch that was kept, of so many, is that whose features served a probe best on the
    labels of `labelled_patients`, held out in turn; `auroc` is that probe's, and of the start's.
    """

    method: Text
    recipe: dict[str, Any]
    dataset: Text
    fingerprint: Sha256
    images: Count
    patients: tuple[Text, ...] | None = None
    epoch: Count
    epochs: Count
    labelled_dataset: Text | None = None
    labelled_fingerprint: Sha256 | None = None
    labelled_patients: tuple[Text, ...] | None = None
    auroc_of_start: Share | None = None
    auroc: Share | None = None


class Conversion(CardPart):
    """How a graph came of published weights.

    `weights` is a hash of them and of how they are put together, `by` what converted them.
    `difference` is the largest between the features before and after, of the largest feature.
    """

    weights: Sha256
    by: Text
    difference: Annotated[float, Field(ge=0)]


class EncoderCard(CardPart):
    """Everything about an encoder besides its graph.

    `made_from` is what was added: the SHA-256 of the file, or of the lines of those of several;
    `known` is its name in the catalogue; `tensor` names the output that was meant. `files` are
    those of its folder. `dimension` is how many features it gives, `grid` how many places (rows,
    columns) it tells of. `pretrained` is what one of one's own learnt from.
    """

    schema_version: Literal[1] = 1
    name: Name
    title: Text
    added: AwareDatetime
    source: Text
    licence: Text
    commercial: Commercial
    citation: Text
    made_from: Sha256
    known: Name | None = None
    conversion: Conversion | None = None
    tensor: str | None = None
    input: Preparation
    features: Features
    dimension: Annotated[int, Field(ge=1, le=16_384)]
    grid: tuple[int, int] | None = None
    maps: Maps = "none"
    files: dict[str, Sha256]
    pretrained: Pretrained | None = None

    @model_validator(mode="after")
    def _maps_have_places(self) -> Self:
        if (self.grid is None) != (self.maps == "none"):
            raise ValueError("maps need a grid of places, and a grid is for maps")
        return self

    @property
    def sha256(self) -> str:
        """Which encoder it is: a hash of what decides its features, whatever it is called.

        Not of `files`, which another version of OpenVINO writes otherwise.
        """
        what = {
            "made_from": self.made_from,
            "tensor": self.tensor,
            "input": self.input.model_dump(mode="json", exclude={"um_per_px"}),
            "features": self.features,
            "dimension": self.dimension,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the card as text: same card, same bytes."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
