"""Small pictures of kept images, for lists; they come and go with the images."""

import base64
from pathlib import Path

from core.cases.files import kept_path, read_kept, thumbnail_path
from core.errors import CaseError


def read_thumbnail(images: Path, sha256: str) -> bytes:
    """Return a kept image's small picture as a JPEG; empty where its file is gone.

    Parameters
    ----------
    images
        The store's folder.
    sha256
        Of the image's file.
    """
    if not kept_path(images, sha256).exists():
        return b""
    try:
        return thumbnail_path(images, sha256).read_bytes()
    except OSError:  # kept by a Lobule that made none
        from core.imaging.preview import encode_thumbnail  # noqa: PLC0415 - OpenCV

        try:
            return encode_thumbnail(read_kept(images, sha256))
        except CaseError:
            return b""


def thumbnail(images: Path, sha256: str) -> str:
    """Return the same as a `data:` address; "" where the image's file is gone."""
    data = read_thumbnail(images, sha256)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}" if data else ""
