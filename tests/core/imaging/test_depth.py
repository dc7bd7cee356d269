"""Bits, brightness and transparency, as the camera meant them."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image as PillowImage

from core.imaging.read import read_image
from tests.core.imaging.conftest import TISSUE, read, tiff


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
