import io
import re
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from core.datasets.audit.pictures import decode_picture
from core.errors import ImageError
from core.imaging.read import read_image
from tests.core.datasets.audit.conftest import picture

LIMITS = (10**7, 10**7)


def encoded(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    PillowImage.fromarray(pixels).save(content, kind, **options)
    return content.getvalue()


PNG = encoded(picture(0))


def assert_as_read_image(data: bytes) -> None:
    try:
        pixels, square = decode_picture(data, *LIMITS)
    except ImageError as error:
        with pytest.raises(ImageError, match=re.escape(str(error))):
            read_image(data)
    else:
        image = read_image(data)
        np.testing.assert_array_equal(pixels, image.pixels)
        assert square == image.info.square_pixels


@pytest.mark.parametrize(
    "data",
    [
        PNG,
        encoded(picture(1), "JPEG"),
        encoded(picture(1), "TIFF"),
        encoded(picture(1)[:, :, 0]),
        encoded(np.dstack([picture(1), picture(2)[:, :, 0]])),
        encoded(picture(1), transparency=tuple(int(v) for v in picture(1)[0, 0])),
        b"",
        b"no picture",
        PNG[:-30],
        PNG[: len(PNG) // 2] + PNG[-12:],
        PNG + b"more",
        encoded(picture(1), dpi=(96, 96)),
        encoded(picture(1), dpi=(96, 192)),
        encoded(picture(1), "JPEG", dpi=(96, 192)),
    ],
)
def test_pixels_and_words_are_those_of_read_image(data: bytes) -> None:
    assert_as_read_image(data)


def test_orientation_is_applied() -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    data = encoded(picture(3)[:, :30], exif=exif)
    assert b"eXIf" in data
    assert_as_read_image(data)


def test_limits_are_kept() -> None:
    for limits in ((len(PNG) - 1, 10**6), (10**6, 2499)):
        with pytest.raises(ImageError, match="at most"):
            decode_picture(PNG, *limits)


@given(st.integers(8, len(PNG) - 1), st.integers(1, 255))
def test_damage_is_never_taken_for_a_picture(at: int, change: int) -> None:
    """Whatever byte is wrong: a picture that differs from the true one is never returned."""
    data = bytearray(PNG)
    data[at] ^= change
    with suppress(ImageError):
        pixels, _ = decode_picture(bytes(data), *LIMITS)
        np.testing.assert_array_equal(pixels, read_image(bytes(data)).pixels)
