"""Open zip files of others without reading a list of files that has no end.

`zipfile` makes an object of every entry that a zip file lists before anybody can ask how many there
are: 47 MB that list a million took seconds and a gigabyte.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

_LONGEST_NAME = 256  # bytes that an entry's name and what goes with it take, about
_COMMENT = 1 << 17  # what is read to find the list's place, and more
_WORDS = "it lists more than {most:,} files and folders"


class _Bounded:
    """A file that gives no more at once than the list of so many files takes.

    `zipfile` reads the list in one go, however many entries its end says that there are.
    """

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._most = most
        self.most_bytes: int | None = _COMMENT + most * _LONGEST_NAME

    def read(self, size: int = -1) -> bytes:
        if self.most_bytes is not None and size > self.most_bytes:
            raise zipfile.BadZipFile(_WORDS.format(most=self._most))
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def open_zip(source: Path | IO[bytes], most: int) -> Iterator[zipfile.ZipFile]:
    """Open a zip file that lists at most so many files and folders.

    Parameters
    ----------
    source
        Its path, or a stream that can be sought in; the stream stays open.
    most
        Entries.

    Raises
    ------
    zipfile.BadZipFile
        If it lists more, or is damaged.
    OSError
        If it cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file, open_zip(file, most) as archive:
            yield archive
        return
    bounded = _Bounded(source, most)
    with zipfile.ZipFile(cast("IO[bytes]", bounded)) as archive:
        bounded.most_bytes = None
        if len(archive.infolist()) > most:
            raise zipfile.BadZipFile(_WORDS.format(most=most))
        yield archive
