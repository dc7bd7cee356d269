"""Image files of the worklist: written aside, named by their hash, swept when nobody owns them."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from core.atomic import flush
from core.errors import CaseError

if TYPE_CHECKING:  # a list of cases is drawn without NumPy and OpenCV
    import numpy as np
    from numpy.typing import NDArray

_STAGING = ".saving-"
_OWNER = "owner.lock"
_KINDS = ("*.png", "*.jpg")  # an image, and its small picture


class Staging:
    """A folder aside for images that are about to be saved; its owner holds a lock in it."""

    def __init__(self, images: Path) -> None:
        self._images = images
        self._folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=images))
        # The system lets go of it when the process ends, however it ends.
        self._owner = FileLock(self._folder / _OWNER)
        self._owner.acquire()

    def add(self, pixels: "NDArray[np.uint8]") -> str:
        """Write (H, W, 3) RGB pixels aside as PNG, without any metadata; return the file's hash."""
        from core.imaging.overlay import encode_png  # noqa: PLC0415 - OpenCV
        from core.imaging.preview import encode_thumbnail  # noqa: PLC0415

        data = encode_png(pixels)
        digest = hashlib.sha256(data).hexdigest()
        path = self._folder / f"{digest}.png"
        path.write_bytes(data)
        flush(path)
        thumbnail_path(self._folder, digest).write_bytes(encode_thumbnail(pixels))
        return digest

    def publish(self) -> None:
        """Move the images to their place; the caller holds the store's lock."""
        for kind in _KINDS:
            for path in self._folder.glob(kind):
                path.replace(self._images / path.name)
        flush(self._images)

    def place(self, text: str, target: Path) -> None:
        """Write a text file aside, then move it to a place that never shows half of it."""
        path = self._folder / target.name
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
        flush(path)
        path.replace(target)
        flush(target.parent)

    def close(self) -> None:
        """Remove the folder with whatever is left in it."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._owner.release()


@contextmanager
def writing_files() -> Iterator[None]:
    """Put what a disk refuses in words.

    Raises
    ------
    CaseError
        If the disk is full, or not to be written to.
    """
    try:
        yield
    except OSError as error:
        raise CaseError(
            f"The images cannot be written ({error.strerror or error}). Nothing was saved. "
            "Free some space in LOBULE_HOME, then save again."
        ) from error


def read_kept(images: Path, sha256: str) -> "NDArray[np.uint8]":
    """Read the pixels of a kept image, (H, W, 3) RGB; the file must still be what was saved.

    Raises
    ------
    CaseError
        If the file is missing or another one.
    """
    from core.imaging.read import read_image  # noqa: PLC0415 - OpenCV

    path = kept_path(images, sha256)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CaseError(
            f"The image's file {path} is missing. Restore it from a backup; answer and "
            "verdict are still there."
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CaseError(
            f"The image's file {path} has changed since it was saved: its hash differs. "
            "Restore it from a backup; answer and verdict are still there."
        )
    # It was within the limits when it was saved; they may have been lowered since.
    return read_image(data, max_bytes=len(data), max_pixels=1 << 40).pixels


def kept_path(images: Path, sha256: str) -> Path:
    """Return where an image of this hash lies."""
    return images / f"{sha256}.png"


def thumbnail_path(images: Path, sha256: str) -> Path:
    """Return where the small picture of an image of this hash lies."""
    return images / f"{sha256}.jpg"


def sweep(images: Path, hashes: set[str]) -> None:
    """Remove files of other hashes than these, and folders whose owner is gone.

    The caller holds the store's lock.
    """
    for kind in _KINDS:
        for path in images.glob(kind):
            if path.stem not in hashes:
                path.unlink(missing_ok=True)
    # Manifests were once written aside under these names, and left there by a kill.
    for path in (images.parent / "manifests").glob(".manifest.*"):
        path.unlink(missing_ok=True)
    for folder in images.glob(f"{_STAGING}*"):
        owner = FileLock(folder / _OWNER, timeout=0)
        try:
            owner.acquire()
        except (Timeout, OSError):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        owner.release()
