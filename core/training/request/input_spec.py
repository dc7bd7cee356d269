"""What one input of a network will show, found out from the images that it is trained on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.errors import ImageError, TrainingError
from core.imaging.read import read_image
from core.imaging.tiles import NEARLY_SQUARE, crops_needed
from core.registry.card import InputSpec
from core.roots import image_files
from core.training.request.recipe import Recipe

# An image may differ this much in scale from those trained on before the answer is warned of.
_SCALE_TOLERANCE = 1.25
# Fields may be recorded this much finer: what the network sees is made as coarse as in training.
_FINER = 2.5
_MOST_SCALES = 8
_SAMPLED = 9


@dataclass(frozen=True)
class Framing:
    """How images become inputs.

    Attributes
    ----------
    spec : InputSpec
    crops : int
        Squares that stand for one image.
    """

    spec: InputSpec
    crops: int


def frame(recipe: Recipe, dataset: Dataset) -> Framing:
    """Find out which field of view a dataset's images show, and how they become squares.

    Square images are patches. Of others the recipe's `fit` says whether they are squashed or cut;
    then several scales may be trained on together, as the magnifications of BreaKHis are.

    Raises
    ------
    TrainingError
        If the scale of the images is unknown, or patches have several.
    """
    return framing_of(dataset, recipe.input_size, recipe.fit)


def framing_of(dataset: Dataset, side: int, fit: Literal["squash", "crops"]) -> Framing:
    """As `frame`, for an input of `side` px; `fit` is of images that are not square."""
    scales = dataset.records["um_per_px"].round(3)
    if not np.isfinite(scales).all():
        raise TrainingError(
            f"The scale of the images in {dataset.root} is unknown, and a model must state "
            "its training scale. State it, in µm/px: with --um-per-px on the command line, "
            "in the field “Scale of the images” on the Training page or “Scale of its "
            "training images” on the Models page, or in a manifest with a column um_per_px."
        )
    shapes = {
        float(scale): median_shape(dataset, np.flatnonzero(scales == scale))
        for scale in np.unique(scales.to_numpy(dtype=np.float64))
    }
    common = float(scales.mode()[0])
    height, width = shapes[common]
    square = max(height, width) / min(height, width) <= NEARLY_SQUARE
    if len(shapes) > (1 if square else _MOST_SCALES):
        listed = ", ".join(f"{scale:g}" for scale in list(shapes)[:6])
        raise TrainingError(
            f"The images in {dataset.root} have {len(shapes)} scales ({listed} µm/px), and a model "
            f"is trained at {'one' if square else f'up to {_MOST_SCALES}'}. Give a manifest with "
            "the images of one scale."
        )
    fields = {scale: float(round(min(shape) * scale, 3)) for scale, shape in shapes.items()}
    finer = _SCALE_TOLERANCE if square else _FINER
    spec = InputSpec(
        height=side,
        width=side,
        field_um=fields[common],
        other_fields_um=tuple(sorted(set(fields.values()) - {fields[common]})),
        um_per_px=common,
        um_per_px_low=min(fields) / finer,
        um_per_px_high=max(fields) * _SCALE_TOLERANCE,
        fit="patch" if square else fit,
    )
    return Framing(spec, crops_needed(height, width) if spec.fit == "crops" else 1)


def median_shape(dataset: Dataset, rows: NDArray[np.int64]) -> tuple[int, int]:
    """Median height and width of a few images; one that cannot be read is reported later.

    Raises
    ------
    TrainingError
        If none of them can be read.
    """
    shapes, file = [], image_files(dataset.root)
    for row in rows[np.linspace(0, len(rows) - 1, min(_SAMPLED, len(rows))).astype(int)]:
        path = file(dataset.records["path"].iloc[row])
        try:
            info = read_image(path).info
        except ImageError:
            continue
        shapes.append((info.height, info.width))
    if not shapes:
        raise TrainingError(
            f"None of {min(_SAMPLED, len(rows))} images tried in {dataset.root} can be read, for "
            f"instance {path}. Audit the dataset: python -m core datasets audit FOLDER."
        )
    height, width = np.median(np.array(shapes), axis=0)
    return round(height), round(width)
