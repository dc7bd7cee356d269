"""Read an image of a dataset only as it was when the dataset's fingerprint was taken."""

import hashlib
from pathlib import Path

from core.datasets.cache_file import Gone
from core.errors import DatasetError, ImageError
from core.imaging.read import Image, read_image


def read_unchanged(path: Path, sha256: str) -> Image | Gone:
    """Read an image, or say that its file has gone.

    Parameters
    ----------
    path : Path
    sha256 : str
        Of the file's content when the fingerprint was taken, as 64 hex digits.

    Raises
    ------
    ImageError
        If the file is what it was, and no image that can be read.
    DatasetError
        If its content is another by now.
    """
    try:
        image = read_image(path)
    except ImageError:
        # Damaged all along, or only now: what is kept under the fingerprint must be of its files.
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return Gone(
                f"It was there when the dataset was opened and cannot be read now "
                f"({error.strerror}). Put it back, and a later run takes it in."
            )
        if found == sha256:
            raise
    else:
        if image.info.sha256 == sha256:
            return image
    raise DatasetError(
        f"The dataset changed while it was read: {path} is no longer the file that it was when the "
        "dataset was opened. Leave the folder alone during a run, and start again."
    )
