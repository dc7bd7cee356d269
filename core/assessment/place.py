"""Where an evaluation is kept that nobody chose a place for."""

import re
from datetime import UTC, datetime
from pathlib import Path

from core.atomic import free_name
from core.settings import get_settings

PREDICTIONS = "predictions.csv"
_LONGEST = 60
"""Of each name in a folder's name: file systems take 255 bytes."""


def place_for(model: str, dataset: str) -> Path:
    """A new file under LOBULE_HOME for a model's answers on a dataset; nothing is made yet.

    Parameters
    ----------
    model, dataset : str
        Names, whatever is in them; they are made safe for a folder.

    Returns
    -------
    Path
        `evaluations/<model>-<dataset>-<time>/predictions.csv`.
    """
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    first = f"{_safe(model, 'model')}-{_safe(dataset, 'dataset')}-{stamp}"
    folder = get_settings().evaluations
    return folder / free_name(first, lambda name: (folder / name).exists()) / PREDICTIONS


def _safe(name: str, otherwise: str) -> str:
    """A name of letters, digits, dots, dashes and underscores that does not begin with a dot."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:_LONGEST].strip("-.")
    return plain or otherwise
