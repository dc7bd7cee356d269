"""Real encodings of small images, one of each kind that Lobule reads."""

import io
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from core.imaging.phantom import render_phantom
from core.imaging.read import Image, ImageInfo, read_image
from core.imaging.scale import HIGHEST, LOWEST


def smooth(height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    """Tissue-coloured pixels without sharp edges, so that lossy formats keep them."""
    y, x = np.mgrid[:height, :width]
    return np.stack([230 - 2 * y, 120 + 2 * x, 180 + y - x], axis=-1).astype(np.uint8)


def encode(image: PillowImage.Image, name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def exif(orientation: int, **tags: Any) -> PillowImage.Exif:
    block = PillowImage.Exif()
    block[274] = orientation
    for tag, value in tags.items():
        block[int(tag.removeprefix("tag"))] = value
    return block


def describe(text: str) -> ImageFileDirectory_v2:
    tags = ImageFileDirectory_v2()
    tags[270] = text
    return tags


@pytest.fixture(scope="session")
def encodings() -> dict[str, bytes]:
    """File contents by a word for their kind."""
    rgb = PillowImage.fromarray(smooth())
    rgba = rgb.copy()
    rgba.putalpha(PillowImage.linear_gradient("L").resize(rgb.size))
    grey, palette = rgb.convert("L"), rgb.quantize(17)
    deep = smooth().astype(np.uint16) * 257
    png = {
        "png": encode(rgb, "PNG", dpi=(25_400, 25_400)),
        "png rgba": encode(rgba, "PNG"),
        "png la": encode(rgba.convert("LA"), "PNG"),
        "png grey": encode(grey, "PNG"),
        "png 1": encode(grey.convert("1"), "PNG"),
        "png palette": encode(palette, "PNG"),
        "png palette clear": encode(palette, "PNG", transparency=bytes(range(0, 255, 15))),
        "png clear colour": encode(rgb, "PNG", transparency=(230, 120, 180)),
        "png 16": cv2.imencode(".png", deep)[1].tobytes(),
        "png 16 grey": cv2.imencode(".png", deep[..., 0])[1].tobytes(),
        "png 16 rgba": cv2.imencode(".png", np.dstack([deep, deep[..., :1]]))[1].tobytes(),
        "png animated": encode(rgb, "PNG", save_all=True, append_images=[rgb.rotate(180)]),
        "png exif": encode(rgb, "PNG", exif=exif(6)),
    }
    jpeg = {
        "jpeg": encode(rgb, "JPEG", dpi=(25_400, 25_400)),
        "jpeg progressive": encode(rgb, "JPEG", progressive=True),
        "jpeg grey": encode(grey, "JPEG"),
        "jpeg cmyk": encode(rgb.convert("CMYK"), "JPEG"),
        "jpeg exif": encode(rgb, "JPEG", exif=exif(5, tag282=25_400.0, tag283=25_400.0, tag296=2)),
    }
    tiff = {
        "tiff": encode(rgb, "TIFF"),
        "tiff lzw": encode(rgb, "TIFF", compression="tiff_lzw", tiffinfo=describe("MPP = 0.5")),
        "tiff deflate": encode(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "tiff jpeg": encode(rgb, "TIFF", compression="jpeg"),
        "tiff rgba": encode(rgba, "TIFF"),
        "tiff grey": encode(grey, "TIFF"),
        "tiff 1": encode(grey.convert("1"), "TIFF", compression="group4"),
        "tiff palette": encode(palette, "TIFF"),
        "tiff cmyk": encode(rgb.convert("CMYK"), "TIFF"),
        "tiff pages": encode(rgb, "TIFF", save_all=True, append_images=[grey, palette]),
        "tiff big": encode(rgb, "TIFF", big_tiff=True),
        "tiff 16": cv2.imencode(".tiff", deep)[1].tobytes(),
        "tiff 16 grey": cv2.imencode(".tiff", deep[..., 0])[1].tobytes(),
    }
    rest = {
        "bmp": encode(rgb, "BMP"),
        "bmp grey": encode(grey, "BMP"),
        "bmp palette": encode(palette, "BMP"),
        "bmp 1": encode(grey.convert("1"), "BMP"),
        "webp": encode(rgb, "WEBP"),
        "webp lossless": encode(rgb, "WEBP", lossless=True),
        "webp rgba": encode(rgba, "WEBP", exif=exif(3)),
        "webp animated": encode(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)]),
    }
    return png | jpeg | tiff | rest


PICTURE = np.full((30, 40, 3), 200, np.uint8)


PLAUSIBLE = st.floats(LOWEST, HIGHEST).map(lambda value: float(f"{value:.5g}"))


# Micrometres of a unit, and the ways in which it is written.
UNITS = {
    1e-6: ["pm", "picometer", "picometre"],
    1e-4: ["Å", "angstrom", "Angstrom"],
    1e-3: ["nm", "nanometer", "nanometres", "NM"],
    1.0: [
        "µm",
        "μm",
        "um",
        "micron",
        "microns",
        "Micron",
        "micrometer",
        "micrometre",
        "micrometers",
        *("㎛", "(um)", "[µm]", "мкм", "微米", "micra"),
    ],
    1e3: ["mm", "millimeter", "millimetre", "millimeters"],
    1e4: ["cm", "centimeter", "centimetre"],
    1e6: ["m", "meter", "metre"],
    25_400.0: ["in", "inch", "inches", '"'],
}


SPELLINGS = [(um, word) for um, words in UNITS.items() for word in words]


def described(text: str, **options: Any) -> ImageInfo:
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, PICTURE, photometric="rgb", metadata=None, description=text.encode(), **options
    )
    return read_image(buffer.getvalue()).info


def ome(pixels: str, more: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'{more}<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" '
        f'SizeX="40" SizeY="30" SizeC="3" SizeZ="1" SizeT="1" {pixels}>'
        '<Channel ID="C:0" SamplesPerPixel="3"/><TiffData/></Pixels></Image></OME>'
    )


TISSUE = render_phantom(3, 100, 120, 1.0).pixels


SMALL = np.ascontiguousarray(TISSUE[::4, ::4])


def tiff(pixels: NDArray[Any] | Iterator[bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    options = {"photometric": "rgb", "metadata": None} | options
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def read(pixels: NDArray[Any], **options: Any) -> Image:
    return read_image(tiff(pixels, **options))
