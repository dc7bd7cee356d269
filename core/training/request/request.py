"""What is asked of a training run: everything that its command line and its form hold."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.training.request.recipe import Recipe

FINEST, COARSEST = 0.001, 1000.0
"""Scales that can be stated, micrometres per pixel."""


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
        Scale of the images that do not say theirs, micrometres per pixel.
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
    um_per_px: Annotated[float, Field(ge=FINEST, le=COARSEST)] | None = None
    changes: tuple[str, ...] = ()
    folder: Path | None = None
    replace: bool = False
