"""What else was tried for a shipped recipe, as `benchmarks/` measured it."""

from pathlib import Path

from pydantic import TypeAdapter

from core.registry.card_results import Tried


def tried_file(recipe_name: str) -> Path:
    """Where the table of a recipe that comes with Lobule lies, if it has one."""
    return Path(__file__).parent / "recipes" / f"{recipe_name}.tried.json"


def tried(recipe_name: str) -> tuple[Tried, ...]:
    """The table of a recipe that comes with Lobule; empty where there is none."""
    path = tried_file(recipe_name)
    if not path.is_file():
        return ()
    return TypeAdapter(tuple[Tried, ...]).validate_json(path.read_text(encoding="utf-8"))
