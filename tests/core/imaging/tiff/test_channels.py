"""Which channels of a TIFF file are colours, and what is said of the others."""

from typing import Any

import numpy as np
import pytest

from core.errors import ImageError
from core.imaging.read import read_image
from tests.core.imaging.conftest import TISSUE, read, tiff

PLANES = np.moveaxis(TISSUE, -1, 0)


def test_grey_pages_are_told_to_be_one_channel_only() -> None:
    image = read(PLANES, photometric="minisblack")
    assert image.info.notes == ("first of 3 pages, which is one channel only, without colour",)


def test_three_samples_are_colours_whatever_they_are_called() -> None:
    image = read(TISSUE, photometric="minisblack", planarconfig="contig")
    assert np.array_equal(image.pixels, TISSUE)


@pytest.mark.parametrize("number", [2, 5, 6])
def test_other_numbers_of_channels_are_named(number: int) -> None:
    samples = np.repeat(TISSUE[..., :1], number, axis=-1)
    with pytest.raises(ImageError, match=f"uses {number} channels"):
        read(samples, photometric="minisblack", planarconfig="contig")


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


def test_seven_channels_are_no_colours() -> None:
    deep = np.concatenate([TISSUE, TISSUE, TISSUE[..., :1]], axis=-1)
    with pytest.raises(ImageError, match=r"7 channels.*does not read"):
        read(deep, photometric="rgb", extrasamples=["unspecified"] * 4, planarconfig="contig")


def ome_planes(names: list[str], colours: list[int], planes: np.ndarray) -> bytes:
    """An OME-TIFF with a page a channel."""
    said = zip(names, colours, strict=True)
    channels = "".join(f'<Channel Name="{name}" Color="{colour}"/>' for name, colour in said)
    text = (
        f'<OME><Image><Pixels SizeX="{planes.shape[2]}" SizeY="{planes.shape[1]}" '
        f'SizeC="{len(planes)}" DimensionOrder="XYCZT">{channels}<TiffData/></Pixels></Image></OME>'
    )
    return tiff(planes, photometric="minisblack", description=text)


def test_channels_of_other_colours_are_no_red_green_and_blue() -> None:
    yellow_cyan_magenta = [0xFFFF00FF, 0x00FFFFFF, 0xFF00FFFF]
    with pytest.raises(ImageError, match="#ffff00, #00ffff, #ff00ff"):
        read_image(ome_planes([""] * 3, yellow_cyan_magenta, PLANES))
    assert np.array_equal(read_image(ome_planes([""] * 3, [-1] * 3, PLANES)).pixels, TISSUE)


def test_alpha_behind_red_green_and_blue_is_left_out() -> None:
    planes = np.concatenate([PLANES, np.full_like(PLANES[:1], 255)])
    data = ome_planes(["Red", "Green", "Blue", "Alpha"], [-1] * 4, planes)
    assert np.array_equal(read_image(data).pixels, TISSUE)
