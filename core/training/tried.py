"""What else was tried for a shipped recipe, as `benchmarks/` measured it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.registry.card_results import Tried


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset_fingerprint: str
    ways: tuple[Tried, ...]


def tried_file(recipe_name: str) -> Path:
    """Where the table of a recipe that comes with Lobule lies, if it has one."""
    return Path(__file__).parent / "recipes" / f"{recipe_name}.tried.json"


def tried(recipe_name: str, fingerprint: str) -> tuple[Tried, ...]:
    """The table of a recipe that comes with Lobule, measured on the dataset of a fingerprint.

    Parameters
    ----------
    recipe_name : str
    fingerprint : str
        Of the dataset, as 64 hex digits.

    Returns
    -------
    tuple of Tried
        Empty where there is no table, or it was made on other data: its figures would say nothing.
    """
    path = tried_file(recipe_name)
    if not path.is_file():
        return ()
    table = _Table.model_validate_json(path.read_text(encoding="utf-8"))
    return table.ways if table.dataset_fingerprint == fingerprint else ()


def write_tried(recipe_name: str, fingerprint: str, rows: Iterable[dict[str, Any]]) -> None:
    """Keep the table of a recipe, and what dataset it was made on.

    Parameters
    ----------
    recipe_name : str
    fingerprint : str
        Of the dataset, as 64 hex digits.
    rows : iterable of dict
        With the values of a `Tried` each.
    """
    table = _Table.model_validate({"dataset_fingerprint": fingerprint, "ways": tuple(rows)})
    text = table.model_dump_json(indent=2)
    tried_file(recipe_name).write_text(text + "\n", encoding="utf-8")
