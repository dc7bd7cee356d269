"""The images that explanations are tested on: the phantom, or some of a dataset."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.open import open_dataset
from core.evaluation.balance import sample
from core.imaging.phantom import render_phantom
from core.imaging.read import read_image
from core.imaging.resize import resize, shrink
from core.imaging.tiles import cut, tile_grid, tile_means
from core.inference.tile_size import plan_scale
from core.inference.tiled import plan_tiles
from core.registry.card import Card
from core.roots import image_files

IMAGES = 3
PHANTOM = "synthetic sections (phantom)"


def phantom_inputs(card: Card) -> NDArray[np.uint8]:
    """Draw tiles of phantoms at the model's scale, half of each cell-dense: (3, h, w, 3)."""
    spec = card.input
    tile = round(spec.field_um / spec.um_per_px)
    inputs = []
    for seed in range(IMAGES):
        phantom = render_phantom(seed, 3 * tile, 4 * tile, spec.um_per_px)
        height, width = phantom.dense.shape
        grid = tile_grid(height, width, tile, tile // 2)
        nearest = np.abs(tile_means(phantom.dense, grid) - 0.5).argmin()
        inputs.append(resize(cut(phantom.pixels, grid)[nearest], spec.height, spec.width))
    return np.stack(inputs)


def dataset_inputs(card: Card, path: Path) -> tuple[NDArray[np.uint8], str]:
    """Take images of a dataset, of as many classes and patients as can be.

    Of an image that is answered in tiles it is the one with most tissue.

    Parameters
    ----------
    card
        The model's.
    path
        A folder or manifest, as `core.datasets.open` takes it.

    Returns
    -------
    inputs
        (N, h, w, 3) of the card's size, N up to 3.
    str
        What they are, in words for the card.

    Raises
    ------
    DatasetError, ImageError
        If the dataset cannot be opened or one of the images not be read.
    """
    dataset = open_dataset(path, task=card.task, model_classes=card.classes)
    records = dataset.records
    rows = sample(records["label"].to_numpy(), records["patient"].to_numpy(), IMAGES)
    inputs = []
    given_scales = records["um_per_px"].to_numpy(dtype=np.float64)
    file = image_files(dataset.root)
    for row in rows:
        image = read_image(file(records["path"].iloc[row]))
        scale_given = float(given_scales[row])
        inputs.append(_one_input(image.pixels, image.info.um_per_px, scale_given, card))
    return np.stack(inputs), f"images of {dataset.name}"


def _one_input(
    pixels: NDArray[np.uint8], stated: float | None, scale_given: float, card: Card
) -> NDArray[np.uint8]:
    spec, (height, width) = card.input, pixels.shape[:2]
    scale = plan_scale(
        stated, scale_given if np.isfinite(scale_given) else None, spec, height, width
    )
    pixels = shrink(pixels, scale.shrink)
    if not scale.one_piece:
        plan = plan_tiles(pixels, scale.trained_tile)
        pixels = cut(pixels, plan.grid)[plan.tissue.argmax()]
    return resize(pixels, spec.height, spec.width)
