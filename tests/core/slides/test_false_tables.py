"""Files whose tables tell of what is not there are refused before a library believes them."""

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from pydicom import dcmread

from core.errors import SlideError
from core.slides.slide import open_slide
from tests.core.slides.conftest import WRITERS
from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff

KINDS = pytest.mark.parametrize("kind", ["svs", "plain", "ome"])
SHORT, LONG = 3, 4


def overwrite(path: Path, **values: int) -> None:
    """Change tags of the first page; a value goes to each place that a tag has."""
    with tifffile.TiffFile(path) as file:
        page, order = file.pages[0], file.byteorder
        tags = {name: page.tags[name] for name in values}
        places = {name: (tag.offset, tag.valueoffset) for name, tag in tags.items()}
        shapes = {name: (int(tag.dtype), tag.count) for name, tag in tags.items()}
    with path.open("r+b") as file:
        for name, value in values.items():
            (entry, where), (kind, count) = places[name], shapes[name]
            if kind == SHORT and count == 1:  # there is room for a long one
                file.seek(entry + 2)
                file.write(struct.pack(f"{order}H", LONG))
                kind = LONG
            letter = {SHORT: "H", LONG: "I", 16: "Q"}[kind]
            file.seek(where)
            file.write(struct.pack(f"{order}{count}{letter}", *[value] * count))


@KINDS
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TileByteCounts": 0}, r"holds no picture: all of its 42 tiles are empty"),
        ({"TileByteCounts": 0, "TileOffsets": 0}, r"holds no picture"),
        ({"ImageWidth": 100_000, "ImageLength": 80_000}, r"need 7,812,500 tiles .*tells of 42"),
        ({"ImageWidth": 2**31 - 1, "ImageLength": 2**31 - 1}, r"is damaged: 2,147,483,647×"),
        ({"ImageWidth": 0}, r"is damaged"),
        ({"TileWidth": 16}, r"is damaged: 209×163 px need 84 tiles of 16×32 px"),
        ({"TileWidth": 0}, r"is damaged"),
        # OpenSlide would ask for 256 GB, and end the process.
        ({"TileWidth": 2**31 - 1}, r"too large to be read region by region"),
    ],
    ids=str,
)
def test_tables_of_a_tiff(
    tmp_path: Path, pixels: Pixels, kind: str, changes: dict[str, int], words: str
) -> None:
    path = WRITERS[kind](tmp_path / "made", pixels)
    overwrite(path, **changes)
    with pytest.raises(SlideError, match=words):
        open_slide(path)


def test_no_slide_is_wider_than_any_glass(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", [np.zeros((16, 1_048_592, 3), np.uint8)], tile=16)
    with pytest.raises(SlideError, match="no slide has sides of more than 1,048,576 px"):
        open_slide(path)


@KINDS
def test_jpeg_without_its_tables_cannot_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / {"svs": "a.svs", "plain": "a.tif", "ome": "a.ome.tif"}[kind]
    whole = imagecodecs.jpeg8_encode(section(64, 64), level=90, subsampling="444")
    tile = b"\xff\xd8" + b"".join(
        part for part in segments(whole[2:]) if part[1] not in {0xDB, 0xC4}
    )
    words = "Aperio Image Library v12\r\n64x64 [0,0 64x64] (64x64) JPEG/RGB Q=90|AppMag = 20"
    with tifffile.TiffWriter(path, ome=kind == "ome") as file:
        file.write(
            iter([tile]),
            shape=(64, 64, 3),
            dtype=np.uint8,
            tile=(64, 64),
            compression="jpeg",
            photometric="ycbcr",
            subsampling=(1, 1),
            description=words if kind == "svs" else None,
            metadata={"axes": "YXS"} if kind == "ome" else None,
        )
    with (
        open_slide(path) as slide,
        pytest.raises(SlideError, match="that part of the file is damaged"),
    ):
        slide.read(0, 0, 64, 64, (64, 64))


def segments(jpeg: bytes) -> list[bytes]:
    """The segments of a JPEG after its first marker; the last is all that is coded."""
    found, at = [], 0
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        found.append(jpeg[at:end])
        at = end
    return [*found, jpeg[at:]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TotalPixelMatrixColumns": 100_000}, r"declares 100,000×163 px .*and holds 42"),
        ({"TotalPixelMatrixColumns": 2**32 - 1}, r"damaged: it declares 4,294,967,295×163"),
        ({"TotalPixelMatrixRows": 0}, r"damaged: it declares 209×0 px"),
        ({"NumberOfFrames": 3}, r"42 of them, and holds 3"),
        ({"Rows": 65_535, "Columns": 65_535}, r"damaged: it declares .*tiles of 65,535×65,535"),
        ({"Columns": 0}, r"damaged: it declares"),
    ],
    ids=str,
)
def test_sizes_of_a_dicom_file(
    tmp_path: Path, pixels: Pixels, changes: dict[str, object], words: str
) -> None:
    write_dicom(tmp_path, [pixels], changes=changes)
    with pytest.raises(SlideError, match=words):
        open_slide(tmp_path)


def test_a_dicom_slide_without_its_finest_level_says_so(tmp_path: Path, pixels: Pixels) -> None:
    paths = write_dicom(tmp_path, pyramid(pixels, 3))
    paths[1].unlink()
    with open_slide(tmp_path) as slide:
        assert slide.info.downsamples == (1, 4)
        assert slide.info.notes == (), "nothing is lost"
    write_dicom(tmp_path / "other", pyramid(pixels, 3))[0].unlink()
    with open_slide(tmp_path / "other") as slide:
        assert slide.info.width == 104
        assert "The finest level is not among its files" in slide.info.notes[0]


def test_a_finest_level_that_does_not_fit_the_others_is_told_of(
    tmp_path: Path, pixels: Pixels
) -> None:
    path = write_dicom(tmp_path, pyramid(pixels, 3))[0]
    dataset = dcmread(path)
    groups = dataset.SharedFunctionalGroupsSequence[0]
    groups.PixelMeasuresSequence[0].PixelSpacing = [0.0005, 0.001]
    dataset.save_as(path, enforce_file_format=True)
    with open_slide(tmp_path) as slide:
        assert slide.info.width == 104
        assert "209×163 px, does not fit the others" in slide.info.notes[0]
