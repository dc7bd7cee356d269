"""Colour profiles: converted as Pillow's ImageCms does, by training and inference alike."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage
from PIL import ImageCms

from core.datasets.audit.pictures import decode_picture
from core.imaging.phantom import render_phantom
from core.imaging.read import read_image

TISSUE = render_phantom(1, 60, 60, 1.0).pixels


def wide() -> bytes:
    """The profile of sRGB with red and green exchanged for wider ones (Display P3's primaries)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    columns = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.2920, 0.6922, 0.0419),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    for tag, values in columns.items():
        entry = profile.index(tag)
        place = int.from_bytes(profile[entry + 4 : entry + 8])
        for number, value in enumerate(values):
            fixed = round(value * 65536) & 0xFFFFFFFF
            profile[place + 8 + 4 * number : place + 12 + 4 * number] = fixed.to_bytes(4)
    return bytes(profile)


def encoded(name: str, profile: bytes) -> bytes:
    buffer = io.BytesIO()
    if name == "BMP":
        return bitmap(profile)
    if name == "TIFF":
        tag = [(34675, 7, len(profile), profile, True)]
        tifffile.imwrite(buffer, TISSUE, photometric="rgb", metadata=None, extratags=tag)
    else:
        options: dict[str, Any] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(
            name, {}
        )
        PillowImage.fromarray(TISSUE).save(buffer, name, icc_profile=profile, **options)
    return buffer.getvalue()


def bitmap(profile: bytes, kind: bytes = b"DEBM") -> bytes:
    """A BMP file of version 5 (BITMAPV5HEADER), which Pillow reads and does not write."""
    height, width, _ = TISSUE.shape
    padding = b"\0" * (-3 * width % 4)
    rows = b"".join(row[:, ::-1].tobytes() + padding for row in TISSUE[::-1])
    header = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 24, 0, len(rows), 0, 0, 0, 0)
    header += bytes(16) + kind + bytes(48)
    header += struct.pack("<IIII", 4, 124 + len(rows), len(profile), 0)
    start = struct.pack("<IHHI", 138 + len(rows) + len(profile), 0, 0, 138)
    return b"BM" + start + header + rows + profile


@pytest.mark.parametrize("kind", [b"KNIL", b"BGRs", b" niW"])
def test_a_bitmap_without_a_profile_in_it_is_read_as_it_is(kind: bytes) -> None:
    image = read_image(bitmap(b"C:\\some.icc\0", kind))
    assert np.array_equal(image.pixels, TISSUE)
    assert image.info.notes == ()


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_a_profile_is_converted_as_pillow_does(name: str) -> None:
    data = encoded(name, wide())
    stored = PillowImage.open(io.BytesIO(data)).convert("RGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(wide()))
    theirs = ImageCms.profileToProfile(stored, source, ImageCms.createProfile("sRGB"))
    image = read_image(data)
    assert np.array_equal(image.pixels, np.asarray(theirs))
    assert np.abs(image.pixels.astype(int) - np.asarray(stored)).max() > 2
    assert any("into sRGB" in note for note in image.info.notes)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_the_profile_of_srgb_changes_nothing_and_is_no_news(name: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = read_image(encoded(name, profile))
    assert image.info.notes == ()
    if name != "JPEG":
        assert np.array_equal(image.pixels, TISSUE)


def test_training_reads_the_same_colours() -> None:
    data = encoded("PNG", wide())
    pixels, _ = decode_picture(data, 10**7, 10**7)
    assert np.array_equal(pixels, read_image(data).pixels)


@pytest.mark.parametrize("profile", [b"nonsense", wide()[:200]])
def test_a_damaged_profile_is_told_and_does_not_hinder(profile: bytes) -> None:
    image = read_image(encoded("TIFF", profile))
    assert np.array_equal(image.pixels, TISSUE)
    assert image.info.notes == ("its colour profile is damaged: ignored",)


def grey_profile(gamma: float) -> bytes:
    """A profile of grey values with one gamma (ICC.1:2022, monochrome display)."""
    curve = struct.pack(">4sIIH", b"curv", 0, 1, round(gamma * 256)) + b"\0\0"
    white = struct.pack(">4sIiii", b"XYZ ", 0, 0xF6D6, 0x10000, 0xD32D)
    words = struct.pack(">4sII", b"desc", 0, 5) + b"grey\0" + bytes(79)
    tags = {b"desc": words, b"wtpt": white, b"kTRC": curve, b"cprt": b"text\0\0\0\0none\0\0\0\0"}
    table, content = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(content), len(value))
        content += value
    size = 128 + len(table) + len(content)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head + bytes(128 - len(head)) + table + content


def test_a_grey_profile_counts_with_and_without_transparency() -> None:
    profile = grey_profile(1.0)
    grey = PillowImage.fromarray(TISSUE).convert("L")
    images = []
    for mode in ("L", "LA"):
        buffer = io.BytesIO()
        grey.convert(mode).save(buffer, "PNG", icc_profile=profile)
        images.append(read_image(buffer.getvalue()))
    assert all(any("into sRGB" in note for note in image.info.notes) for image in images)
    assert np.array_equal(images[0].pixels, images[1].pixels)
    assert images[0].pixels.mean() > np.asarray(grey).mean() + 5
