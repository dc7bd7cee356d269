"""Recipes: how to train, as a validated TOML file."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.architectures import NAMES
from core.architectures.catalogue import CATALOGUE
from core.datasets.split import SplitKind
from core.errors import RecipeError
from core.evaluation.balance import Balance
from core.imaging.normalise import Normalisation
from core.training.request.recipe_file import ContradictionError, own_file, read_recipe

ENCODER = "encoder"
"""In place of an architecture and its weights: the network is an encoder (`core.encoders`)."""
# Epochs without a lower validation loss after which a plateau halves the learning rate.
PLATEAU_EPOCHS = 2


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Augmentation(_Table):
    """Random changes to training images; see `core.datasets.augmentation`."""

    flips: bool = False
    stain: Annotated[float, Field(ge=0, le=1)] = 0.0
    zoom: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    brightness: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class Train(_Table):
    """Train by gradient descent, keeping the weights of the epoch with the lowest validation loss.

    The recipe's `balance` weights the images in the loss; with `sampling`, training images are
    drawn in that proportion instead, and only validation is weighted. With `frozen_base` only the
    head is trained, the pretrained convolutional part staying as it is.

    `schedule` is what the learning rate does: "constant"; "cosine" falls to 0 by the last epoch,
    after rising for `warm_up_epochs` (Loshchilov & Hutter 2017); "plateau" halves it whenever the
    validation loss has not fallen for two epochs.

    With `views` the layers that stay frozen throughout are computed once, for so many versions of
    each image: as it is, and augmented. Each epoch draws one of them; a step costs what learns.
    """

    epochs: Annotated[int, Field(ge=1, le=1000)]
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    warm_up_epochs: Annotated[int, Field(ge=0)] = 0
    patience: Annotated[int, Field(ge=1)] = 3
    sampling: bool = False
    frozen_base: bool = False
    views: Annotated[int, Field(ge=0, le=100)] = 0


class FineTune(_Table):
    """A second phase for pretrained networks: the last layers of the base as well, more slowly.

    `layers` is how many of the base's last layers that have weights are trained; BatchNorm layers
    keep their statistics. Everything that is not said here is as in [train].
    """

    epochs: Annotated[int, Field(ge=1, le=1000)]
    layers: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-5


_Penalty = Annotated[float, Field(gt=0)]


class Probe(_Table):
    """Keep the pretrained network as it is and fit logistic regression on its features.

    `passes` is how often each image is seen: once as it is, the other times augmented. Of several
    penalties one is chosen on training patients alone, anew wherever patients are held out.
    """

    passes: Annotated[int, Field(ge=1)]
    penalty: _Penalty | Annotated[tuple[_Penalty, ...], Field(min_length=1, max_length=12)]

    @property
    def penalties(self) -> tuple[float, ...]:
        """All of them, the most careful first: where two serve alike it is taken."""
        stated = self.penalty if isinstance(self.penalty, tuple) else (self.penalty,)
        return tuple(sorted(stated, reverse=True))


class Recipe(_Table):
    """Everything that decides what a training run does, but for the data.

    `fit` is how an image that is not square becomes the network's square: "squash" resizes all of
    it, "crops" cuts squares out of it, side by side or overlapping, as tall as it is.
    With the architecture "encoder", `encoder` names the one to use; "" leaves it to the request.
    """

    name: str
    title: str
    architecture: str
    encoder: str = ""
    task: Literal["binary", "subtype"] = "binary"
    head: Literal["softmax", "sigmoid"]
    weights: Literal["imagenet", "none", "encoder"]
    input_size: Annotated[int, Field(ge=16, le=1024)]
    fit: Literal["squash", "crops"] = "squash"
    balance: Balance
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    stain_normalisation: Normalisation = "none"
    mixed_precision: bool = False
    split: SplitKind = "patient"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    augmentation: Augmentation = Augmentation()
    train: Train | None = None
    fine_tune: FineTune | None = None
    probe: Probe | None = None

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.architecture not in {*NAMES, ENCODER}:
            raise ContradictionError(
                "architecture", f"must be one of {', '.join((*NAMES, ENCODER))}"
            )
        if (self.train is None) == (self.probe is None):
            table = "probe" if self.probe else ""
            raise ContradictionError(table, "give exactly one of the tables [train] and [probe]")
        if self.head == "sigmoid" and self.task != "binary":
            raise ContradictionError(
                "head", 'a sigmoid tells two classes apart: set head = "softmax"'
            )
        if self.architecture == ENCODER:
            self._check_encoder()
        else:
            self._check_architecture()
        if self.probe:
            self._check_probe()
        if self.train:
            self._check_train(self.train)
        return self

    def _check_architecture(self) -> None:
        if self.weights == "imagenet" and not CATALOGUE[self.architecture].pretrained:
            raise ContradictionError(
                "weights", f'{self.architecture} has no ImageNet weights: set weights = "none"'
            )
        smallest = CATALOGUE[self.architecture].minimum_size
        if self.input_size < smallest:
            raise ContradictionError(
                "input_size", f"{self.architecture} needs at least {smallest} pixels"
            )
        if self.encoder or self.weights == ENCODER:
            raise ContradictionError(
                "encoder", 'an encoder comes without an architecture: set architecture = "encoder"'
            )

    def _check_encoder(self) -> None:
        if self.weights != ENCODER:
            raise ContradictionError("weights", 'those of an encoder: set weights = "encoder"')
        if self.probe is None or self.probe.passes > 1:
            raise ContradictionError(
                "probe", "an encoder stays as it is: give [probe] with passes = 1"
            )

    def _check_probe(self) -> None:
        if self.weights == "none":
            raise ContradictionError(
                "weights", 'a [probe] of random weights learns nothing: set weights = "imagenet"'
            )
        if self.fine_tune:
            raise ContradictionError(
                "fine_tune", "[fine_tune] comes after [train], not after [probe]"
            )
        if self.split == "image":
            raise ContradictionError(
                "split", "a [probe] is judged by patient: use [train] to split by image"
            )
        if self.probe and self.probe.passes == 1 and self.augmentation != Augmentation():
            raise ContradictionError(
                "probe.passes",
                "the only pass shows each image unchanged, so [augmentation] has no effect: "
                "set passes to 2 or more, or leave [augmentation] out",
            )
        for setting in ("label_smoothing", "mixed_precision"):
            if getattr(self, setting):
                raise ContradictionError(setting, f"{setting} belongs to [train], not to [probe]")

    def _check_train(self, train: Train) -> None:
        if train.sampling and self.balance == "none":
            raise ContradictionError(
                "train.sampling", 'sampling needs a balance: set balance to "class" or "patient"'
            )
        if train.frozen_base and self.weights == "none":
            raise ContradictionError(
                "train.frozen_base", 'a frozen base of random weights: set weights = "imagenet"'
            )
        if train.views and not train.frozen_base:
            raise ContradictionError(
                "train.views", "views are of what stays frozen: set train.frozen_base = true"
            )
        if train.views == 1 and self.augmentation != Augmentation():
            raise ContradictionError(
                "train.views",
                "the only view shows each image unchanged, so [augmentation] has no effect: "
                "set views to 2 or more, or leave [augmentation] out",
            )
        if self.fine_tune and not train.frozen_base:
            raise ContradictionError(
                "fine_tune", "[fine_tune] thaws what [train] kept: set train.frozen_base = true"
            )
        if train.schedule == "plateau" and train.patience <= PLATEAU_EPOCHS:
            raise ContradictionError(
                "train.patience",
                f"training ends before a plateau lowers the rate: set more than {PLATEAU_EPOCHS}",
            )
        if train.warm_up_epochs and train.schedule != "cosine":
            raise ContradictionError(
                "train.warm_up_epochs", 'warm_up_epochs belongs to schedule = "cosine"'
            )
        phases = {"train": train, "fine_tune": self.fine_tune}
        for name, phase in phases.items():
            if phase and train.schedule == "cosine" and train.warm_up_epochs >= phase.epochs:
                raise ContradictionError(
                    "train.warm_up_epochs", f"must be fewer than the epochs of [{name}]"
                )


def recipe_names() -> list[str]:
    """Names of the recipes that come with Lobule."""
    folder = files("core.training") / "recipes"
    return sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """Read a recipe by name, or from a file where the name ends in `.toml`.

    Raises
    ------
    RecipeError
        If there is no such recipe, or its settings are unknown or contradict each other.
    """
    path = own_file(name)
    if path is None:
        if name not in recipe_names():
            raise RecipeError(
                f"There is no recipe {name!r}. Choose one of {', '.join(recipe_names())}, or give "
                "the path of a .toml file."
            )
        path = Path(str(files("core.training") / "recipes" / f"{name}.toml"))
    return read_recipe(path, Recipe.model_validate)
