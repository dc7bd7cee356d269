"""Images out of a zip archive: all of them, nothing else, and no more than there is room for."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ImageError
from core.imaging.archive import Unpacked, unpack

SUFFIXES = (".png", ".tif")


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def unpacked(
    data: bytes, most: int = 10, largest: int = 1000, most_bytes: int = 10_000
) -> Unpacked:
    return unpack(data, SUFFIXES, most, largest, most_bytes)


def test_images_are_taken_by_their_names_and_junk_is_not_spoken_of() -> None:
    found = unpacked(
        zipped(
            {
                "case/a.png": b"1",
                "case/B.PNG": b"2",
                "case/left/c.tif": b"3",
                "case/right/c.tif": b"4",
                "__MACOSX/case/._a.png": b"junk",
                "case/.DS_Store": b"junk",
                "case/Thumbs.db": b"junk",
                "case/notes.txt": b"words",
                "case/more.zip": b"PK",
            }
        )
    )
    assert found.images == {
        "a.png": b"1",
        "B.PNG": b"2",
        "case/left/c.tif": b"3",
        "case/right/c.tif": b"4",
    }
    assert found.left_out == {"no image that Lobule reads": 2}


def test_names_that_climb_are_only_names() -> None:
    found = unpacked(zipped({"../../etc/a.png": b"1", "/root/b.png": b"2"}))
    assert found.images == {"a.png": b"1", "b.png": b"2"}


def test_what_is_too_large_or_too_many_is_left_out_and_said() -> None:
    files = {f"{number}.png": bytes(400) for number in range(6)} | {"big.png": bytes(50_000_000)}
    found = unpacked(zipped(files), most=5, most_bytes=1300)
    assert list(found.images) == ["0.png", "1.png", "2.png"]
    assert found.left_out == {"too large": 4}
    assert unpacked(zipped(files), most=2).left_out == {"over 2 images": 5}


def test_a_locked_or_damaged_file_is_left_out_and_the_others_are_taken() -> None:
    data = bytearray(zipped({"a.png": b"first" * 9, "b.png": b"second" * 9}, zipfile.ZIP_STORED))
    data[data.index(b"firstfirst")] ^= 0xFF
    found = unpacked(bytes(data))
    assert (found.images, found.left_out) == ({"b.png": b"second" * 9}, {"damaged": 1})
    locked = bytearray(zipped({"a.png": b"1"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + at] |= 1
    assert unpacked(bytes(locked)).left_out == {"locked by a password": 1}


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"no archive", zipped({"a.png": b"1"})[:-30]],
    ids=["empty", "two letters", "text", "cut short"],  # zip files hold the time they were made
)
def test_what_is_no_archive_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ImageError, match="damaged or incomplete"):
        unpacked(data)


def test_an_entry_without_a_name_is_left_out() -> None:
    buffer = io.BytesIO(zipped({"a.png": b"first"}))
    nameless = zipfile.ZipInfo("x")
    nameless.filename = ""
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(nameless, b"second")
    found = unpacked(buffer.getvalue())
    assert found.images == {"a.png": b"first"}
    assert sum(found.left_out.values()) == 1


@given(st.data())
def test_whatever_an_archive_holds_it_is_read_or_refused(drawn: st.DataObject) -> None:
    data = bytearray(zipped({"a.png": b"first" * 20, "b/c.tif": b"second" * 20}))
    for _ in range(drawn.draw(st.integers(1, 6))):
        data[drawn.draw(st.integers(0, len(data) - 1))] = drawn.draw(st.integers(0, 255))
    try:
        found = unpacked(bytes(data))
    except ImageError:
        return
    assert sum(map(len, found.images.values())) <= 10_000
