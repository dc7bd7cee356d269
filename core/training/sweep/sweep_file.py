"""What a sweep tries: a TOML file of recipes, settings that vary, and seeds."""

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import RecipeError
from core.roots import may_read, outside
from core.training.request.encoder import changes_for
from core.training.request.override import override
from core.training.request.recipe import ENCODER, Recipe, load_recipe
from core.training.request.recipe_file import read_recipe

_MOST_CANDIDATES = 200
_Seed = Annotated[int, Field(ge=0, lt=2**31)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Variation(_Table):
    """A recipe, and what of it varies.

    Attributes
    ----------
    recipe : str
        Name of a recipe that comes with Lobule, or a .toml file.
    set : table
        Settings that are changed for all, as `train --set` takes them.
    vary : table
        Settings with the values to try, every combination of them.
    """

    recipe: str
    set: dict[str, Any] = {}
    vary: dict[str, Any] = {}

    @model_validator(mode="after")
    def _lists(self) -> Self:
        if "seed" in {*_flat(self.set), *_flat(self.vary)}:
            raise ValueError("seeds stand at the top of the file: seeds = [0, 1]")
        for name, values in _flat(self.vary).items():
            if not isinstance(values, list) or not values:
                raise ValueError(f"vary.{name} must be a list of the values to try, such as [1, 2]")
        return self


class Sweep(_Table):
    """Everything that decides what a sweep does.

    Attributes
    ----------
    name : str
        The file's, without its ending.
    data : Path
        Folder or manifest of the dataset; in the file, seen from the file's folder.
    seeds : tuple of int
        Of weights and of the deal of patients into folds; each candidate is tried with every one.
    cores : int
        Of a processor, that each model in training uses.
    magnifications, patient_pattern, um_per_px, positive, group_neighbours
        As `core.training.request.request.Request` has them.
    recipes : tuple of Variation
    """

    name: str
    data: Path
    seeds: Annotated[tuple[_Seed, ...], Field(min_length=1, max_length=100)] = (0,)
    cores: Annotated[int, Field(ge=1, le=256)] = 1
    magnifications: tuple[str, ...] | None = None
    patient_pattern: str | None = None
    um_per_px: Annotated[float, Field(gt=0)] | None = None
    positive: str | None = None
    group_neighbours: bool = False
    recipes: Annotated[tuple[Variation, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: each seed can be tried once")
        return self


class SweepCandidate(_Table):
    """A recipe as a sweep tries it; its seed is one of the sweep's."""

    name: str
    recipe: Recipe
    changes: tuple[str, ...]
    """As `train --set` takes them, from the recipe's file to this."""
    source: str
    """The recipe that it is made from, as `train --recipe` takes it."""


def load_sweep(path: Path) -> Sweep:
    """Read a sweep's file.

    Raises
    ------
    RecipeError
        If it cannot be read, or something in it is unknown or wrong.
    """
    if not may_read(path):
        raise RecipeError(outside(f"The sweep {path} lies"))
    sweep = read_recipe(path, Sweep.model_validate, kind="sweep")
    folder = path.absolute().parent
    recipes = tuple(
        each.model_copy(update={"recipe": str(folder / each.recipe)})
        if each.recipe.endswith(".toml")
        else each
        for each in sweep.recipes
    )
    return sweep.model_copy(update={"data": folder / sweep.data, "recipes": recipes})


def candidates_of(sweep: Sweep) -> tuple[SweepCandidate, ...]:
    """Every combination, in the order of the file.

    Raises
    ------
    RecipeError
        If a setting is unknown or wrong, or there are too many, or two are the same.
    """
    candidates: list[SweepCandidate] = []
    often = Counter(each.recipe for each in sweep.recipes)
    for each in sweep.recipes:
        start = load_recipe(each.recipe)
        varied = _flat(each.vary)
        common = [f"{name}={_text(value)}" for name, value in _flat(each.set).items()]
        for values in itertools.product(*varied.values()):
            variation = [
                f"{name}={_text(value)}" for name, value in zip(varied, values, strict=True)
            ]
            recipe = override(start, [*common, *variation])
            _refuse(recipe)
            if recipe.architecture == ENCODER:
                recipe = override(recipe, changes_for(recipe.encoder))
            # What a recipe always has is said where another of its kind has not, or nothing else.
            shown = variation if varied and often[each.recipe] == 1 else [*common, *variation]
            candidates.append(
                SweepCandidate(
                    name=", ".join([start.name, *shown]),
                    recipe=recipe,
                    changes=(*common, *variation),
                    source=each.recipe,
                )
            )
            if len(candidates) > _MOST_CANDIDATES:
                raise RecipeError(
                    f"The sweep {sweep.name} has more than {_MOST_CANDIDATES} candidates: its "
                    "lists multiply. The best of so many is chosen by chance; vary fewer settings."
                )
    for first, second in itertools.combinations(candidates, 2):
        if first.name == second.name or first.recipe == second.recipe:
            raise RecipeError(f"The sweep {sweep.name} holds {first.name!r} twice. Name each once.")
    return tuple(candidates)


def _refuse(recipe: Recipe) -> None:
    if recipe.split == "image":
        raise RecipeError(
            f"The recipe {recipe.name} splits by image, which leaks: nothing can be chosen by it. "
            "Leave split out."
        )
    if recipe.architecture == ENCODER and not recipe.encoder:
        raise RecipeError(
            f'The recipe {recipe.name} needs an encoder: vary.encoder = ["…"] names those to try.'
        )


def _flat(table: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Tables within tables as keys with dots."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat


def _text(value: Any) -> str:
    """A value as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)
