"""What is refused before anything is trained, because the package could not tell the truth."""

import re

import numpy as np

from core.datasets.records import Dataset
from core.errors import ImageError, TrainingError
from core.imaging.read import read_image

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# Images whose sides differ more than this are squashed too much by being made square.
_MOST_SQUASHED = 1.25
_SAMPLED = 9


def check_name(name: str) -> None:
    """Refuse a name that no package can have.

    Raises
    ------
    TrainingError
    """
    if not _NAME.fullmatch(name):
        raise TrainingError(
            f"A model cannot be called {name!r}. Use up to 64 lower-case letters, digits, - and _, "
            "starting with a letter or digit, for instance idc-2."
        )


def check_scale(dataset: Dataset) -> None:
    """Refuse images of unknown or several scales, and fields that are far from square.

    A package states one scale and the side of the square that one input shows.

    Raises
    ------
    TrainingError
    """
    scales = sorted(set(dataset.records["um_per_px"].round(3)))
    if not np.isfinite(scales).all():
        raise TrainingError(
            f"The scale of the images in {dataset.root} is unknown, and a model must state the "
            "scale that it was trained at. Give a manifest with a column um_per_px."
        )
    if len(scales) > 1:
        listed = ", ".join(f"{scale:g}" for scale in scales[:6])
        raise TrainingError(
            f"The images in {dataset.root} have {len(scales)} scales ({listed} µm/px), and a model "
            "is trained at one. Give a manifest with the images of one scale."
        )
    shapes = np.array(_sampled_shapes(dataset))
    if len(shapes) and np.median(shapes.max(axis=1) / shapes.min(axis=1)) > _MOST_SQUASHED:
        height, width = shapes[0]
        raise TrainingError(
            f"The images in {dataset.root} are not square ({width}×{height} px, for instance), and "
            "a model is trained on squares. Cut them into square patches and give a manifest."
        )


def _sampled_shapes(dataset: Dataset) -> list[tuple[int, int]]:
    """Height and width of a few images; one that cannot be read is reported later."""
    shapes = []
    for row in np.linspace(0, len(dataset.records) - 1, _SAMPLED).astype(int):
        try:
            info = read_image(dataset.root / dataset.records["path"].iloc[row]).info
        except ImageError:
            continue
        shapes.append((info.height, info.width))
    return shapes
