"""How to pretrain, as a validated TOML file."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import RecipeError
from core.training.request.override import changed_settings
from core.training.request.recipe import Augmentation
from core.training.request.recipe_file import ContradictionError, own_file, read_recipe

DEFAULT = "selfsupervised"


class Pretraining(BaseModel):
    """Everything that decides how an encoder is pretrained, but for the images.

    Two views of each image are described and projected to `projection` numbers; `redundancy` is
    what their likeness to each other weighs against the views' agreement
    (`core.training.pretraining.twins`). `penalty` is that of the probe which judges the epochs on
    labelled images. With `epochs` = 0 the encoder is the ImageNet start as it is, to stand beside.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    title: str
    architecture: Literal["mobilenetv2", "densenet121", "densenet121_block2", "densenet121_block3"]
    input_size: Annotated[int, Field(ge=32, le=1024)]
    epochs: Annotated[int, Field(ge=0, le=1000)]
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 64
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-4
    warm_up_epochs: Annotated[int, Field(ge=0)] = 0
    projection: Annotated[int, Field(ge=2, le=8192)] = 512
    redundancy: Annotated[float, Field(gt=0, le=1)] = 0.005
    penalty: Annotated[float, Field(gt=0)] = 0.1
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    augmentation: Augmentation

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.augmentation == Augmentation():
            raise ContradictionError(
                "augmentation", "two views of an image that are the same teach nothing: set some"
            )
        if self.epochs and self.warm_up_epochs >= self.epochs:
            raise ContradictionError("warm_up_epochs", "must be fewer than the epochs")
        return self


def load_pretraining(name: str = DEFAULT, settings: Sequence[str] = ()) -> Pretraining:
    """Read a recipe by name, or from a file where the name ends in `.toml`; change some settings.

    Parameters
    ----------
    name : str
    settings : sequence of str
        Each "key=value" or "table.key=value", as `core.training.request.override` takes them.

    Raises
    ------
    RecipeError
        If there is no such recipe, or its settings are unknown or contradict each other.
    """
    path = own_file(name)
    if path is None:
        if name != DEFAULT:
            raise RecipeError(
                f"There is no recipe {name!r} to pretrain by. Choose {DEFAULT}, or give the path "
                "of a .toml file."
            )
        path = Path(str(files("core.training.pretraining") / f"{DEFAULT}.toml"))
    return read_recipe(
        path,
        lambda values: Pretraining.model_validate(changed_settings(values, settings)),
        lines=not settings,
    )
