"""Small pictures of kept images, for lists; they come and go with the images."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from core.cases.files import kept_path, read_kept, thumbnail_path
from core.errors import CaseError

if TYPE_CHECKING:  # a list of cases is drawn without NumPy and OpenCV
    import numpy as np
    from numpy.typing import NDArray

LONGEST_SIDE = 96  # px


def encode_thumbnail(pixels: "NDArray[np.uint8]") -> bytes:
    """Return (H, W, 3) RGB pixels as a JPEG of at most `LONGEST_SIDE` px on the longer side."""
    import io  # noqa: PLC0415

    from PIL import Image as PillowImage  # noqa: PLC0415

    from core.imaging.resize import resize  # noqa: PLC0415 - OpenCV

    share = min(1.0, LONGEST_SIDE / max(pixels.shape[:2]))
    small = resize(pixels, *(max(1, round(side * share)) for side in pixels.shape[:2]))
    buffer = io.BytesIO()
    PillowImage.fromarray(small).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


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
        try:
            return encode_thumbnail(read_kept(images, sha256))
        except CaseError:
            return b""


def thumbnail(images: Path, sha256: str) -> str:
    """Return the same as a `data:` address; "" where the image's file is gone."""
    data = read_thumbnail(images, sha256)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}" if data else ""
