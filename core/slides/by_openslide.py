"""Slides that OpenSlide reads."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.imaging.scale import NOT_STATED, StatedScale, from_pixel_size, number
from core.slides.source import DICOM, Level, levels_of
from core.slides.tiff_scale import scale_of_page

if TYPE_CHECKING:
    from openslide import OpenSlide

_FORMATS = {
    "aperio": "Aperio SVS",
    "dicom": DICOM,
    "generic-tiff": "tiled TIFF",
    "hamamatsu": "Hamamatsu",
    "leica": "Leica SCN",
    "mirax": "3DHISTECH MIRAX",
    "philips-tiff": "Philips TIFF",
    "sakura": "Sakura SVSLIDE",
    "trestle": "Trestle TIFF",
    "ventana": "Ventana",
    "zeiss": "Zeiss CZI",
}
_BY_TAGS = {"aperio", "generic-tiff"}
"""Makers whose files are often copies made by others, with what was written of the original."""
_OPAQUE = 255


class OpenSlideSource:
    """A slide that OpenSlide has opened.

    After an error a handle of OpenSlide's gives nothing more, so another one takes its place and
    the rest of the slide can still be read.

    Raises
    ------
    openslide.OpenSlideError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._handle = self._open()
        properties = self._handle.properties
        vendor = properties.get("openslide.vendor", "")
        self.format = _FORMATS.get(vendor, vendor)
        self.levels: tuple[Level, ...] = levels_of(list(self._handle.level_dimensions))
        self._downsamples = self._handle.level_downsamples
        sides = [number(properties.get(f"openslide.mpp-{axis}", "")) for axis in "xy"]
        self.scale: StatedScale = (
            NOT_STATED if None in sides else from_pixel_size(*(side or 0 for side in sides))
        )
        if vendor in _BY_TAGS:
            self.scale = scale_of_page(path, self.levels[0])
        power = number(properties.get("openslide.objective-power", ""))
        self.magnification = power if power and power > 0 else None
        self.profile, self.planes = b"", ""
        if "openslide.icc-size" in properties:
            profile = self._handle.color_profile
            self.profile = b"" if profile is None else profile.tobytes()

    def _open(self) -> "OpenSlide":
        from openslide import OpenSlide  # noqa: PLC0415 - loads its library

        return OpenSlide(self._path)

    def read(self, level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        """See `SlideSource`."""
        from openslide import OpenSlideError  # noqa: PLC0415

        handle = self._handle
        try:
            return self._read(handle, level, x, y, width, height)
        except OpenSlideError:
            fresh = self._open()
        # The handle may have been spoilt by what another thread read: a fresh one decides, which
        # no other thread has.
        try:
            pixels = self._read(fresh, level, x, y, width, height)
        except OpenSlideError:
            fresh.close()
            self._replace(handle, None)
            raise
        self._replace(handle, fresh)
        return pixels

    def _read(
        self, handle: "OpenSlide", level: int, x: int, y: int, width: int, height: int
    ) -> NDArray[np.uint8]:
        step = self._downsamples[level]
        place = (round(x * step), round(y * step))
        pixels = np.asarray(handle.read_region(place, level, (width, height)))
        colours, opacity = pixels[..., :3], pixels[..., 3]
        if opacity.min() == _OPAQUE:
            return colours
        # Nothing was scanned there.
        part = opacity[..., np.newaxis] / np.float32(_OPAQUE)
        return np.rint(colours * part + _OPAQUE * (1 - part)).astype(np.uint8)

    def _replace(self, spoilt: "OpenSlide", fresh: "OpenSlide | None") -> None:
        """Put another handle in the place of a spoilt one, which threads may still hold."""
        with self._lock:
            if self._handle is spoilt:
                self._handle = fresh or self._open()
            elif fresh is not None:
                fresh.close()

    def close(self) -> None:
        """See `SlideSource`."""
        self._handle.close()
