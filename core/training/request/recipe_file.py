"""A recipe's file: found, read and validated, and what is wrong with it in words."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from core.errors import RecipeError
from core.roots import may_read, outside
from core.training.request.setting_place import line_of
from core.wrong_values import faults_of

Validated = TypeVar("Validated")


class ContradictionError(ValueError):
    """Settings that do not go together.

    Parameters
    ----------
    setting : str
        The one to blame, with its tables and dots; "" for the recipe as a whole.
    reason : str
    """

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(reason)
        self.setting = setting


def own_file(name: str) -> Path | None:
    """The file that is meant where a recipe's name ends in `.toml`; None where it is a name.

    Raises
    ------
    RecipeError
        If it lies where the server may not read.
    """
    if not name.endswith(".toml"):
        return None
    path = Path(name)
    if not may_read(path):
        raise RecipeError(outside(f"The recipe {path} lies"))
    return path


def read_recipe(
    path: Path,
    validate: Callable[[dict[str, Any]], Validated],
    *,
    lines: bool = True,
    kind: str = "recipe",
) -> Validated:
    """Read a recipe's file and have its settings validated, its name among them.

    What is wrong is told with its `lines`, unless what is validated is not what they say.

    Raises
    ------
    RecipeError
        If it cannot be read, is no TOML, or its settings are refused.
    """
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        return validate({"name": path.stem, **tomllib.loads(text)})
    except OSError as error:
        raise RecipeError(f"The {kind} {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"The {kind} {path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        reasons = wrong_settings(error, text if lines else "")
        raise RecipeError(f"The {kind} {path.name} cannot be used. {reasons}.") from error


def wrong_settings(error: ValidationError, text: str = "") -> str:
    """Say which settings are wrong, and why; and on which lines of the recipe's file, if given."""
    problems = []
    for item in faults_of(error):
        names = [str(part) for part in item["loc"]]
        reason = item["msg"]
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, ContradictionError):
            names, reason = cause.setting.split("."), str(cause)
        line = line_of(text, names)
        where = f"line {line}, " if line else ""
        problems.append(f"{where}{'.'.join(names) or 'recipe'}: {reason}")
    return "; ".join(problems)
