"""Change single settings of a recipe."""

import json
import tomllib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from core.errors import RecipeError
from core.training.request.recipe import Recipe
from core.training.request.recipe_file import wrong_settings


def override(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """Return the recipe with some settings changed.

    Parameters
    ----------
    recipe : Recipe
    settings : sequence of str
        Each "key=value" or "table.key=value", values as in TOML, quotes may be left out:
        `train.epochs=3`, `split=image`. "table=none" takes a table away.

    Raises
    ------
    RecipeError
        If a setting is not written so, is unknown, or does not go with the others.
    """
    values = changed_settings(recipe.model_dump(mode="json", exclude_none=True), settings)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise RecipeError(
            f"The recipe {recipe.name} cannot be changed like that. {wrong_settings(error)}."
        ) from error


def changed_settings(values: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Change settings in the tables of a recipe, which are not checked; see `override`.

    Raises
    ------
    RecipeError
        If a setting is not written as it should be.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise RecipeError(
                f"The setting {setting!r} cannot be read. Write key=value, for instance "
                "train.epochs=3 or split=image."
            )
        *tables, last = key.strip().split(".")
        table = values
        for name in tables:
            inner = table.setdefault(name, {})
            if not isinstance(inner, dict):
                raise RecipeError(f"The setting {key.strip()!r} is unknown: {name} is no table.")
            table = inner
        if isinstance(table.get(last), dict) and text.strip() == "none":
            del table[last]
        else:
            table[last] = _value(text.strip())
    return values


def differences(before: Recipe, after: Recipe) -> list[str]:
    """The settings that `override` takes to make one recipe into another, the fewest there are."""
    old, new = (recipe.model_dump(mode="json", exclude_none=True) for recipe in (before, after))
    changes = [f"{name}=none" for name in old if name not in new]
    for name, value in new.items():
        if not isinstance(value, dict):
            pairs, known = {name: value}, old
        else:
            pairs = {f"{name}.{key}": setting for key, setting in value.items()}
            known = {f"{name}.{key}": setting for key, setting in old.get(name, {}).items()}
        changes += [
            f"{key}={_text(setting)}"
            for key, setting in pairs.items()
            if key not in known or known[key] != setting
        ]
    return changes


def _text(value: Any) -> str:
    """A setting's value so that it is read back as it is; quotes only where they are needed."""
    if isinstance(value, str) and _value(value.strip()) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
