"""Where a slide lies on the viewer's map, so that distances on it are true.

Web maps show the Earth by Mercator's projection: tile z/x/y is one of 2^z × 2^z squares. A slide
lies with its upper left corner where the equator meets the prime meridian, one tile pixel of the
finest zoom a slide pixel. The largest slides reach 0.1° from the equator, where Mercator stretches
by 2e-6: distances are true to a fraction of a pixel a screen.
"""

import math

FINEST = 22
"""Zoom of the tiles whose pixels are the slide's own: the finest that a map asks for."""
TILE = 256
"""Side of a tile, px."""
WORLD = TILE << FINEST
"""Side of the whole map in pixels of the finest zoom."""
# MapLibre counts zooms by tiles of 512 px, of which the coarsest shows all the world.
NATIVE_ZOOM = FINEST - 1
"""Zoom of the map at which a slide pixel is a screen pixel."""


def lon_lat(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude, degrees, of a place in pixels of a slide's finest level."""
    longitude = x / WORLD * 360
    latitude = -math.degrees(math.atan(math.sinh(2 * math.pi * y / WORLD)))
    return longitude, latitude


def place(longitude: float, latitude: float) -> tuple[float, float]:
    """Return x and y in pixels of a slide's finest level, of a longitude and latitude, degrees."""
    x = longitude / 360 * WORLD
    y = -math.asinh(math.tan(math.radians(latitude))) / (2 * math.pi) * WORLD
    return x, y


def tile_origin(z: int, x: int, y: int) -> tuple[int, int, int]:
    """Return where a tile's upper left pixel lies on a slide, and how many slide pixels one is.

    Parameters
    ----------
    z, x, y
        As in the address of a tile; z from 1 to `FINEST`.

    Returns
    -------
    tuple[int, int, int]
        x and y in pixels of the finest level, which may lie outside the slide, and the
        downsample, a power of two.
    """
    downsample = 1 << (FINEST - z)
    half = 1 << (z - 1)
    return (x - half) * TILE * downsample, (y - half) * TILE * downsample, downsample


def fit_zoom(width: int, height: int, screen_width: int, screen_height: int) -> float:
    """Return the zoom of the map at which a slide just fits a part of the screen; all in px."""
    return NATIVE_ZOOM - math.log2(max(width / screen_width, height / screen_height))
