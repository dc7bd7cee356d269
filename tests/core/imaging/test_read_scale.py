import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from core.imaging.read import read_image

PICTURE = PillowImage.fromarray(np.full((8, 8, 3), 200, np.uint8))


def scale_of(name: str, **options: Any) -> float | None:
    buffer = io.BytesIO()
    PICTURE.save(buffer, name, **options)
    return read_image(buffer.getvalue()).info.um_per_px


def described(text: str, density: float | None = None) -> float | None:
    tags = ImageFileDirectory_v2()
    tags[270] = text
    options: dict[str, Any] = {}
    if density:
        options = {"x_resolution": density, "y_resolution": density, "resolution_unit": 1}
    return scale_of("TIFF", tiffinfo=tags, **options)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "BMP"])
@pytest.mark.parametrize("um_per_px", [0.4, 1.0, 4.0])
def test_a_microscope_scale_is_read_from_the_density(name: str, um_per_px: float) -> None:
    dots_per_inch = 25_400 / um_per_px
    stated = scale_of(name, dpi=(dots_per_inch, dots_per_inch))
    assert stated == pytest.approx(um_per_px, rel=1e-3)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "BMP"])
@pytest.mark.parametrize("dots_per_inch", [1, 72, 96, 300, 600])
def test_the_density_of_a_printed_page_is_no_scale(name: str, dots_per_inch: int) -> None:
    assert scale_of(name, dpi=(dots_per_inch, dots_per_inch)) is None


def test_no_density_and_unequal_densities_give_no_scale() -> None:
    for name in ("PNG", "JPEG", "TIFF", "BMP", "WEBP"):
        assert scale_of(name) is None
    assert scale_of("PNG", dpi=(25_400, 12_700)) is None


def test_centimetres_are_understood() -> None:
    stated = scale_of("TIFF", resolution_unit=3, x_resolution=20_000, y_resolution=20_000)
    assert stated == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["JPEG", "WEBP"])
def test_exif_density_is_read(name: str) -> None:
    exif = PillowImage.Exif()
    exif[282] = exif[283] = 50_800.0
    exif[296] = 2
    assert scale_of(name, exif=exif) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "um_per_px"),
    [
        ('<OME><Pixels PhysicalSizeX="0.25" PhysicalSizeY="0.25"/></OME>', 0.25),
        ('<OME><Pixels PhysicalSizeX="250" PhysicalSizeXUnit="nm"/></OME>', 0.25),
        ('<OME><Pixels PhysicalSizeX="250" PhysicalSizeXUnit="pixel"/></OME>', None),
        ("Aperio Image Library v11|AppMag = 20|MPP = 0.4990|Left = 1", 0.499),
        ("Aperio Image Library v11|MPP = 0.4.9", None),
        ("Aperio Image Library v11|mpp=0,499", 0.499),
        ("Aperio Image Library v11|MPPX = 0.499|MPPY = 0.499", 0.499),
        ("Aperio Image Library v11|MPP = 0.25 um/pixel", 0.25),
        ("Aperio Image Library v11|MPP = 250 nm", 0.25),
        ("Aperio Image Library v11|MPP = 0.25 0.25", None),
        ("Aperio Image Library v11|MPP = 0.25 furlongs", None),
        ("Aperio Image Library v11|MPP = 499", None),
        ("a patient's breast", None),
    ],
)
def test_descriptions_of_slide_scanners(text: str, um_per_px: float | None) -> None:
    assert described(text) == um_per_px


OME = '<OME><Pixels PhysicalSizeX="{0}" PhysicalSizeY="{0}"/></OME>'


@pytest.mark.parametrize(
    ("text", "um_per_px", "noted"),
    [
        (OME.format(0.25), 0.5, True),
        ("Aperio Image Library v11|MPP = 0.25", 0.5, True),
        (OME.format(0.25), 0.26, False),  # as measured beside nominal
        (OME.format(0.25), 84.7, False),  # 300 dots per inch, of print
        ("a patient's breast", 0.5, False),
    ],
)
def test_a_file_that_states_two_scales_says_so(text: str, um_per_px: float, *, noted: bool) -> None:
    tags = ImageFileDirectory_v2()
    tags[270] = text
    buffer = io.BytesIO()
    density = 10_000 / um_per_px
    PICTURE.save(
        buffer, "TIFF", tiffinfo=tags, resolution_unit=3, x_resolution=density, y_resolution=density
    )
    info = read_image(buffer.getvalue()).info
    assert info.um_per_px == pytest.approx(um_per_px if text.startswith("a ") else 0.25)
    words = "states 0.25 µm/px and elsewhere 0.5 µm/px; the first is taken"
    assert (words in info.notes) == noted
    assert noted or info.notes == ()


def test_a_photograph_that_states_two_scales_says_so() -> None:
    exif = PillowImage.Exif()
    exif[282] = exif[283] = 50_800.0
    exif[296] = 2
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG", dpi=(25_400, 25_400), exif=exif)
    data = bytearray(buffer.getvalue())
    if b"JFIF\0" in data:
        struct.pack_into(">BHH", data, data.index(b"JFIF\0") + 7, 1, 25_400, 25_400)
    info = read_image(bytes(data)).info
    assert info.um_per_px == pytest.approx(1.0)
    assert "states 1 µm/px and elsewhere 0.5 µm/px; the first is taken" in info.notes


def test_imagej_counts_pixels_a_micron() -> None:
    text = "ImageJ=1.54\nunit=micron\n"
    assert described(text, density=2.5) == pytest.approx(0.4)
    assert described(text.replace("micron", "inch"), density=2.5) is None


def test_damaged_exif_and_text_do_not_hinder_the_picture() -> None:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(range(60)))
    assert read_image(buffer.getvalue()).pixels.shape == (8, 8, 3)
    buffer = io.BytesIO()
    PICTURE.save(buffer, "PNG")
    head, rest = buffer.getvalue()[:33], buffer.getvalue()[33:]
    bomb = b"zTXtnote\0\0" + zlib.compress(bytes(50_000_000))
    chunk = struct.pack(">I", len(bomb) - 4) + bomb + struct.pack(">I", zlib.crc32(bomb))
    wrong = struct.pack(">I", 4) + b"tIMEnoneXXXX"
    assert read_image(head + chunk + wrong + rest).pixels.shape == (8, 8, 3)
