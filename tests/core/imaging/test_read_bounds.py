"""Files made to cost work or memory are refused in words, quickly and in little memory."""

import io
import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

from core.errors import ImageError
from core.imaging.read import read_image

ROOT = Path(__file__).resolve().parents[3]
PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
SECONDS, MEGABYTES = 5.0, 400


def encoded(name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(PICTURE).save(buffer, name, **options)
    return buffer.getvalue()


def tiff(pixels: np.ndarray = PICTURE, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **{"photometric": "rgb", "metadata": None} | options)
    return buffer.getvalue()


def jpeg_of_segments(segment: bytes) -> bytes:
    whole = encoded("JPEG")
    return whole[:2] + segment * (20_000_000 // len(segment)) + whole[2:]


def jpeg_of_scans(scans: int, between: bytes = b"") -> bytes:
    whole = encoded("JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + between + whole[last:-2] * scans + whole[-2:]


def shared_tiles() -> bytes:
    """10,000 tiles of which each takes all of a file of 20 MB."""
    data = bytearray(tiff(np.zeros((1600, 1600, 3), np.uint8), tile=(16, 16), compression="jpeg"))
    data += bytes(20_000_000)
    start = struct.unpack_from("<I", data, 4)[0]
    for entry in range(start + 2, start + 2 + 12 * data[start], 12):
        tag, _, count, place = struct.unpack_from("<HHII", data, entry)
        if tag == 325:  # TileByteCounts
            kind = struct.unpack_from("<H", data, entry + 2)[0]
            if kind == 3:  # as long numbers, behind all else
                struct.pack_into("<H", data, entry + 2, 4)
                struct.pack_into("<I", data, entry + 8, len(data))
                place = len(data)
                data += bytes(4 * count)
            struct.pack_into(f"<{count}I", data, place, *[15_000_000] * count)
    return bytes(data)


def png_of_chunks() -> bytes:
    whole = encoded("PNG")
    chunk = struct.pack(">I", 0) + b"tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))
    return whole[:33] + chunk * 1_000_000 + whole[33:]


def png_of_surplus(bits: int) -> bytes:
    """A picture of 64×64 px with pixels for 500 MB."""
    head = struct.pack(">IIBBBBB", 64, 64, bits, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(500_000_000), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def with_entry(tag: int, kind: int, count: int, value: int) -> bytes:
    """A TIFF file, one of whose entries is written over; 20 MB of zeros lie behind it."""
    data = bytearray(tiff(extratags=[(tag, 4, 1, 1, True)]) + bytes(20_000_000))
    start = struct.unpack_from("<I", data, 4)[0]
    for at in range(start + 2, start + 2 + 12 * data[start], 12):
        if struct.unpack_from("<H", data, at)[0] == tag:
            struct.pack_into("<HII", data, at + 2, kind, count, value)
    return bytes(data)


def piece_of(coded: bytes, compression: int) -> bytes:
    """A TIFF file of one tile, whose compressed bytes are these."""
    data = bytearray(tiff(tile=(64, 64)))
    start = struct.unpack_from("<I", data, 4)[0]
    for at in range(start + 2, start + 2 + 12 * data[start], 12):
        tag = struct.unpack_from("<H", data, at)[0]
        if tag == 259:
            struct.pack_into("<HII", data, at + 2, 3, 1, compression)
        elif tag == 324:
            struct.pack_into("<HII", data, at + 2, 4, 1, len(data))
        elif tag == 325:
            struct.pack_into("<HII", data, at + 2, 4, 1, len(coded))
    return bytes(data) + coded


def large(codec: str) -> bytes:
    """A picture of one colour, 2048×2048 px, in few bytes."""
    return getattr(imagecodecs, f"{codec}_encode")(np.zeros((2048, 2048, 3), np.uint8))


def bmp_of_runs() -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, 9000, 9000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(head)) + head + b"\0\0" * 10_000_000


def webp_of_chunks() -> bytes:
    whole = encoded("WEBP", exif=PillowImage.Exif().tobytes() + b"\0")
    return whole + b"JUNK\0\0\0\0" * 2_000_000


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ']><OME><Image Name="&j;"><Pixels PhysicalSizeX="1"/></Image></OME>'
)
REFUSED: dict[str, Callable[[], bytes]] = {
    "JPEG of empty segments": lambda: jpeg_of_segments(b"\xff\xe0\0\x02"),
    "JPEG of tables": lambda: jpeg_of_segments(b"\xff\xfe\0\x02"),
    "JPEG of restart markers": lambda: jpeg_of_segments(b"\xff\xd0"),
    "JPEG of fill bytes": lambda: jpeg_of_segments(b"\xff"),
    "JPEG of 300 scans": lambda: jpeg_of_scans(300),
    "JPEG of scans behind a feigned end": lambda: jpeg_of_scans(300, b"\xff\xfe\0\x04\xff\xd9"),
    "TIFF of tiles that share their bytes": shared_tiles,
    "PNG of chunks": png_of_chunks,
    "TIFF of many values": lambda: with_entry(40000, 3, 9_000_000, 100),
    "TIFF of a huge count": lambda: with_entry(40000, 3, 0xFFFFFFFF, 100),
    "TIFF of strips": lambda: with_entry(273, 4, 1_000_000, 100),
    "TIFF of a deflate bomb": lambda: piece_of(zlib.compress(bytes(50_000_000)), 8),
    "TIFF of a JPEG bomb": lambda: piece_of(large("jpeg8"), 7),
    "TIFF of a JPEG 2000 bomb": lambda: piece_of(large("jpeg2k"), 34712),
    "TIFF of a WebP bomb": lambda: piece_of(large("webp"), 50001),
    "TIFF of a PNG bomb": lambda: piece_of(large("png"), 34933),
    "TIFF of a JPEG XL bomb": lambda: piece_of(large("jpegxl"), 50002),
    "TIFF of JPEG XL frames": lambda: piece_of(
        imagecodecs.jpegxl_encode(np.zeros((90, 64, 64, 3), np.uint8)), 50002
    ),
    "PNG of surplus pixels": lambda: png_of_surplus(16),
    "TIFF of a PNG of surplus pixels": lambda: piece_of(png_of_surplus(8), 34933),
    "BMP of run lengths": bmp_of_runs,
}
READ: dict[str, Callable[[], bytes]] = {
    "TIFF of entities": lambda: tiff(description=ENTITIES),
    "TIFF of one page twice": lambda: tiff(extratags=[(330, 4, 1, 8, True)]),
}

MEASURE = """
import pathlib, resource, sys, time
from core.errors import ImageError
from core.imaging.read import read_image
for path in map(pathlib.Path, sys.argv[1:]):
    data = path.read_bytes()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        read_image(data)
        words = "was read"
    except ImageError as error:
        words = str(error)
    seconds = time.process_time() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(path.name, seconds, grown, words, sep="\\t")
"""


def test_attacks_are_refused_in_little_time_and_memory(tmp_path: Path) -> None:
    for case, make in REFUSED.items():
        (tmp_path / case).write_bytes(make())
    places = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEASURE, *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": places},
    )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {line[0] for line in lines} == set(REFUSED)
    for case, seconds, kilobytes, words in lines:
        refused = (
            "again.",
            "more than any real image needs",
            "which Lobule does not read",
        )
        assert any(part in words for part in refused), (case, words)
        assert float(seconds) < SECONDS, case
        assert int(kilobytes) < 1000 * MEGABYTES, case


@pytest.mark.parametrize("case", READ)
def test_what_only_the_words_hold_does_not_hinder_the_picture(case: str) -> None:
    start = time.process_time()
    image = read_image(READ[case]())
    assert np.array_equal(image.pixels, PICTURE)
    assert image.info.um_per_px is None
    assert time.process_time() - start < SECONDS


def test_a_picture_behind_the_picture_counts_for_nothing() -> None:
    whole = jpeg_of_scans(5) + b"".join(jpeg_of_scans(5) for _ in range(20))
    assert read_image(whole).pixels.shape == PICTURE.shape


def test_usual_progressive_pictures_of_many_scans_are_read() -> None:
    assert read_image(jpeg_of_scans(5)).pixels.shape == PICTURE.shape


def test_a_chunk_flood_in_webp_ends() -> None:
    start = time.process_time()
    try:
        read_image(webp_of_chunks())
    except ImageError as error:
        assert str(error).endswith(".")  # noqa: PT017 - refused or read, but soon
    assert time.process_time() - start < SECONDS
