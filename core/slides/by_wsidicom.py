"""DICOM whole slides, by wsidicom."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.imaging.scale import NOT_STATED, StatedScale, from_pixel_size
from core.slides.source import DICOM, Level, levels_of

# What is wrong with a file is told in our own words.
logging.getLogger("wsidicom").setLevel(logging.CRITICAL + 1)


class DicomSource:
    """A slide whose files are those of a series's scan.

    Raises
    ------
    Exception
        Of any kind if a file is damaged.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        from wsidicom import WsiDicom  # noqa: PLC0415 - takes a second
        from wsidicom.config import Settings, use_settings  # noqa: PLC0415
        from wsidicom.file import WsiDicomFileSource  # noqa: PLC0415

        settings = Settings(strict_tile_size_check=False)
        with use_settings(settings):
            source = WsiDicomFileSource.open(list(files))
        try:
            self._slide = WsiDicom(source, settings=settings)
        except BaseException:
            source.close()
            raise
        levels = sorted(self._slide.levels, key=lambda level: level.size.width, reverse=True)
        self._indices = [level.level for level in levels]
        self.format = DICOM
        self.levels: tuple[Level, ...] = levels_of(
            [(level.size.width, level.size.height) for level in levels]
        )
        depths = levels[0].focal_planes
        self.planes = ""
        if len(depths) > 1:
            self.planes = (
                f"It holds {len(depths)} focal planes, {min(depths):g} to {max(depths):g} µm; the "
                f"one at {levels[0].default_instance.default_z:g} µm is shown and answered."
            )
        spacing = levels[0].mpp
        self.scale: StatedScale = (
            NOT_STATED if spacing is None else from_pixel_size(spacing.width, spacing.height)
        )
        self.magnification, self.profile = _optics(files[0])

    def read(self, level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        """See `SlideSource`."""
        return self._slide.read_region(
            (x, y), self._indices[level], (width, height), threads=1, as_array=True
        )

    def close(self) -> None:
        """See `SlideSource`."""
        self._slide.close()


def _optics(file: Path) -> tuple[float | None, bytes]:
    """Magnification of the objective and ICC profile, as far as a file states them."""
    from pydicom import dcmread  # noqa: PLC0415 - takes a while

    header = dcmread(file, stop_before_pixels=True, specific_tags=["OpticalPathSequence"])
    paths = header.get("OpticalPathSequence") or []
    power = paths[0].get("ObjectiveLensPower") if paths else None
    return float(power) if power else None, (paths[0].get("ICCProfile") or b"") if paths else b""
