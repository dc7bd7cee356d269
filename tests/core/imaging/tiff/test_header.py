"""Which page of a TIFF file shows the picture."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from core.errors import ImageError
from core.imaging.read import read_image
from tests.core.imaging.conftest import SMALL, TISSUE


@pytest.mark.parametrize("below", [1, 2])
@pytest.mark.parametrize("marked", [True, False])
def test_a_thumbnail_with_its_full_picture_below_is_refused(below: int, *, marked: bool) -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        kind = {"subfiletype": 1} if marked else {}
        writer.write(SMALL, photometric="rgb", metadata=None, subifds=below, **kind)
        for _ in range(below):
            writer.write(TISSUE, photometric="rgb", metadata=None)
    with pytest.raises(ImageError, match=r"SubIFD.*120×100 px"):
        read_image(buffer.getvalue())


def test_smaller_copies_below_the_picture_are_passed_over() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(TISSUE, photometric="rgb", metadata=None, subifds=1)
        writer.write(SMALL, photometric="rgb", metadata=None, subfiletype=1)
    image = read_image(buffer.getvalue())
    assert np.array_equal(image.pixels, TISSUE)
    assert image.info.notes == ()


@pytest.mark.parametrize(
    "mark", ["subfile", "label", "macro", "shape", "slide label", "named macro", "at the end"]
)
def test_pictures_are_found_behind_thumbnails_and_labels(mark: str) -> None:
    aside: dict[str, Any] = {
        "subfile": {"subfiletype": 1},
        "slide label": {"description": "Slide label"},
        "named macro": {"description": "Macro photograph of slide 3"},
        "at the end": {"description": "S12-345 label"},
        "label": {"description": "Aperio Image Library v12\nlabel 30x25"},
        "macro": {"description": "Macro"},
        "shape": {},
    }[mark]
    first = SMALL if mark == "shape" else np.ascontiguousarray(SMALL[:20])
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(first, photometric="rgb", metadata=None, **aside)
        writer.write(TISSUE, photometric="rgb", metadata=None)
    image = read_image(buffer.getvalue())
    assert np.array_equal(image.pixels, TISSUE)
    assert "page 2 of 2" in image.info.notes[0]


def test_a_thumbnail_whose_sides_were_rounded_is_one() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(np.ascontiguousarray(TISSUE[:9, :10]), photometric="rgb", metadata=None)
        writer.write(TISSUE, photometric="rgb", metadata=None)
    assert np.array_equal(read_image(buffer.getvalue()).pixels, TISSUE)


def test_a_large_picture_in_one_strip_and_thousands_of_empty_lines_are_read() -> None:
    """By a cubic search of the description, the second took minutes."""
    file = io.BytesIO()
    grey = np.full((8400, 8200), 170, np.uint8)
    tifffile.imwrite(file, grey, metadata=None, description="x" + 20_000 * "\n" + "x")
    assert read_image(file.getvalue()).pixels.shape == (8400, 8200, 3)


@pytest.mark.parametrize("name", ["", "preview", "Etikett"])
def test_a_small_first_image_of_ome_is_passed_over(name: str) -> None:
    small, large = TISSUE[::2, ::2], TISSUE
    images = "".join(
        f'<Image Name="{named}"><Pixels SizeX="{pixels.shape[1]}" SizeY="{pixels.shape[0]}" '
        f'SizeC="3" DimensionOrder="XYCZT" PhysicalSizeX="{um}"><Channel SamplesPerPixel="3"/>'
        f'<TiffData IFD="{page}"/></Pixels></Image>'
        for page, (named, pixels, um) in enumerate([(name, small, 15), ("", large, 0.5)])
    )
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        text = f"<OME>{images}</OME>"
        writer.write(small, photometric="rgb", metadata=None, description=text)
        writer.write(large, photometric="rgb", metadata=None)
    image = read_image(buffer.getvalue())
    assert np.array_equal(image.pixels, TISSUE)
    assert image.info.um_per_px == 0.5
