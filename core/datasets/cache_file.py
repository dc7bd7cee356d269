"""The file behind the pixel cache: appended to, journalled, and renamed when it is complete."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.atomic import write_whole
from core.errors import DatasetError

Shape = tuple[int, int, int, int, int]
"""Images, crops, height, width, channels."""


class Gone(str):
    """Why an image is not there any more, though it was when the dataset was opened."""

    __slots__ = ()


class CacheFile:
    """An array of images on disk, and beside it a journal of what could not be read.

    `<stem>.npy` exists only when it is complete; `<stem>.part` grows until then; `<stem>.json` says
    how many images have been tried, and why some were left out. Where some of these had only gone,
    `<stem>.npy` serves the run that wrote it and is not complete.
    """

    def __init__(self, stem: Path) -> None:
        self.path, self.part, self.journal, self.lock = (
            stem.with_name(stem.name + suffix) for suffix in (".npy", ".part", ".json", ".lock")
        )

    def complete(self, images: int) -> bool:
        """Whether each of so many images is either in the file or known to be unreadable."""
        if not self.path.exists():
            return False
        done, unreadable, gone = _read(self.journal)
        # While it is built again, the journal is of the file to come.
        if gone or done != images:
            return False
        return len(np.load(self.path, mmap_mode="r")) + len(unreadable) == images

    def left_out(self) -> dict[int, str]:
        """Row and reason of each image that was left out."""
        _, unreadable, gone = _read(self.journal)
        return unreadable | gone

    @contextmanager
    def writer(self, shape: Shape) -> Iterator["Writer"]:
        """Go on writing where an interrupted writer stopped; rename the file at the end.

        A full disk takes away what was written, or it would stay full, and so does a dataset that
        cannot be used. Any other interruption leaves it, to be gone on with.
        """
        try:
            with self.part.open("r+b" if self.part.exists() else "w+b") as stream:
                writer = Writer(stream, self.journal, shape)
                yield writer
                writer.finish()
            self.part.replace(self.path)
        except (OSError, DatasetError):
            self.part.unlink(missing_ok=True)
            self.journal.unlink(missing_ok=True)
            raise


class Writer:
    """Appends images in the order of the records.

    Attributes
    ----------
    done : int
        Records that have been tried.
    unreadable : dict of int to str
        Those of them that can never be read, and why.
    gone : dict of int to str
        Those of them whose files were not there any more, and why; the next writer tries them
        again.
    """

    def __init__(self, stream: BinaryIO, journal: Path, shape: Shape) -> None:
        self._stream = stream
        self._journal = journal
        self._shape = shape
        self.done, self.unreadable, self.gone = _read(journal)
        # Its length does not depend on the number of images, which is known only at the end.
        self._write_header(shape[0])
        end = stream.tell() + (self.done - len(self.unreadable)) * int(np.prod(shape[1:]))
        if self.gone or stream.seek(0, os.SEEK_END) < end:
            self.done, self.unreadable, self.gone = 0, {}, {}
            self._write_header(shape[0])
        else:
            stream.seek(end)
        stream.truncate()

    def write(self, images: Sequence[NDArray[np.uint8] | str]) -> None:
        """Append images, or the reasons why they cannot be read, and enter them in the journal."""
        for image in images:
            if isinstance(image, Gone):
                self.gone[self.done] = str(image)
            elif isinstance(image, str):
                self.unreadable[self.done] = image
            else:
                self._stream.write(np.ascontiguousarray(image).data)
            self.done += 1
        self._flush()
        entry = {"done": self.done, "unreadable": self.unreadable, "gone": self.gone}
        write_whole(self._journal, json.dumps(entry))

    def finish(self) -> None:
        """State in the header how many images there are."""
        self._write_header(self.done - len(self.unreadable) - len(self.gone))
        self._flush()

    def _write_header(self, images: int) -> None:
        self._stream.seek(0)
        np.lib.format.write_array_header_1_0(
            self._stream,
            {"descr": "|u1", "fortran_order": False, "shape": (images, *self._shape[1:])},
        )

    def _flush(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())


def _read(journal: Path) -> tuple[int, dict[int, str], dict[int, str]]:
    """How many images were tried; the rows of the unreadable and of the gone ones, and why."""
    if not journal.exists():
        return 0, {}, {}
    entry = json.loads(journal.read_text(encoding="utf-8"))
    # Journals of earlier versions know of none that have gone.
    unreadable, gone = (
        {int(row): reason for row, reason in entry.get(kind, {}).items()}
        for kind in ("unreadable", "gone")
    )
    return entry["done"], unreadable, gone
