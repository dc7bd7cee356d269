"""Pixels of TIFF files of every kind: equal to what tifffile, Pillow or OpenSlide read."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image as PillowImage

from core.errors import ImageError
from core.imaging.phantom import render_phantom
from core.imaging.read import read_image
from tests.core.imaging.conftest import TISSUE, read, tiff


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (32, 48)])
@pytest.mark.parametrize("codec", [None, "lzw", "zlib", "packbits", "zstd", "lzma"])
def test_bytewise_compressions_are_lossless(codec: str, tile: Any, planar: str) -> None:
    pixels = np.moveaxis(TISSUE, -1, 0) if planar == "separate" else TISSUE
    image = read(pixels, compression=codec, tile=tile, planarconfig=planar)
    assert np.array_equal(image.pixels, TISSUE)
    assert image.info.notes == ()


@pytest.mark.parametrize("codec", ["jpeg", "jpeg2000", "webp", "jpegxl", "lerc", "png", 33005])
@pytest.mark.parametrize("tile", [(64, 64), (128, 128)])
def test_pictures_in_tiles_equal_what_tifffile_reads(codec: Any, tile: tuple[int, int]) -> None:
    data = tiff(TISSUE, compression=codec, tile=tile)
    assert np.array_equal(read_image(data).pixels, tifffile.imread(io.BytesIO(data)))


def piece(coded: bytes, compression: int, tags: Any = ()) -> bytes:
    """A TIFF file of one strip, whose compressed bytes are these."""
    return tiff(
        iter([coded]),
        shape=TISSUE.shape,
        dtype=np.uint8,
        rowsperstrip=len(TISSUE),
        compression=compression,
        extratags=tags,
    )


def test_zeros_behind_a_strip_are_no_damage() -> None:
    strip = imagecodecs.jpeg_encode(TISSUE, 90, colorspace="RGB", outcolorspace="RGB")
    whole = piece(strip + bytes(200), 7)
    assert np.array_equal(read_image(whole).pixels, tifffile.imread(io.BytesIO(whole)))


@pytest.mark.parametrize("kind", ["zlib", "zstd"])
def test_compressed_lerc_is_read_or_named(kind: str) -> None:
    plain = imagecodecs.lerc_encode(TISSUE)
    coded = zlib.compress(plain) if kind == "zlib" else imagecodecs.zstd_encode(plain)
    lerc = [(50674, 4, 2, (4, 1 if kind == "zlib" else 2), True)]
    if kind == "zlib":
        data = piece(coded, 34887, lerc)
        assert np.array_equal(read_image(data).pixels, TISSUE)
    else:
        with pytest.raises(ImageError, match=r"LERC compression within Zstandard.*does not read"):
            read_image(piece(coded, 34887, lerc))


def ycbcr(luma: NDArray[np.uint8], coded: bytes) -> bytes:
    """An uncompressed TIFF file of YCbCr whose colours have a quarter of the samples."""
    height, width = luma.shape
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 0), (259, 3, 1, 1), (262, 3, 1, 6)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, len(coded))]
    tags += [(530, 3, 2, 2 | 2 << 16)]
    place = 8 + len(coded) + 6 + 12 * len(tags)
    entries = b"".join(
        struct.pack("<HHII", tag, kind, count, value or place) for tag, kind, count, value in tags
    )
    head = b"II*\0" + struct.pack("<I", 8 + len(coded))
    listed = struct.pack("<H", len(tags)) + entries + bytes(4)
    return head + coded + listed + struct.pack("<3H", 8, 8, 8)


def test_uncompressed_subsampled_colours_are_named() -> None:
    whole = ycbcr(TISSUE[:64, :64, 0], bytes(64 * 64 * 3 // 2))
    with pytest.raises(ImageError, match=r"uncompressed YCbCr with subsampled.*does not read"):
        read_image(whole)


def test_subsampled_jpeg_equals_what_pillow_reads() -> None:
    data = tiff(
        TISSUE, compression="jpeg", compressionargs={"level": 90}, subsampling=(2, 2), tile=(64, 64)
    )
    theirs = np.asarray(PillowImage.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(read_image(data).pixels.astype(int) - theirs).max() <= 1


def test_real_slides_equal_what_openslide_reads(shared: Path) -> None:
    openslide = pytest.importorskip("openslide")
    path = shared / "data/slides/cmu-1-small-region.svs"
    image = read_image(path)
    with openslide.OpenSlide(path) as slide:
        theirs = np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))
        um_per_px = float(slide.properties["openslide.mpp-x"])
    assert image.pixels.shape == theirs.shape
    assert np.abs(image.pixels.astype(int) - theirs).max() <= 1
    assert image.info.um_per_px == pytest.approx(um_per_px)


@pytest.mark.parametrize("code", [33003, 33005])
def test_aperio_jpeg_2000_equals_what_openslide_reads(tmp_path: Path, code: int) -> None:
    openslide = pytest.importorskip("openslide")
    pixels = render_phantom(3, 128, 128, 1.0).pixels
    if code == 33003:
        pixels = np.asarray(PillowImage.fromarray(pixels).convert("YCbCr"))
    path = tmp_path / "slide.svs"
    path.write_bytes(_aperio_jpeg_2000(pixels, code))
    image = read_image(path)
    with openslide.OpenSlide(path) as slide:
        theirs = np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))
        um_per_px = float(slide.properties["openslide.mpp-x"])
    assert np.abs(image.pixels.astype(int) - theirs).max() <= 1
    assert image.info.um_per_px == um_per_px == 0.499


def test_aperio_jpeg_2000_of_fewer_colour_samples_is_refused_by_name() -> None:
    data = bytearray(_aperio_jpeg_2000(render_phantom(3, 128, 128, 1.0).pixels, 33003))
    for at in range(len(data) - 50):
        if data[at : at + 4] == b"\xff\x4f\xff\x51":
            data[at + 46] = 2  # columns from one sample of the second component to the next
    with pytest.raises(ImageError, match="subsampled colours, which Lobule does not read"):
        read_image(bytes(data))


def _aperio_jpeg_2000(pixels: NDArray[np.uint8], code: int) -> bytes:
    return tiff(
        pixels,
        compression=code,
        compressionargs={"mct": code == 33005, "codecformat": "j2k"},
        tile=(64, 64),
        description="Aperio Image Library v11.2.1 \r\n128x128 (64x64) J2K/YUV16 Q=70|MPP = 0.4990",
    )


@pytest.mark.parametrize("kind", ["jbig", "jpeg xr", "unknown"])
def test_other_compressions_are_named_and_the_file_not_called_damaged(kind: str) -> None:
    data = bytearray(tiff(TISSUE))
    entry = data.index(struct.pack("<HHI", 259, 3, 1))
    number, words = {"jbig": (34661, "JBIG"), "jpeg xr": (34934, "JPEG XR")}.get(
        kind, (12345, "12345")
    )
    struct.pack_into("<H", data, entry + 8, number)
    with pytest.raises(ImageError, match=f"{words}.*does not read"):
        read_image(bytes(data))


def test_jpeg_ls_is_named() -> None:
    with pytest.raises(ImageError, match="JPEG-LS compression"):
        read_image(imagecodecs.jpegls_encode(TISSUE))


@pytest.mark.parametrize("bits", [1, 4])
@pytest.mark.parametrize("kind", ["minisblack", "miniswhite"])
def test_few_bits_and_both_meanings_of_zero(bits: int, kind: str) -> None:
    values = (TISSUE[..., 0] >> (8 - bits)).astype(np.uint8)
    image = read(values if bits > 1 else values.astype(bool), photometric=kind, bitspersample=bits)
    grey = values.astype(int) * 255 // ((1 << bits) - 1)
    expected = grey if kind == "minisblack" else 255 - grey
    assert np.array_equal(image.pixels[..., 0], expected)
