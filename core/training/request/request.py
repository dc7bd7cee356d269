"""What is asked of a training run: everything that its command line and its form hold."""

import re
import shlex
from collections.abc import Container
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from core.atomic import free_name
from core.errors import TrainingError
from core.fields import NAME
from core.training.request.override import differences
from core.training.request.recipe import Recipe, load_recipe, recipe_names

# Settings that have an option of their own on the command line.
_OPTIONS = ("split", "task", "encoder")
_ROOM = 58  # of the 64 characters of a name; the rest is for a number


class Request(BaseModel):
    """A recipe, the data it is for, and where the model goes.

    Attributes
    ----------
    recipe : Recipe
        With every setting that was overridden.
    data : Path
        Folder or manifest of the dataset.
    name : str
        Name of the model package.
    magnifications : tuple of str, optional
        Of BreaKHis: the magnifications to train on together; all of them unless given.
    patient_pattern : str, optional
        Regular expression that finds the patient in a path, for folders that do not say.
    um_per_px : float, optional
        Scale of the images that do not say theirs, micrometres per pixel. One that no microscope
        has is refused when the run starts, so that requests of earlier versions can be read.
    positive : str, optional
        The positive class of two, where their words do not say which it is.
    group_neighbours : bool
        Whether neighbouring ids of IDC count as one woman.
    changes : tuple of str
        What was changed in the recipe, as `request.override` takes it; the recipe has it.
    folder : Path, optional
        Where the package is put; `LOBULE_HOME/models` unless given.
    replace : bool
        Whether a package of this name may be replaced.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe
    data: Path
    name: str
    magnifications: tuple[str, ...] | None = None
    patient_pattern: str | None = None
    um_per_px: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    positive: str | None = None
    group_neighbours: bool = False
    changes: tuple[str, ...] = ()
    folder: Path | None = None
    replace: bool = False


def check_name(name: str) -> None:
    """Refuse a name that no package can have.

    Raises
    ------
    TrainingError
    """
    if not NAME.fullmatch(name):
        raise TrainingError(
            f"A model cannot be called {name!r}. Use up to 64 lower-case letters, digits, - and _, "
            "starting with a letter or digit, for instance idc-2."
        )


def as_name(text: str, otherwise: str) -> str:
    """What of a text can be a name, with room for a number; `otherwise` where nothing is left."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:_ROOM] or otherwise


def suggested_name(recipe: str, models: Path, taken: Container[str]) -> str:
    """The name of a recipe, made one that a model can have, with a number if it is taken.

    Parameters
    ----------
    recipe : str
        Its name.
    models : Path
        Folder of models whose names are taken.
    taken : container of str
        Names that are taken elsewhere, as by runs.
    """
    first = as_name(recipe, "model")
    return free_name(first, lambda name: name in taken or (models / name).exists())


def command_of(request: Request, data: str = "FOLDER") -> str:
    """The command that repeats a run on data in a folder, quoted for a shell.

    A recipe that came from a file is named as that file, without its folder, and with the changes
    that the request says were made to it; of one that comes with Lobule they are found out.
    """
    recipe = request.recipe
    shipped = recipe.name in recipe_names()
    changes = differences(load_recipe(recipe.name), recipe) if shipped else request.changes
    words = ["python", "-m", "core", "train"]
    words += ["--recipe", recipe.name if shipped else f"{recipe.name}.toml"]
    words += ["--data", data, "--name", request.name]
    for change in changes:
        key, _, value = change.partition("=")
        option = [f"--{key}", value.strip().strip("\"'")]  # quotes are TOML's, not the option's
        words += option if key in _OPTIONS else ["--set", change]
    words += dataset_options(request)
    return shlex.join(words)


class ReadAs(Protocol):
    """How a dataset is to be read, as runs and sweeps say it."""

    @property
    def magnifications(self) -> tuple[str, ...] | None: ...  # noqa: D102 - as `Request` says
    @property
    def patient_pattern(self) -> str | None: ...  # noqa: D102
    @property
    def um_per_px(self) -> float | None: ...  # noqa: D102
    @property
    def positive(self) -> str | None: ...  # noqa: D102
    @property
    def group_neighbours(self) -> bool: ...  # noqa: D102


def dataset_options(read_as: ReadAs) -> list[str]:
    """The options of `train` that say how a dataset is to be read, as words of a command."""
    words = []
    for magnification in read_as.magnifications or ():
        words += ["--magnification", magnification]
    if read_as.patient_pattern:
        words += ["--patient-pattern", read_as.patient_pattern]
    if read_as.um_per_px is not None:
        words += ["--um-per-px", str(read_as.um_per_px)]
    if read_as.positive is not None:
        words += ["--positive", read_as.positive]
    if read_as.group_neighbours:
        words += ["--group-neighbours"]
    return words
