"""What else was tried for a shipped recipe, as `benchmarks/` measured it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.registry.card_results import Tried


class TriedTable(BaseModel):
    """The rows of a table, and the dataset that it was made on."""

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
    table = TriedTable.model_validate_json(path.read_text(encoding="utf-8"))
    return table.ways if table.dataset_fingerprint == fingerprint else ()
