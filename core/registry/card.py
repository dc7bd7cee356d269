"""A package's card: what the model is, where it came from and how far it may be trusted."""

import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

SCHEMA_VERSION = 1
CARD_FILE = "card.json"

Share = Annotated[float, Field(ge=0, le=1)]
Difference = Annotated[float, Field(ge=-1, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Side = Annotated[int, Field(ge=8, le=4096)]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# A name with no folder in it, no leading dot and nothing that another system reads as a path.
FILE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")


class Part(BaseModel):
    """Base of everything on a card: unknown keys, NaN and infinities are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class InputSpec(Part):
    """What one input of the network shows.

    `field_um` is the side of the square field of view in µm (IDC: 200, being 50 px at 4 µm/px);
    `um_per_px` is the scale of the training images, and images between `um_per_px_low` and
    `um_per_px_high` may be given: a tile of `field_um` cut from them is resized to the input.
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


class OperatingPoint(Part):
    """The threshold on the positive class's probability, and how it was chosen."""

    positive_class: Text
    threshold: Share
    rule: str
    fitted_on: str


class PatientResult(Part):
    """Held-out results of one patient; None where one class is absent."""

    patient: Text
    images: Count
    positives: Count
    auroc: Share | None
    balanced_accuracy: Share | None
    threshold: Share
    colour_auroc: Share | None
    colour_balanced_accuracy: Share | None


class ClassResult(Part):
    """Held-out results of one class against the others; `withheld` says why there are none."""

    name: Text
    patients: Count
    images: Count
    auroc: Share | None
    auroc_interval: tuple[Share, Share] | None
    sensitivity: Share | None
    colour_auroc: Share | None
    withheld: str | None = None


class ShiftResult(Part):
    """AUROC on the same held-out images under another stain: HED jitter of this strength."""

    strength: Share
    auroc: Share
    colour_auroc: Share


class Tried(Part):
    """Another way to train that was judged alike; `shifted_auroc` is under a shifted stain."""

    what: Text
    auroc: Share
    auroc_interval: tuple[Share, Share] | None
    shifted_auroc: Share | None


class Evaluation(Part):
    """Held-out results, beside the colour-only baseline on the same split.

    Intervals are (low, high), 95 % by bootstrap over patients, None where the patients are too few;
    `difference_interval` is of the AUROC of the model minus that of colour alone. Of more than two
    classes, the AUROC is the mean over the classes, each against the others.
    """

    protocol: Text
    leaky: bool
    patients: Count
    images: Count
    auroc: Share
    auroc_interval: tuple[Share, Share] | None
    balanced_accuracy: Share
    balanced_accuracy_interval: tuple[Share, Share] | None
    colour_auroc: Share
    colour_balanced_accuracy: Share
    beats_colour: bool
    difference_interval: tuple[Difference, Difference] | None
    by_patient: tuple[PatientResult, ...]
    notes: tuple[str, ...]
    by_class: tuple[ClassResult, ...] = ()
    stain_shift: tuple[ShiftResult, ...] = ()
    tried: tuple[Tried, ...] = ()

    @model_validator(mode="after")
    def _intervals_are_ordered(self) -> Self:
        for name in ("auroc_interval", "balanced_accuracy_interval", "difference_interval"):
            low, high = getattr(self, name) or (0, 0)
            if low > high:
                raise ValueError(f"{name} runs from {low} down to {high}")
        return self


class Training(Part):
    """How the weights came about; enough to run it again."""

    recipe: dict[str, Any]
    dataset: str
    dataset_fingerprint: str
    split: Literal["patient", "image"]
    leaky: bool
    patients: dict[Literal["train", "validation", "test"], list[str]]
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


class Card(Part):
    """Everything that a reader of a model package needs besides its weights.

    `files` maps every file of the package but the card itself to its sha256. `classes` are in the
    order of the network's outputs; a sigmoid head has one output, for `classes[1]`.
    `stain_normalisation` is what each input, once resized, goes through before the network sees it.
    """

    schema_version: Literal[1]
    name: Name
    title: Text
    summary: str
    created: AwareDatetime
    architecture: Text
    task: Literal["binary", "subtype"]
    classes: tuple[Text, ...] = Field(min_length=2)
    head: Literal["softmax", "sigmoid"]
    input: InputSpec
    stain_normalisation: Literal["none", "macenko", "reinhard"] = "none"
    heatmap_layer: Text
    temperature: Positive
    operating_point: OperatingPoint | None
    training: Training
    evaluation: Evaluation | None
    scope: dict[str, Any] | None
    good_for: tuple[str, ...]
    not_for: tuple[str, ...]
    licence: Text
    citations: tuple[str, ...]
    versions: dict[str, str]
    files: dict[str, Sha256] = Field(default_factory=dict)

    @field_validator("scope")
    @classmethod
    def _scope_is_json(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if value is None else _strict_json(value)

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
                "an operating point belongs to a binary task and names one of its classes, "
                f"not {point.positive_class!r}"
            )
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
