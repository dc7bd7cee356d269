"""Images of a dataset predicted here, or piece by piece on as many machines as there are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.assessment.bulk import PredictedImages, Progress, predict_images
from core.cluster import Task, compute_answers, portions
from core.errors import DatasetError, ImageError
from core.imaging.changes import Change, robustness_changes
from core.imaging.read import load_or_reason
from core.inference.classifier import get_classifier
from core.registry.package import Package
from core.registry.travelling import Travelling, arrived, send_off
from core.settings import get_settings

MOST_IMAGES, MOST_BYTES = 128, 64_000_000
"""Of a piece: about a second of work, and little enough to be in memory for each core."""


class _Piece(NamedTuple):
    change: int | None
    rows: range


def predict_dataset(
    package: Package,
    records: pd.DataFrame,
    file: Callable[[str], Path],
    progress: Progress,
    changes: Sequence[int | None] = (None,),
) -> list[PredictedImages]:
    """Predict images on this machine, or on the Ray cluster that `LOBULE_RAY` names.

    Takes and gives what `predict_divided` does.
    """
    if get_settings().ray is not None:
        return predict_divided(package, records, file, progress, changes)
    classifier = get_classifier(package)

    def under(number: int) -> PredictedImages:
        def tell(done: float) -> None:
            progress((number + done) / len(changes))

        return predict_images(classifier, records, file, tell, _change(changes[number]))

    return [under(number) for number in range(len(changes))]


def predict_divided(
    package: Package,
    records: pd.DataFrame,
    file: Callable[[str], Path],
    progress: Progress,
    changes: Sequence[int | None] = (None,),
) -> list[PredictedImages]:
    """What `predict_images` gives, computed where `core.cluster.compute` has room.

    Parameters
    ----------
    package : Package
    records : pandas.DataFrame
    file : callable
        Gives an image's file by its path in the records.
    progress : callable
        May raise to stop.
    changes : sequence of int or None
        What is done to the images first, as numbers of `robustness_changes`; None: nothing.

    Returns
    -------
    list of PredictedImages
        For each change.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached.
    LobuleError
        If a piece of work cannot be done.
    """
    travelling, files = send_off(package)
    sizes = (_size(file, path) for path in records["path"])
    cut = list(portions(sizes, MOST_IMAGES, MOST_BYTES))
    pieces = {
        f"{place}-{rows.start}": _Piece(change, rows)
        for place, change in enumerate(changes)
        for rows in cut
    }

    def content(rows: range) -> Callable[[], list[bytes | str]]:
        return lambda: [
            load_or_reason(file(path)) for path in records["path"].iloc[rows.start : rows.stop]
        ]

    works = [
        Task(
            key,
            predict_piece,
            {
                "travelling": travelling,
                "records": records.iloc[piece.rows.start : piece.rows.stop],
                "change": piece.change,
                "first": piece.rows.start,
            },
            files,
            content(piece.rows),
        )
        for key, piece in pieces.items()
    ]
    weights = {key: len(piece.rows) for key, piece in pieces.items()}
    answers: dict[str, PredictedImages] = {}
    for outcome in compute_answers(works, progress, weights):
        if outcome.error is not None:
            raise outcome.error
        answers[outcome.key] = outcome.result
    progress(1.0)
    return [
        _together([answers[key] for key in pieces if key.startswith(f"{place}-")])
        for place in range(len(changes))
    ]


def predict_piece(
    progress: Progress,
    travelling: Travelling,
    records: pd.DataFrame,
    change: int | None,
    first: int,
    content: list[bytes | str],
    **folders: Path,
) -> PredictedImages:
    """Predict some of a dataset's images, wherever that is.

    Parameters
    ----------
    progress : callable
    travelling : Travelling
        The model; `folders` hold its files.
    records : pandas.DataFrame
    change, first : int
        See `predict_images`; a change by its number.
    content : list
        Of each image's file, or why it cannot be read.
    """
    by_path = dict(zip(records["path"], content, strict=True))

    def given(path: str) -> bytes:
        image = by_path[path]
        if isinstance(image, str):
            raise ImageError(image)
        return image

    return predict_images(
        get_classifier(arrived(travelling, folders)),
        records,
        given,
        progress,
        _change(change),
        first,
    )


def _change(number: int | None) -> Change | None:
    return None if number is None else robustness_changes()[number]


def _size(file: Callable[[str], Path], path: str) -> int:
    try:
        return file(path).stat().st_size
    except (OSError, ValueError, DatasetError):  # said when it is read
        return 0


def _together(parts: list[PredictedImages]) -> PredictedImages:
    return PredictedImages(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.colour for part in parts]),
        {path: why for part in parts for path, why in part.unreadable.items()},
        sum(part.out_of_scale for part in parts),
        sum(part.scale_unknown for part in parts),
    )
