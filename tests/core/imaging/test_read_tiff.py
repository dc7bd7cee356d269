"""Pixels of TIFF files of every kind: equal to what tifffile, Pillow or OpenSlide read."""

import io
import struct
import zlib
from collections.abc import Iterator
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
from core.imaging.read import Image, read_image

TISSUE = render_phantom(3, 100, 120, 1.0).pixels
SMALL = np.ascontiguousarray(TISSUE[::4, ::4])


def tiff(pixels: NDArray[Any] | Iterator[bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    options = {"photometric": "rgb", "metadata": None} | options
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def read(pixels: NDArray[Any], **options: Any) -> Image:
    return read_image(tiff(pixels, **options))


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


def test_grey_pages_are_told_to_be_one_channel_only() -> None:
    image = read(PLANES, photometric="minisblack")
    assert image.info.notes == ("first of 3 pages, which is one channel only, without colour",)


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


@pytest.mark.parametrize("bits", range(10, 15))
@pytest.mark.parametrize("hot", [0, 3])
@pytest.mark.parametrize("suffix", ["TIFF", "PNG"])
def test_a_camera_of_fewer_bits_is_read_by_the_bits_it_used(
    bits: int, hot: int, suffix: str
) -> None:
    deep = (TISSUE.astype(np.uint16) << (bits - 8)) + 1
    deep[:hot, 0] = 65535
    data = tiff(deep) if suffix == "TIFF" else imagecodecs.png_encode(deep)
    image = read_image(data)
    assert np.array_equal(image.pixels[hot:], TISSUE[hot:])
    assert image.pixels[:hot, 0].min(initial=255) == 255
    assert image.info.notes == (f"16 bit, of which {bits} are used, scaled to 8 bit",)


@pytest.mark.parametrize("route", ["MaxSampleValue", "SignificantBits"])
def test_a_declared_depth_counts_unless_values_are_larger(route: str) -> None:
    dim = TISSUE.astype(np.uint16) << 2  # 10 bits of a camera that has 12
    if route == "MaxSampleValue":
        image = read(dim, extratags=[(281, 3, 3, (4095,) * 3, True)])
        wrong = read(dim, extratags=[(281, 3, 3, (511,) * 3, True)])
    else:
        image, wrong = (
            read(dim, metadata={"axes": "YXS", "SignificantBits": bits}, ome=True)
            for bits in (12, 9)
        )
    assert np.array_equal(image.pixels, TISSUE >> 2)
    assert np.array_equal(wrong.pixels, TISSUE)


@pytest.mark.parametrize("share", [0.01, 0.15, 0.4])
@pytest.mark.parametrize("kind", ["minisblack", "miniswhite", "rgb"])
def test_saturated_pixels_say_nothing_of_the_bits(share: float, kind: str) -> None:
    deep = TISSUE.astype(np.uint16) << 4
    hot = np.random.default_rng(1).random(TISSUE.shape) < share
    deep[hot] = 65535
    expected, top = np.where(hot, 255, TISSUE), 4095
    if kind != "rgb":
        deep, expected = deep[..., 0], expected[..., :1]
    if kind == "miniswhite":
        expected = 255 - expected
    for tags in ([(281, 3, 1, top, True)], []) if share < 0.2 else ([(281, 3, 1, top, True)],):
        image = read(deep, photometric=kind, extratags=tags)
        assert np.array_equal(image.pixels, np.broadcast_to(expected, TISSUE.shape))
        assert image.info.notes[0] == "16 bit, of which 12 are used, scaled to 8 bit"


def test_hot_pixels_hide_no_darkness() -> None:
    dim = TISSUE.astype(np.uint16) << 7
    dim[np.random.default_rng(1).random(TISSUE.shape) < 0.02] = 65535
    assert any("dark" in note for note in read(dim).info.notes)


def test_alpha_of_more_bits_is_full_in_8_or_in_all() -> None:
    for top in (255, 4095, 65535):
        deep = np.dstack([TISSUE.astype(np.uint16) << 4, np.full(TISSUE.shape[:2], top, np.uint16)])
        image = read(deep, photometric="rgb", extrasamples=["unassalpha"])
        assert np.array_equal(image.pixels, TISSUE), top


def test_sixteen_bits_are_kept_where_they_are_used() -> None:
    image = read(TISSUE.astype(np.uint16) * 257)
    assert np.array_equal(image.pixels, TISSUE)
    assert image.info.notes == ("16 bit scaled to 8 bit",)


@pytest.mark.parametrize("shift", [0, 8])
def test_colour_maps_have_8_or_16_bits(shift: int) -> None:
    palette = np.random.default_rng(0).integers(0, 256, (3, 256)).astype(np.uint16)
    index = TISSUE[..., 0]
    image = read(index, photometric="palette", colormap=palette << shift)
    assert np.array_equal(image.pixels, palette.T[index])
    assert image.info.mode == "P"


def test_one_white_of_16_bits_makes_no_map_of_16_bits() -> None:
    palette = np.random.default_rng(0).integers(0, 256, (3, 256)).astype(np.uint16)
    palette[:, 255] = 65535
    index = TISSUE[..., 0]
    image = read(index, photometric="palette", colormap=palette)
    assert np.array_equal(image.pixels, np.minimum(palette, 255).T[index])


def test_seven_channels_are_no_colours() -> None:
    deep = np.concatenate([TISSUE, TISSUE, TISSUE[..., :1]], axis=-1)
    with pytest.raises(ImageError, match=r"7 channels.*does not read"):
        read(deep, photometric="rgb", extrasamples=["unspecified"] * 4, planarconfig="contig")


@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("codec", [None, "lzw"])
def test_alpha_of_nothing_everywhere_is_no_alpha(alpha: str, codec: str | None) -> None:
    rgba = np.dstack([TISSUE, np.zeros_like(TISSUE[..., :1])])
    image = read(rgba, extrasamples=[alpha], compression=codec)
    assert np.array_equal(image.pixels, TISSUE)
    assert "taken as opaque" in image.info.notes[0]


def test_alpha_of_nothing_in_png_and_bmp() -> None:
    rgba = PillowImage.fromarray(np.dstack([TISSUE, np.zeros_like(TISSUE[..., :1])]))
    for name in ("PNG", "BMP"):
        buffer = io.BytesIO()
        rgba.save(buffer, name)
        image = read_image(buffer.getvalue())
        assert np.array_equal(image.pixels, TISSUE), name


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_alpha_of_yes_and_no_is_no_alpha(kind: str) -> None:
    image = read(np.dstack([TISSUE, np.ones(TISSUE.shape[:2], np.uint8)]), extrasamples=[kind])
    assert np.array_equal(image.pixels, TISSUE)


def test_fifteen_bits_are_told_to_be_dark() -> None:
    assert any(note.startswith("dark") for note in read(TISSUE.astype(np.uint16) << 7).info.notes)
    assert np.array_equal(
        read(TISSUE.astype(np.uint16) << 7, extratags=[(281, 3, 1, 32767, True)]).pixels, TISSUE
    )


def test_some_alpha_is_laid_over_white() -> None:
    alpha = np.full(TISSUE.shape[:2], 255, np.uint8)
    alpha[:10] = 0
    image = read(np.dstack([TISSUE, alpha]), extrasamples=["unassalpha"])
    assert (image.pixels[:10] == 255).all()
    assert np.array_equal(image.pixels[10:], TISSUE[10:])


def test_three_samples_are_colours_whatever_they_are_called() -> None:
    image = read(TISSUE, photometric="minisblack", planarconfig="contig")
    assert np.array_equal(image.pixels, TISSUE)


@pytest.mark.parametrize("number", [2, 5, 6])
def test_other_numbers_of_channels_are_named(number: int) -> None:
    samples = np.repeat(TISSUE[..., :1], number, axis=-1)
    with pytest.raises(ImageError, match=f"uses {number} channels"):
        read(samples, photometric="minisblack", planarconfig="contig")


PLANES = np.moveaxis(TISSUE, -1, 0)


@pytest.mark.parametrize(
    "names",
    [
        *(["Red", "Green", "Blue"], ["B", "G", "R"], ["blue", "red", "green"]),
        *(["Brightfield Red", "Brightfield Green", "Brightfield Blue"], ["rouge", "vert", "bleu"]),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_ome_channels_of_colours_are_put_together(names: list[str], dtype: Any) -> None:
    values = PLANES.astype(dtype) * (257 if dtype is np.uint16 else 1)
    planes = [values["rgb_v".index(name.split()[-1][0].lower()) % 3] for name in names]
    image = read(
        np.stack(planes),
        photometric="minisblack",
        ome=True,
        metadata={"axes": "CYX", "Channel": {"Name": names}},
    )
    assert np.array_equal(image.pixels, TISSUE)
    assert "three pages of red, green and blue put together" in image.info.notes


def test_imagej_channels_of_colours_are_put_together() -> None:
    for metadata in (
        {"axes": "CYX", "Labels": ["Red", "Green", "Blue"]},
        {"axes": "CYX", "mode": "composite"},
        {"axes": "ZYX", "Labels": ["Red", "Green", "Blue"]},
    ):
        image = read(PLANES, photometric="minisblack", imagej=True, metadata=metadata)
        assert np.array_equal(image.pixels, TISSUE)


@pytest.mark.parametrize("kind", ["ome", "imagej"])
def test_three_channels_of_8_bits_without_names_are_taken_for_colours_and_it_is_told(
    kind: str,
) -> None:
    image = read(PLANES, photometric="minisblack", metadata=_grey(kind), **{kind: True})
    assert np.array_equal(image.pixels, TISSUE)
    assert "three channels without names taken for red, green and blue" in image.info.notes


@pytest.mark.parametrize("kind", ["ome", "imagej"])
@pytest.mark.parametrize(
    ("names", "number", "dtype"),
    [
        (["DAPI", "FITC", "Texas Red"], 3, np.uint8),
        (["Red", "Green", "IR"], 3, np.uint8),
        (None, 3, np.uint16),
        (None, 2, np.uint8),
        (None, 4, np.uint8),
    ],
)
def test_other_channels_are_refused_as_what_they_are(
    kind: str, names: list[str] | None, number: int, dtype: Any
) -> None:
    metadata = _grey(kind)
    if names:
        metadata |= {"Labels": names} if kind == "imagej" else {"Channel": {"Name": names}}
    planes = np.concatenate([PLANES, PLANES])[:number].astype(dtype)
    with pytest.raises(ImageError, match=rf"{number} channels.*one channel alone"):
        read(planes, photometric="minisblack", metadata=metadata, **{kind: True})


def _grey(kind: str) -> dict[str, Any]:
    return {"axes": "CYX"} | ({"mode": "grayscale"} if kind == "imagej" else {})


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


@pytest.mark.parametrize("bits", [1, 4])
@pytest.mark.parametrize("kind", ["minisblack", "miniswhite"])
def test_few_bits_and_both_meanings_of_zero(bits: int, kind: str) -> None:
    values = (TISSUE[..., 0] >> (8 - bits)).astype(np.uint8)
    image = read(values if bits > 1 else values.astype(bool), photometric=kind, bitspersample=bits)
    grey = values.astype(int) * 255 // ((1 << bits) - 1)
    expected = grey if kind == "minisblack" else 255 - grey
    assert np.array_equal(image.pixels[..., 0], expected)


def test_a_large_picture_in_one_strip_and_thousands_of_empty_lines_are_read() -> None:
    """By a cubic search of the description, the second took minutes."""
    file = io.BytesIO()
    grey = np.full((8400, 8200), 170, np.uint8)
    tifffile.imwrite(file, grey, metadata=None, description="x" + 20_000 * "\n" + "x")
    assert read_image(file.getvalue()).pixels.shape == (8400, 8200, 3)
