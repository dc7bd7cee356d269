"""Whatever is done to a file, it either reads right or raises ImageError, in bounded memory."""

import io
import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from core.errors import ImageError
from core.imaging.read import read_image

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def reads_right_or_refuses(data: bytes) -> bool:
    try:
        image = read_image(data, max_pixels=1_000_000)
    except ImageError as error:
        words = str(error)
        assert words.endswith(".")
        assert "Error" not in words
        return False
    assert image.pixels.dtype == np.uint8
    assert image.pixels.shape == (image.info.height, image.info.width, 3)
    assert 0 < image.pixels.size <= 3_000_000
    return True


@HOSTILE
@given(data=st.data())
def test_truncated(data: st.DataObject, encodings: dict[str, bytes]) -> None:
    whole = encodings[data.draw(st.sampled_from(sorted(encodings)))]
    reads_right_or_refuses(whole[: data.draw(st.integers(0, len(whole) - 1))])


@HOSTILE
@given(data=st.data())
def test_bytes_changed(data: st.DataObject, encodings: dict[str, bytes]) -> None:
    changed = bytearray(encodings[data.draw(st.sampled_from(sorted(encodings)))])
    for _ in range(data.draw(st.integers(1, 4))):
        # Headers and tables lie at both ends, so half of the blows fall within 200 bytes of them.
        near = data.draw(st.booleans())
        reach = min(200, len(changed)) if near else len(changed)
        at = data.draw(st.integers(-reach, reach - 1))
        changed[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    reads_right_or_refuses(bytes(changed))


@HOSTILE
@given(data=st.data())
def test_spliced(data: st.DataObject, encodings: dict[str, bytes]) -> None:
    kinds = st.sampled_from(sorted(encodings))
    first, second = encodings[data.draw(kinds)], encodings[data.draw(kinds)]
    cut = data.draw(st.integers(0, len(first)))
    again = data.draw(st.integers(0, len(second)))
    reads_right_or_refuses(first[:cut] + second[again:])


@given(tail=st.binary(max_size=300), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_noise_after_a_real_beginning(
    tail: bytes, data: st.DataObject, encodings: dict[str, bytes]
) -> None:
    whole = encodings[data.draw(st.sampled_from(sorted(encodings)))]
    reads_right_or_refuses(whole[: data.draw(st.integers(0, 60))] + tail)


@pytest.mark.slow
def test_thousands_of_random_blows(encodings: dict[str, bytes]) -> None:
    rng = random.Random(20)  # noqa: S311 - reproducible damage, not secrets
    for whole in encodings.values():
        for _ in range(100):
            changed = bytearray(whole)
            for _ in range(rng.choice([1, 1, 2, 8])):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            reads_right_or_refuses(bytes(changed))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_half_a_file_is_never_taken_for_a_whole_one(
    share: float, encodings: dict[str, bytes]
) -> None:
    read = [k for k, d in encodings.items() if reads_right_or_refuses(d[: int(share * len(d))])]
    # Its first page may lie before the cut.
    assert set(read) <= {"tiff pages"}
    for kind in read:
        part = read_image(encodings[kind][: int(share * len(encodings[kind]))])
        assert np.array_equal(part.pixels, read_image(encodings[kind]).pixels)


def test_a_changed_png_never_shows_wrong_pixels(encodings: dict[str, bytes]) -> None:
    whole = encodings["png"]
    right = read_image(whole).pixels
    for at in range(8, len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        if reads_right_or_refuses(changed):
            assert np.array_equal(read_image(changed).pixels, right)


def huge(name: str) -> bytes:
    """A tiny file that declares 50,000×50,000 px."""
    buffer = io.BytesIO()
    PillowImage.new("RGB", (16, 16)).save(buffer, name)
    data = bytearray(buffer.getvalue())
    if name == "PNG":
        data[16:24] = struct.pack(">II", 50_000, 50_000)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif name == "JPEG":
        frame = data.index(b"\xff\xc0")
        data[frame + 5 : frame + 9] = struct.pack(">HH", 50_000, 50_000)
    elif name == "BMP":
        data[18:26] = struct.pack("<ii", 50_000, -50_000)
    elif name == "TIFF":
        start = struct.unpack_from("<I", data, 4)[0]
        for entry in range(start + 2, start + 2 + 12 * data[start], 12):
            if struct.unpack_from("<H", data, entry)[0] in {256, 257}:
                data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, 50_000)
    else:
        data[12:30] = b"VP8X" + struct.pack("<II", 10, 0) + (49_999).to_bytes(3, "little") * 2
    return bytes(data)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
def test_a_bomb_is_refused_by_its_header(name: str) -> None:
    with pytest.raises(ImageError, match=r"50000×50000 px .*whole slides"):
        read_image(huge(name))


TIFF_TAGS = {
    "a chain of pages that bites its tail": (256, None),
    "a million strips": (273, (4, 1_000_000)),
    "an endless tag": (273, (4, 0xFFFFFFFF)),
    "strips beyond the end": (279, (4, 60_000)),
}


@pytest.mark.parametrize("case", TIFF_TAGS)
def test_hostile_tiff_tables(case: str) -> None:
    buffer = io.BytesIO()
    PillowImage.new("L", (16, 16), 7).save(buffer, "TIFF")
    data = bytearray(buffer.getvalue())
    start = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    tag, value = TIFF_TAGS[case]
    if value is None:
        struct.pack_into("<I", data, start + 2 + 12 * count, start)
        assert read_image(bytes(data)).pixels[0, 0].tolist() == [7, 7, 7]
        return
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            struct.pack_into("<HI", data, entry + 2, *value)
    with pytest.raises(ImageError):
        read_image(bytes(data))
    reads_right_or_refuses(bytes(data) + bytes(5_000_000))


MEASURE = """
import pathlib, resource, sys
from core.errors import ImageError
from core.imaging.read import read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in map(pathlib.Path, sys.argv[1:]):
    try:
        read_image(path)
    except ImageError:
        continue
    raise SystemExit(f"{path} was read")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bombs_take_no_memory(tmp_path: Path) -> None:
    paths = []
    for name in ("PNG", "JPEG", "BMP", "TIFF", "WEBP"):
        paths.append(tmp_path / f"bomb.{name.lower()}")
        paths[-1].write_bytes(huge(name))
    paths.append(tmp_path / "wide.png")
    lines = zlib.compress(bytes(30_000_000), 9)
    paths[-1].write_bytes(huge("PNG")[:33] + struct.pack(">I", len(lines)) + b"IDAT" + lines)
    command = [sys.executable, "-W", "error", "-c", MEASURE, *map(str, paths)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert int(done.stdout) < 20_000  # kilobytes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"GIF89a" + bytes(20), "a GIF picture"),
        (bytes(128) + b"DICM" + bytes(20), "a DICOM file"),
        (b"PK\x03\x04" + bytes(20), "a ZIP archive"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"  <svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a sound or video file"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "a HEIC photograph"),
        (b"name,age\nx,3\n", "a text file"),
        (b"\0\x01\x02\x03" * 20, "a file of an unknown kind"),
    ],
)
def test_other_files_are_named(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        read_image(data)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_values_without_a_fixed_scale_are_refused(mode: str) -> None:
    buffer = io.BytesIO()
    PillowImage.new(mode, (4, 4)).save(buffer, "TIFF")
    with pytest.raises(ImageError, match="Export it as an ordinary 8-bit RGB"):
        read_image(buffer.getvalue())


def test_limits_are_exact(encodings: dict[str, bytes]) -> None:
    data = encodings["png"]
    read_image(data, max_bytes=len(data), max_pixels=24 * 32)
    with pytest.raises(ImageError, match="MB are read"):
        read_image(data, max_bytes=len(data) - 1)
    with pytest.raises(ImageError, match="megapixels are read"):
        read_image(data, max_pixels=24 * 32 - 1)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ImageError, match="at most 200"):
        read_image(path)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)
