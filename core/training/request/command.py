"""The command line that asks for a run."""

import shlex

from core.training.request.override import differences
from core.training.request.recipe import load_recipe, recipe_names
from core.training.request.request import Request

# Settings that have an option of their own.
_OPTIONS = ("split", "task")


def command_of(request: Request) -> str:
    """The command that repeats a run on data in FOLDER, quoted for a shell.

    A recipe that came from a file is named as that file, without its folder, and with the changes
    that the request says were made to it; of one that comes with Lobule they are found out.
    """
    recipe = request.recipe
    shipped = recipe.name in recipe_names()
    changes = differences(load_recipe(recipe.name), recipe) if shipped else request.changes
    words = ["python", "-m", "core", "train"]
    words += ["--recipe", recipe.name if shipped else f"{recipe.name}.toml"]
    words += ["--data", "FOLDER", "--name", request.name]
    for change in changes:
        key, _, value = change.partition("=")
        option = [f"--{key}", value.strip().strip("\"'")]  # quotes are TOML's, not the option's
        words += option if key in _OPTIONS else ["--set", change]
    for magnification in request.magnifications or ():
        words += ["--magnification", magnification]
    if request.patient_pattern:
        words += ["--patient-pattern", request.patient_pattern]
    if request.um_per_px is not None:
        words += ["--um-per-px", str(request.um_per_px)]
    return shlex.join(words)
