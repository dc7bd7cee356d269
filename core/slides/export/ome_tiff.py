"""The probability map of an answer as a pyramidal OME-TIFF."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray

from core.slides.answering.load import SlideAnswer

NOTHING = 0
_TILE = 256
_STEPS = 254
MEANING = (
    "0: no tissue or no answer. 1 to 255: probability from 0 to 1, which is (value - 1) / 254. "
    "For research use only."
)


def levels_of(chances: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return a map in the levels that `MEANING` explains; NaN is `NOTHING`."""
    known = ~np.isnan(chances)
    levels = np.rint(np.where(known, chances, 0) * _STEPS) + 1
    return np.where(known, levels, NOTHING).astype(np.uint8)


def ome_tiff(answer: SlideAnswer) -> bytes:
    """Return the map in 256 levels, which every viewer shows; `MEANING` stands in its metadata.

    The physical size of a pixel is stated, so that it can be laid over the slide.
    """
    from tifffile import TiffWriter  # noqa: PLC0415 - takes a while

    plan = answer.plan
    levels = levels_of(answer.map_on_tissue)
    across = plan.slide["width"] / plan.map_grid.width * plan.um_per_px
    down = plan.slide["height"] / plan.map_grid.height * plan.um_per_px
    sizes = [levels]
    while max(sizes[-1].shape) > _TILE:
        height, width = sizes[-1].shape
        half = (max(1, width // 2), max(1, height // 2))
        # Nearest: a mean of a probability and of nothing would be neither.
        sizes.append(cv2.resize(sizes[-1], half, interpolation=cv2.INTER_NEAREST))
    buffer = io.BytesIO()
    with TiffWriter(buffer, ome=True) as file:
        for number, pixels in enumerate(sizes):
            scale = levels.shape[1] / pixels.shape[1]
            file.write(
                pixels,
                subifds=len(sizes) - 1 if number == 0 else None,
                subfiletype=int(number > 0),
                tile=(_TILE, _TILE),
                compression="zlib",
                photometric="minisblack",
                resolution=(1e4 / across / scale, 1e4 / down / scale),
                resolutionunit="CENTIMETER",
                metadata=None
                if number
                else {
                    "axes": "YX",
                    "Name": f"Probability of {answer.classes[answer.shown]}",
                    "Description": MEANING,
                    "PhysicalSizeX": across,
                    "PhysicalSizeXUnit": "µm",
                    "PhysicalSizeY": down,
                    "PhysicalSizeYUnit": "µm",
                },
            )
    return buffer.getvalue()
