"""What `benchmarks/leak.py` measured: the price of a split by image, for the Datasets page."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("leak_figure.json")


class LeakRow(BaseModel):
    """One model under one split.

    Attributes
    ----------
    model : str
    split : "image" or "patient"
    auroc : float
        Mean over the folds and the seeds, in [0, 1].
    interval : tuple of float
        95 %, by bootstrap over patients.
    by_seed : tuple of float
    seen : float
        Share of the tested images whose patient is in training, in [0, 1].
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    split: Literal["image", "patient"]
    auroc: float
    interval: tuple[float, float]
    by_seed: tuple[float, ...]
    seen: float


class LeakFigure(BaseModel):
    """Rows of the figure, and on what they were measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    images: int
    patients: int
    folds: int
    seeds: int
    rows: tuple[LeakRow, ...]


def leak_figure() -> LeakFigure:
    """Read the figures that come with Lobule."""
    return LeakFigure.model_validate_json(FILE.read_text(encoding="utf-8"))
