"""The tiles of an answer as a table."""

import csv
import io

import numpy as np

from core.documents.letters import neutral
from core.slides.answering.load import SlideAnswer


def tiles_csv(answer: SlideAnswer) -> bytes:
    """Return a row for each tile with tissue, answered or not; UTF-8 with a byte order mark.

    `x`, `y` and `side` are pixels of the slide's finest level, `x_um` and `y_um` the middle of the
    tile. `state` is "answered", "unreadable", or "not answered" of an answer that is not finished.
    """
    answers, plan = answer.given, answer.plan
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(
        [
            *("tile", "row", "column", "x", "y", "side", "x_um", "y_um", "tissue", "state"),
            *(neutral(f"probability of {name}") for name in answer.classes),
            *("distance", "sharpness", "in_scope"),
        ]
    )
    boxes, outside, scale = answer.boxes, answers.outside, answer.um_per_px
    for at in np.flatnonzero(plan.used).tolist():
        x, y, side, tall = boxes[at]
        row, column = divmod(at, plan.columns)
        answered = bool(answers.tiles.used[at])
        state = "answered" if answered else "not answered"
        cells = [at, row, column, round(x, 2), round(y, 2), round(side, 2)]
        cells += [round((x + side / 2) * scale, 2), round((y + tall / 2) * scale, 2)]
        values = [answers.distance[at], answers.sharpness[at]]
        writer.writerow(
            [
                *cells,
                round(float(answers.tiles.tissue[at]), 4),
                "unreadable" if answers.unreadable[at] else state,
                *(
                    round(float(value), 6) if answered else ""
                    for value in answers.tiles.probabilities[at]
                ),
                *("" if np.isnan(value) else round(float(value), 4) for value in values),
                ("no" if outside[at] else "yes") if answered else "",
            ]
        )
    return buffer.getvalue().encode("utf-8-sig")
