"""A package's card: what the model is, where it came from and how far it may be trusted."""

import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from core.fields import CardPart, Count, Name, PartName, Positive, Sha256, Side, Text
from core.registry.card_parts import (
    Conformal,
    Located,
    Members,
    Origin,
    Randomisation,
    Scope,
    UsedEncoder,
)
from core.registry.card_results import CardEvaluation, OperatingPoint

SCHEMA_VERSION = 1
CARD_FILE = "card.json"

# A name with no folder in it, no leading dot and nothing that another system reads as a path.
FILE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")


class InputSpec(CardPart):
    """What one input of the network shows.

    `field_um` is the side of the square field of view in µm (IDC: 200, being 50 px at 4 µm/px);
    `um_per_px` is the scale of the training images, which lay between `um_per_px_low` and
    `um_per_px_high`. Images of up to the latter may be given: a finer one is brought to the scale
    of training first, and a tile of `field_um` cut from it is resized to the input.
    `other_fields_um` are further sides, where several magnifications were trained on together.

    `fit` says what the training images were: "patch", squares with a label each, which larger
    images are tiled into; "crops", squares cut out of larger fields that have one label as a whole;
    "squash", whole fields made square.
    """

    height: Side
    width: Side
    field_um: Positive
    um_per_px_low: Positive
    um_per_px_high: Positive
    um_per_px: Positive
    other_fields_um: tuple[Positive, ...] = ()
    fit: Literal["patch", "crops", "squash"] = "patch"

    @property
    def fields_um(self) -> tuple[float, ...]:
        """Every side that was trained on, µm, ascending."""
        return tuple(sorted((self.field_um, *self.other_fields_um)))

    @model_validator(mode="after")
    def _range_holds_scale(self) -> Self:
        if not self.um_per_px_low <= self.um_per_px <= self.um_per_px_high:
            raise ValueError(
                f"the training scale {self.um_per_px} µm/px lies outside "
                f"{self.um_per_px_low}–{self.um_per_px_high} µm/px"
            )
        return self


class Training(CardPart):
    """How the weights came about; enough to run it again."""

    recipe: dict[str, Any]
    dataset: str
    dataset_fingerprint: str
    split: Literal["patient", "image"]
    leaky: bool
    patients: dict[PartName, list[str]]
    images: dict[str, Count]
    seed: int
    seconds: Annotated[float, Field(ge=0)]
    command: str

    @field_validator("recipe")
    @classmethod
    def _recipe_is_json(cls, value: dict[str, Any]) -> dict[str, Any]:
        return _strict_json(value)

    @model_validator(mode="after")
    def _leak_is_marked(self) -> Self:
        if self.leaky:
            return self
        if self.split == "image":
            raise ValueError("a split by image is leaky and must be marked so")
        seen: set[str] = set()
        for patients in self.patients.values():
            shared = seen & set(patients)
            if shared:
                raise ValueError(
                    f"patients {', '.join(sorted(shared))} are in two parts of a split by patient"
                )
            seen |= set(patients)
        return self


class Card(CardPart):
    """Everything that a reader of a model package needs besides its weights.

    `files` maps every file of the package but the card itself to its sha256. `classes` are in the
    order of the network's outputs; a sigmoid head has one output, for `classes[1]`.
    `operating_point` is the one that answers go by; `operating_points` are others to choose from.
    `members` are the models of an ensemble, whose calibrated probabilities are averaged; it has no
    network of its own, its `head` is "softmax", its `temperature` 1, and heatmaps are the mean of
    those of the members at the layer that each one's card names.
    `stain_normalisation` is what each input, once resized, goes through before the network sees it.
    `origin` is of a network that was made elsewhere; what its `training` would say is not known.
    A model with an `encoder` has a head of its own (`core.registry.head`) and no other network.
    """

    schema_version: Literal[1]
    name: Name
    title: Text
    summary: str
    created: AwareDatetime
    architecture: Text
    task: Literal["binary", "subtype"]
    classes: tuple[Text, ...] = Field(min_length=2, max_length=1000)
    head: Literal["softmax", "sigmoid"]
    input: InputSpec
    stain_normalisation: Literal["none", "macenko", "reinhard"] = "none"
    heatmap_layer: Text
    temperature: Positive
    operating_point: OperatingPoint | None
    operating_points: tuple[OperatingPoint, ...] = ()
    conformal: Conformal | None = None
    members: Members = ()
    training: Training
    origin: Origin | None = None
    encoder: UsedEncoder | None = None
    evaluation: CardEvaluation | None
    scope: Scope | None
    explanations: Randomisation | None = None
    located: Located | None = None
    good_for: tuple[str, ...]
    not_for: tuple[str, ...]
    licence: Text
    citations: tuple[str, ...]
    versions: dict[str, str]
    files: dict[str, Sha256] = Field(default_factory=dict)

    @field_validator("files")
    @classmethod
    def _files_stay_in_the_folder(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if not FILE_NAME.fullmatch(name) or name == CARD_FILE:
                raise ValueError(f"{name!r} is not the name of a file inside the package")
        return dict(sorted(value.items()))

    @model_validator(mode="after")
    def _classes_fit_task(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"a class is named twice: {', '.join(self.classes)}")
        if self.task == "binary" and len(self.classes) != 2:  # noqa: PLR2004 - the meaning of binary
            raise ValueError(f"a binary task has two classes, not {len(self.classes)}")
        if self.head == "sigmoid" and self.task != "binary":
            raise ValueError("a sigmoid head has one output and serves binary tasks only")
        point = self.operating_point
        if point and (self.task != "binary" or point.positive_class not in self.classes):
            raise ValueError(
                "a decision threshold belongs to a binary task and names one of its classes, "
                f"not {point.positive_class!r}"
            )
        if self.conformal and len(self.conformal.cut_offs) != len(self.classes):
            raise ValueError(
                f"prediction sets need {len(self.classes)} cut-offs, one a class, not "
                f"{len(self.conformal.cut_offs)}"
            )
        if self.encoder and (self.members or self.origin):
            raise ValueError("a model on an encoder is neither an ensemble nor made elsewhere")
        if len(self.members) == 1 or (self.members and self.temperature != 1):
            raise ValueError("an ensemble has two or more members and the temperature 1")
        return self

    @property
    def positive_index(self) -> int | None:
        """Index of the positive class; None where the task has none.

        A binary card without an operating point counts its second class as the positive one.
        """
        if self.task != "binary":
            return None
        if self.operating_point is None:
            return 1
        return self.classes.index(self.operating_point.positive_class)

    @property
    def untested(self) -> bool:
        """Whether it was made elsewhere, and nobody judged it on patients that it had not seen."""
        return self.origin is not None and (self.evaluation is None or self.evaluation.leaky)

    def to_json(self) -> str:
        """Return the card as text: same card, same bytes."""
        return (
            json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
            + "\n"
        )


def _strict_json(value: dict[str, Any]) -> dict[str, Any]:
    """Return free-form settings as they will be read back; NaN and non-JSON values are refused."""
    try:
        back: dict[str, Any] = json.loads(json.dumps(value, allow_nan=False))
    except TypeError as error:
        raise ValueError(str(error)) from error
    return back
