"""Recipes: how to train, as a validated TOML file."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.architectures import NAMES
from core.datasets.balance import Balance
from core.errors import RecipeError
from core.imaging.normalise import Normalisation


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Augmentation(_Table):
    """Random changes to training images; see `core.datasets.augmentation`."""

    flips: bool = False
    stain: Annotated[float, Field(ge=0, le=1)] = 0.0
    zoom: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    brightness: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class Fit(_Table):
    """Train every weight with Adam, keeping those of the epoch with the lowest validation loss.

    The recipe's `balance` weights the images in the loss; with `sampling`, training images are
    drawn in that proportion instead, and only validation is weighted.
    """

    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    patience: Annotated[int, Field(ge=1)] = 3
    sampling: bool = False


class Probe(_Table):
    """Keep the pretrained network as it is and fit logistic regression on its features.

    `passes` is how often each image is seen: once as it is, the other times augmented.
    """

    passes: Annotated[int, Field(ge=1)]
    penalty: Annotated[float, Field(gt=0)]


class Recipe(_Table):
    """Everything that decides what a training run does, but for the data."""

    name: str
    title: str
    architecture: str
    head: Literal["softmax", "sigmoid"]
    weights: Literal["imagenet", "none"]
    input_size: Annotated[int, Field(ge=16, le=1024)]
    balance: Balance
    stain_normalisation: Normalisation = "none"
    seed: int = 0
    augmentation: Augmentation = Augmentation()
    fit: Fit | None = None
    probe: Probe | None = None

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.architecture not in NAMES:
            raise ValueError(f"architecture must be one of {', '.join(NAMES)}")
        if (self.fit is None) == (self.probe is None):
            raise ValueError("give exactly one of the tables [fit] and [probe]")
        if self.fit and self.fit.sampling and self.balance == "none":
            raise ValueError('sampling needs a balance: set balance to "class" or "patient"')
        if self.probe and self.weights == "none":
            raise ValueError('a [probe] of random weights learns nothing: set weights = "imagenet"')
        return self


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
    if name.endswith(".toml"):
        path = Path(name)
    elif name in recipe_names():
        path = Path(str(files("core.training") / "recipes" / f"{name}.toml"))
    else:
        raise RecipeError(
            f"There is no recipe {name!r}. Choose one of {', '.join(recipe_names())}, or give the "
            "path of a .toml file."
        )
    try:
        settings: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Recipe.model_validate({"name": path.stem, **settings})
    except OSError as error:
        raise RecipeError(f"The recipe {path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"The recipe {path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'recipe'}: {item['msg']}"
            for item in error.errors()
        )
        raise RecipeError(f"The recipe {path.name} cannot be used. {wrong}.") from error
