"""A name for a model that nobody has thought of a name for."""

import re
from collections.abc import Container
from pathlib import Path

_ROOM = 58  # of the 64 characters of a name; the rest is for a number


def free_name(recipe: str, shelf: Path, taken: Container[str]) -> str:
    """The name of a recipe, made one that a model can have, with a number if it is taken.

    Parameters
    ----------
    recipe : str
        Its name.
    shelf : Path
        Folder of models whose names are taken.
    taken : container of str
        Names that are taken elsewhere, as by runs.
    """
    first = re.sub(r"[^a-z0-9_-]+", "-", recipe.lower()).strip("-_")[:_ROOM] or "model"
    number, name = 1, first
    while name in taken or (shelf / name).exists():
        number += 1
        name = f"{first}-{number}"
    return name
