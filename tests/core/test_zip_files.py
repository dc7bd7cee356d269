"""A list of files without end is not read."""

import io
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.adoption.stored import open_stored
from core.datasets.extract import ArchiveError, extract
from core.errors import ImageError, PackageError
from core.imaging.archive import unpack
from core.registry.archive import inspect_archive
from core.registry.exchange import holds_package, import_package
from core.zip_files import open_zip


def listing(count: int, *, stated: int | None = None) -> bytes:
    """A zip file of one file that it lists so many times, as APPNOTE 4.3 says; ZIP64 at its end."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a", "x")
    whole = written.getvalue()
    start, end = whole.find(b"PK\1\2"), whole.rfind(b"PK\5\6")
    listed = whole[start:end] * count
    number = count if stated is None else stated
    where = start + len(listed)
    return b"".join(
        [
            whole[:start],
            listed,
            struct.pack(
                "<4sQ2H2L4Q",
                *(b"PK\6\6", 44, 45, 45, 0, 0),
                *(number, number, len(listed), start),
            ),
            struct.pack("<4sLQL", b"PK\6\7", 0, where, 1),
            struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
        ]
    )


def peak(deed: Callable[[], object]) -> int:
    """Bytes that a deed takes at most, beside those of before."""
    tracemalloc.start()
    try:
        deed()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("stated", [None, 1], ids=["stated", "denied"])
def test_a_list_without_end_is_refused_before_it_is_read(stated: int | None) -> None:
    stream = io.BytesIO(listing(100_000, stated=stated))

    def refuse() -> None:
        with (
            pytest.raises(zipfile.BadZipFile, match="more than 500 files and folders"),
            open_zip(stream, 500),
        ):
            pass

    assert peak(refuse) < 1_000_000


def test_a_list_that_is_a_little_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "six.zip"
    path.write_bytes(listing(6))
    with open_zip(path, 6) as archive:
        assert len(archive.infolist()) == 6
        assert archive.read("a") == b"x"
    with pytest.raises(zipfile.BadZipFile, match="more than 5"), open_zip(path, 5):
        pass


@pytest.mark.usefixtures("home")
def test_every_zip_file_of_others_is_opened_so(tmp_path: Path) -> None:
    content = listing(300_000)
    path, work = tmp_path / "endless.zip", tmp_path / "work"
    path.write_bytes(content)
    work.mkdir()
    began = time.process_time()
    assert holds_package(io.BytesIO(content))
    with pytest.raises(PackageError, match="not a valid zip file"):
        import_package(io.BytesIO(content))
    with pytest.raises(PackageError, match="damaged"):
        open_stored(path, work)
    with pytest.raises(PackageError, match="damaged"):
        inspect_archive(path)
    with pytest.raises(ImageError, match="lists more than"):
        unpack(content, [".png"], 10, 1000, 1000)
    with pytest.raises(ArchiveError, match="more than 10"):
        extract(path, work / "x", max_files=10, max_bytes=100, progress=lambda *_: None)
    assert time.process_time() - began < 1  # each of them took longer than that by itself
