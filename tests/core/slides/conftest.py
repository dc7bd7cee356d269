"""A section in every format that can be written here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff

WIDTH, HEIGHT, LEVELS = 209, 163, 3


@pytest.fixture(scope="session")
def pixels() -> Pixels:
    """The finest level of the slides made here."""
    return section(WIDTH, HEIGHT, seed=5)


def _dicom(path: Path, pixels: Pixels) -> Path:
    write_dicom(path.with_suffix(""), pyramid(pixels, LEVELS))
    return path.with_suffix("")


WRITERS: dict[str, Callable[[Path, Pixels], Path]] = {
    "svs": lambda path, pixels: write_tiff(
        path.with_suffix(".svs"), pyramid(pixels, LEVELS), kind="svs", um_per_px=0.5
    ),
    "ome": lambda path, pixels: write_tiff(
        path.with_suffix(".ome.tiff"), pyramid(pixels, LEVELS), kind="ome", um_per_px=0.5
    ),
    "plain": lambda path, pixels: write_tiff(path.with_suffix(".tif"), pyramid(pixels, LEVELS)),
    "dicom": _dicom,
}
