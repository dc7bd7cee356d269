"""Datasets that were opened lately, remembered under LOBULE_HOME."""

import json
import os
import tempfile
from pathlib import Path

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
    aside = None
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        handle, place = tempfile.mkstemp(dir=_file().parent, prefix=".recent-")
        aside = Path(place)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(kept, stream)
        aside.replace(_file())
    except (OSError, ValueError):
        if aside is not None:
            aside.unlink(missing_ok=True)


def _file() -> Path:
    return get_settings().home / "recent.json"
