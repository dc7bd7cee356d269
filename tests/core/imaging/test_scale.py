"""The scale by units, densities and shapes of pixels, drawn at random."""

import io
import math
import struct
import zlib
from typing import Any

import cv2
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from core.imaging.read import read_image
from core.imaging.scale import HIGHEST, um_of_unit, why_implausible
from tests.core.imaging.conftest import PICTURE, PLAUSIBLE, SPELLINGS


@pytest.mark.parametrize(("um", "word"), SPELLINGS)
def test_units_are_known_in_every_spelling(um: float, word: str) -> None:
    assert um_of_unit(word) == pytest.approx(um)
    assert um_of_unit(f" {word} ") == pytest.approx(um)


@pytest.mark.parametrize("word", ["pixel", "reference frame", "", "parsec?", "kg", "mmm"])
def test_other_words_are_no_units(word: str) -> None:
    assert um_of_unit(word) is None


def stretched_tiff(unit: int) -> bytes:
    buffer = io.BytesIO()
    options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "resolutionunit": unit}
    tifffile.imwrite(buffer, PICTURE, resolution=(300, 150), **options)
    return buffer.getvalue()


def stretched_jpeg(unit: int) -> bytes:
    data = bytearray(cv2.imencode(".jpg", PICTURE)[1].tobytes())
    struct.pack_into(">BHH", data, data.index(b"JFIF\0") + 7, unit, 300, 150)
    return bytes(data)


def with_chunk(name: bytes, content: bytes) -> bytes:
    data = cv2.imencode(".png", PICTURE)[1].tobytes()
    whole = struct.pack(">I", len(content)) + name + content
    return data[:33] + whole + struct.pack(">I", zlib.crc32(whole[4:])) + data[33:]


STRETCHED = {
    "no unit, TIFF": stretched_tiff(1),
    "dots per inch, TIFF": stretched_tiff(2),
    "per cm, TIFF": stretched_tiff(3),
    "no unit, JPEG": stretched_jpeg(0),
    "dots per inch, JPEG": stretched_jpeg(1),
    "no unit, PNG": with_chunk(b"pHYs", struct.pack(">IIB", 300, 150, 0)),
    "per metre, PNG": with_chunk(b"pHYs", struct.pack(">IIB", 3000, 1500, 1)),
    "in the specimen, PNG": with_chunk(b"sCAL", b"\x012e-6\x004e-6"),
}


@pytest.mark.parametrize("data", STRETCHED.values(), ids=STRETCHED)
def test_pixels_that_are_not_square_are_told_whatever_the_unit(data: bytes) -> None:
    info = read_image(data).info
    assert not info.square_pixels
    assert info.um_per_px is None
    assert "not square" in info.scale_words


def test_png_states_the_size_in_the_specimen_beside_that_on_paper() -> None:
    data = with_chunk(b"sCAL", b"\x014e-6\x004e-6")
    printed = struct.pack(">I", 9) + b"pHYs" + struct.pack(">IIB", 11811, 11811, 1)
    both = data[:33] + printed + struct.pack(">I", zlib.crc32(printed[4:])) + data[33:]
    for whole in (data, both):
        assert read_image(whole).info.um_per_px == pytest.approx(4.0)


@given(
    PLAUSIBLE,
    st.sampled_from([(2, 25_400.0), (3, 1e4), (4, 1e3), (5, 1.0)]),
    st.sampled_from(["rational", "srational", "float", "double"]),
)
def test_resolution_tags_of_any_unit_and_number_type(
    um_per_px: float, unit: tuple[int, float], kind: str
) -> None:
    number, um = unit
    density = um / um_per_px
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        PICTURE,
        photometric="rgb",
        metadata=None,
        resolution=(density, density),
        resolutionunit=number,
    )
    data = bytearray(buffer.getvalue())
    start = struct.unpack_from("<I", data, 4)[0]
    for entry in range(start + 2, start + 2 + 12 * data[start], 12):
        tag, _, _, place = struct.unpack_from("<HHII", data, entry)
        if tag not in {282, 283}:
            continue
        below = 10_000 if density < 1000 else 100
        code, layout, values = {
            "rational": (5, "<II", (round(density * below), below)),
            "srational": (10, "<ii", (round(density * below), below)),
            "float": (11, "<f", (density,)),
            "double": (12, "<d", (density,)),
        }[kind]
        struct.pack_into("<H", data, entry + 2, code)
        struct.pack_into(layout, data, entry + 8 if kind == "float" else place, *values)
    info = read_image(bytes(data)).info
    printed = number in {2, 3} and 25_400 / um_per_px <= 4800
    if printed:
        assert info.um_per_px is None
        assert "dots per inch" in info.scale_words or um_per_px > HIGHEST * 0.999
    elif not math.isclose(25_400 / um_per_px, 4800, rel_tol=1e-3):
        assert info.um_per_px == pytest.approx(um_per_px, rel=2e-3)


def test_numbers_that_are_objectives_are_asked_back() -> None:
    assert "did you mean 40×, 0.25 µm/px?" in str(why_implausible(40))
    assert "0.05 to 20" in str(why_implausible(0.001))
    assert why_implausible(0.25) is None
    assert why_implausible(20.0) is None
