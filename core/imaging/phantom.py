"""A synthetic section of breast tissue, for demonstration and tests: no patient's image."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.imaging.histology import (
    Canvas,
    Field,
    duct,
    edge,
    fat,
    fibres,
    scatter,
    stain_nuclei,
)

# Optical density in red, green and blue of one unit of stain, and the level of clear glass, as
# measured on IDC slides: their eosin absorbs more blue than that of Ruifrok & Johnston.
_HAEMATOXYLIN = np.array([0.58, 0.72, 0.44], np.float32)
_EOSIN = np.array([0.20, 0.76, 0.52], np.float32)
_GLASS = np.array([243, 242, 243], np.float32)
# What is too fine to be drawn (chromatin, fibrils) makes each stain vary from pixel to pixel. At
# this share pixels differ from their neighbours about 0.6 times as much as on IDC slides at 4 um:
# with more, single nuclei can no longer be told from it.
_GRAIN, _GRAIN_UM = 0.4, 4.0
_FINER = 2
"""Canvas pixels per image pixel and axis."""


@dataclass(frozen=True, slots=True)
class Phantom:
    """A rendered section and the truth about it."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    dense: NDArray[np.bool_]
    """(H, W), true in the region of packed, large, dark nuclei."""
    um_per_px: float
    """Micrometres per pixel."""


def render_phantom(
    seed: int = 0, height: int = 600, width: int = 900, um_per_px: float = 4.0
) -> Phantom:
    """Render synthetic H&E: collagen, fat, benign ducts and lobules, glass, a cell-dense region.

    Amounts of stain are drawn first; light then passes through them by Beer–Lambert's law. Where
    the parts lie scales with the image, how large cells are with `um_per_px`.

    Parameters
    ----------
    seed
        The same seed gives the same section.
    height, width
        Size in pixels.
    um_per_px
        Micrometres per pixel; 4 is that of the IDC patches.
    """
    rng = np.random.default_rng(seed)
    shape = height * _FINER, width * _FINER
    canvas = Canvas(
        np.zeros(shape, np.float32), np.zeros(shape, np.float32), um_per_px / _FINER, rng
    )
    y, x = np.linspace(0, 1, shape[0])[:, None], np.linspace(0, 1, shape[1])[None]
    dense = _dense_region(canvas, y, x)
    _stroma(canvas)
    _tumour(canvas, dense)
    _glands(canvas, min(height, width) * um_per_px)
    _grain(canvas)
    _fat_and_glass(canvas, y, x, dense)
    truth = cv2.resize(dense, (width, height), interpolation=cv2.INTER_AREA) > 0
    return Phantom(_light(canvas, height, width), truth, um_per_px)


def _dense_region(canvas: Canvas, y: Field, x: Field) -> Field:
    """Signed field of the cell-dense region: an ellipse with a ragged outline, left of centre."""
    ellipse = 1 - ((x - 0.27) / 0.22) ** 2 - ((y - 0.46) / 0.36) ** 2
    return ellipse + 0.22 * canvas.noise(260, octaves=3)


def _stroma(canvas: Canvas) -> None:
    """Collagen in bundles with clefts between them, and its few slender nuclei."""
    bundles, fine = fibres(canvas, 60), fibres(canvas, 14)
    amount = 0.52 + 0.07 * bundles + 0.06 * fine + 0.07 * canvas.noise(400)
    clefts = edge(fibres(canvas, 24) + 0.6 * canvas.noise(250) - 2.3, 0.3)
    canvas.eosin += np.clip(amount, 0.15, 1) * (1 - clefts)
    canvas.haematoxylin += 0.05 * (1 - clefts)
    crowded = np.clip(0.12 + 0.12 * canvas.noise(250, octaves=2), 0.03, 0.6)
    stain_nuclei(canvas, scatter(canvas, crowded * (1 - clefts), 16), 12, 4.5, 0.5)


def _glands(canvas: Canvas, extent_um: float) -> None:
    """Ducts and two lobules, right of the dense region and below it."""
    height, width = canvas.eosin.shape
    for row, column, radius in (
        (0.15, 0.59, 110),
        (0.10, 0.70, 80),
        (0.36, 0.57, 75),
        (0.24, 0.66, 60),
        (0.93, 0.36, 90),
    ):
        duct(canvas, (row * height, column * width), min(radius, extent_um / 10), 24)
    for row, column in ((0.22, 0.82), (0.89, 0.15)):
        for _ in range(26):
            away = canvas.rng.normal(0, min(90, extent_um / 20), 2) / canvas.um
            centre = row * height + away[0], column * width + away[1]
            duct(canvas, centre, canvas.rng.uniform(24, 42), 17)


def _tumour(canvas: Canvas, dense: Field) -> None:
    """Cords and nests of packed nuclei, larger and darker than elsewhere."""
    inside = edge(dense, 0.12)
    cords = 0.7 * fibres(canvas, 45) + 0.8 * canvas.noise(110, octaves=3)
    nests = edge(cords + 0.35, 0.6) * inside
    slits = edge(canvas.noise(40) + 0.5 * canvas.noise(250) - 2.2, 0.4) * inside
    np.maximum(canvas.eosin, 0.35 * inside, out=canvas.eosin)
    canvas.eosin *= 1 + 0.15 * inside - 0.35 * nests
    canvas.haematoxylin += (0.12 * inside + 0.22 * nests) * (1 + 0.15 * canvas.noise(30))
    stain_nuclei(canvas, scatter(canvas, 0.9 * nests, 9.5), 11.5, 9, 0.72)
    stain_nuclei(canvas, scatter(canvas, 0.3 * (inside - nests), 11), 10, 6, 0.6)
    canvas.eosin *= 1 - slits
    canvas.haematoxylin *= 1 - slits


def _fat_and_glass(canvas: Canvas, y: Field, x: Field, dense: Field) -> None:
    """Fat to the lower right, with strands of collagen in it; glass along the right border."""
    rough = 0.5 * canvas.noise(240, octaves=3) + 0.35 * fibres(canvas, 120)
    away = 5 * np.minimum(x - 0.42, y - 0.42) - np.maximum(dense + 0.8, 0)
    fatty = edge(away + rough, 0.1) * (1 - edge(fibres(canvas, 70) - 1.5, 0.3))
    fatty = np.maximum(fatty, edge(rough + 0.6 * canvas.noise(90) - 2.0, 0.1) * edge(-dense, 0.1))
    walls = fat(canvas) * np.clip(0.8 + 0.3 * canvas.noise(120, octaves=2), 0.2, 1.6)
    canvas.eosin *= 1 - fatty
    canvas.eosin += 0.55 * walls * fatty
    canvas.haematoxylin *= 1 - fatty
    canvas.haematoxylin += 0.10 * walls * fatty
    section = edge(0.94 - x + 0.012 * canvas.noise(300, octaves=3), 0.004)
    canvas.eosin *= section
    canvas.haematoxylin *= section


def _grain(canvas: Canvas) -> None:
    """Let both stains vary from pixel to pixel; finer pixels vary less."""
    rng = canvas.rng.spawn(1)[0]  # of its own: what is drawn afterwards stays where it was
    share = _GRAIN * min(1.0, canvas.um * _FINER / _GRAIN_UM)
    height, width = canvas.eosin.shape
    for stain, most in ((canvas.haematoxylin, 2.2), (canvas.eosin, 2.0)):
        pixels = rng.standard_normal((height // _FINER, width // _FINER), np.float32)
        grain = np.exp(share * pixels - share**2 / 2)
        np.clip(stain, 0, most, out=stain)
        np.multiply(stain, grain.repeat(_FINER, axis=0).repeat(_FINER, axis=1), out=stain)


def _light(canvas: Canvas, height: int, width: int) -> NDArray[np.uint8]:
    """Light through the stain, through a slightly soft objective, on a slightly noisy camera."""
    haematoxylin, eosin = canvas.haematoxylin.clip(0), canvas.eosin.clip(0)
    density = haematoxylin[..., None] * _HAEMATOXYLIN + eosin[..., None] * _EOSIN
    light = cv2.GaussianBlur(_GLASS * np.exp(-density), (0, 0), 0.45 * _FINER)
    image = cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA)
    image += canvas.rng.normal(0, 1.5, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
