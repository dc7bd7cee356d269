"""Keep what was tried for a shipped recipe where `core.training.tried` reads it."""

from collections.abc import Iterable
from typing import Any

from core.training.tried import TriedTable, tried_file


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
    table = TriedTable.model_validate({"dataset_fingerprint": fingerprint, "ways": tuple(rows)})
    text = table.model_dump_json(indent=2)
    tried_file(recipe_name).write_text(text + "\n", encoding="utf-8")
