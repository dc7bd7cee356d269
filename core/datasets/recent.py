"""Datasets that were opened lately, remembered under LOBULE_HOME."""

import json
from contextlib import suppress
from pathlib import Path

from core.atomic import write_whole
from core.settings import get_settings

MOST = 8


def recent_datasets() -> list[str]:
    """Paths of the datasets opened last, the latest first; none if nothing can be read."""
    try:
        kept = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(kept, list):
        return []
    return [path for path in kept if isinstance(path, str)][:MOST]


def remember_dataset(path: Path) -> None:
    """Put a dataset first; what cannot be kept is forgotten, as nothing depends on it."""
    name = str(path)
    kept = [name, *(other for other in recent_datasets() if other != name)][:MOST]
    with suppress(OSError, ValueError):
        write_whole(_file(), json.dumps(kept))


def _file() -> Path:
    return get_settings().home / "recent.json"
