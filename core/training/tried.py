"""What else was tried for a shipped recipe, as `benchmarks/breakhis.py` measured it."""

from pathlib import Path

from pydantic import TypeAdapter

from core.registry.card_results import Tried

FILE = Path(__file__).parent / "recipes" / "breakhis-binary.tried.json"


def tried(recipe_name: str) -> tuple[Tried, ...]:
    """The table of a recipe that comes with Lobule; empty where there is none."""
    path = FILE.with_name(f"{recipe_name}.tried.json")
    if not path.is_file():
        return ()
    return TypeAdapter(tuple[Tried, ...]).validate_json(path.read_text(encoding="utf-8"))
