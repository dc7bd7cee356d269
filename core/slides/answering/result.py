"""What follows from a slide's tiles, as it is kept."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.atomic import write_whole
from core.slides.answering.folder import AnswerFolder
from core.slides.answering.plan import SlidePlan

_TILE = 256  # px


@dataclass(frozen=True)
class Result:
    """What follows from the tiles."""

    summary: dict[str, Any]
    """As `summary.json` has it."""
    chances: NDArray[np.float32]
    """(H', W') map of the shown class."""


def write_result(folder: AnswerFolder, plan: SlidePlan, result: Result, seconds: float) -> None:
    """Write the map and then the summary, each whole or not at all.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    from tifffile import imwrite  # noqa: PLC0415 - takes a while

    about = {name: result.summary[name] for name in ("slide", "model", "shown_class", "threshold")}
    per_cm = 1e4 * plan.map_grid.width / (plan.slide["width"] * plan.um_per_px)
    buffer = io.BytesIO()
    imwrite(
        buffer,
        result.chances,
        tile=(_TILE, _TILE),
        compression="zlib",
        photometric="minisblack",
        resolution=(per_cm, per_cm),
        resolutionunit="CENTIMETER",
        description=json.dumps(about),
        metadata=None,
    )
    write_whole(folder.map, buffer.getbuffer())
    finished = {"seconds": round(seconds, 1), "finished": datetime.now(UTC).isoformat()}
    write_whole(folder.summary, json.dumps(result.summary | finished, allow_nan=False, indent=1))
