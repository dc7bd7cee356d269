"""The answer of a slide, finished or as far as it is."""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.slides.answering.blocks import Blocks, blocks_of, on_tissue
from core.slides.answering.folder import AnswerFolder, find_answer
from core.slides.answering.given import Given, read_given
from core.slides.answering.plan import SlidePlan, read_plan
from core.slides.answering.summary import EVEN, shown_class


@dataclass(frozen=True)
class SlideAnswer:
    """What a model says of a slide's tiles; lengths are pixels of the slide's finest level."""

    id: str
    plan: SlidePlan
    given: Given
    summary: dict[str, Any] | None
    """As `core.slides.answering.summary` makes it; None before all tiles are answered."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Of the model, in its order."""
        return self.plan.card.classes

    @property
    def shown(self) -> int:
        """Index of the class that the map shows."""
        used = self.given.tiles.used
        if self.summary:
            return self.classes.index(self.summary["shown_class"])
        chances = self.given.tiles.probabilities[used]
        return shown_class(self.plan, chances.mean(axis=0) if len(chances) else np.zeros(1))

    @property
    def threshold(self) -> float:
        """From which the shown class is called, in [0, 1]."""
        point = self.plan.card.operating_point
        return point.threshold if point else EVEN

    @property
    def um_per_px(self) -> float:
        """Of the slide's finest level."""
        return self.plan.um_per_px

    @property
    def tile(self) -> float:
        """Side of a tile, px."""
        return self.plan.grid.size * self.plan.step[0]

    @property
    def stride(self) -> float:
        """From one tile to the next, px; the last of a row or column may lie nearer."""
        return self.plan.grid.stride * self.plan.step[0]

    @property
    def boxes(self) -> NDArray[np.float64]:
        """(N, 4) x, y, width and height of every tile, px."""
        across, down = self.plan.step
        y, x = self.plan.grid.origins.T
        size = np.full(len(x), float(self.plan.grid.size))
        return np.stack([x * across, y * down, size * across, size * down], axis=1)

    @property
    def map_step(self) -> tuple[float, float]:
        """Pixels of the slide, across and down, that one of `map` covers."""
        grid, slide = self.plan.map_grid, self.plan.slide
        return slide["width"] / grid.width, slide["height"] / grid.height

    @property
    def rows(self) -> int:
        """Tiles in a column; those of `boxes` come row by row."""
        return len(self.plan.used) // self.plan.columns

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """(rows, columns, K) of every tile; NaN without tissue, answer or readable pixels."""
        return self.given.tiles.probabilities.reshape(self.rows, self.plan.columns, -1)

    @cached_property
    def blocks(self) -> Blocks:
        """The map of the shown class over tissue: what is to be seen over a slide, and exported."""
        chances = self.given.tiles.probabilities[:, self.shown]
        return on_tissue(blocks_of(chances, self.plan.map_grid), self.plan.tissue)

    @property
    def map_on_tissue(self) -> NDArray[np.float32]:
        """`map`, NaN also in `blocks` without any tissue."""
        return self.blocks.spread()

    @cached_property
    def map(self) -> NDArray[np.float32]:
        """(H', W') probability of the shown class over the whole slide; NaN where nothing is."""
        return self.given.tiles.probability_map(self.shown)


def load_answer(answer: str) -> SlideAnswer | None:
    """Return the answer of a slide, as far as it is; None before its tiles are known.

    Raises
    ------
    SlideError
        If there is no such answer, or it is damaged.
    """
    folder = find_answer(answer)
    try:
        plan = _plan(folder, folder.plan.stat().st_mtime_ns)
        if plan is None:
            return None
        return SlideAnswer(folder.id, plan, read_given(folder, plan), _summary(folder))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SlideError(
            f"The answer {answer} cannot be read ({error.strerror}). Allow reading {folder.path}."
        ) from error


@lru_cache(maxsize=8)
def _plan(folder: AnswerFolder, _written: int) -> SlidePlan | None:
    return read_plan(folder)


def _summary(folder: AnswerFolder) -> dict[str, Any] | None:
    try:
        summary: dict[str, Any] = json.loads(folder.summary.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SlideError(
            f"The answer {folder.id} is damaged: {folder.summary} is no JSON. Ask for a new answer."
        ) from error
    return summary
