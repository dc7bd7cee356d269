"""Parts of breast tissue, drawn as amounts of haematoxylin and eosin on a canvas."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating]
"""(H, W) of a canvas, float32."""

_TURNS = 6
_FIBRE_LENGTH = 10


@dataclass(slots=True)
class Canvas:
    """Stain on a section, and the chance by which the next part is drawn."""

    haematoxylin: Field
    eosin: Field
    um: float
    """Micrometres per canvas pixel."""
    rng: np.random.Generator

    def noise(self, period_um: float, octaves: int = 1) -> Field:
        """Smooth noise of mean 0 and deviation 1 whose largest details are about `period_um`."""
        height, width = self.eosin.shape
        total = np.zeros((height, width), np.float32)
        for octave in range(octaves):
            # White noise blurred on a grid of a third of the period has no preferred direction.
            step = max(period_um / 2**octave / self.um / 3, 1.0)
            grid = int(height / step) + 4, int(width / step) + 4
            white = self.rng.standard_normal(grid, dtype=np.float32)
            coarse = cv2.GaussianBlur(white, (0, 0), 1.3)
            size = int(grid[1] * step), int(grid[0] * step)
            fine = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
            total += fine[:height, :width] * (0.5**octave / (fine.std() + 1e-6))
        mean, deviation = cv2.meanStdDev(total)
        return (total - mean.item()) / (deviation.item() + 1e-6)

    def blur(self, field: Field, um: float) -> Field:
        """Blur by a Gaussian of standard deviation `um`."""
        return cv2.GaussianBlur(field, (0, 0), max(um / self.um, 0.3))


def edge(field: Field, width: float) -> Field:
    """Turn a signed field into a mask, 0 to 1, with an edge of this width around zero."""
    return np.clip(field / width + 0.5, 0, 1)


def fibres(canvas: Canvas, period_um: float) -> Field:
    """Wavy bundles of collagen: noise stretched along one direction and then bent."""
    height, width = canvas.eosin.shape
    y, x = np.ogrid[:height, :width]
    bend = canvas.noise(600) * (80 / canvas.um) + canvas.noise(90) * (4 / canvas.um)
    along = ((0.9 * x - 0.44 * y) / _FIBRE_LENGTH).astype(np.float32)
    across = (0.44 * x + 0.9 * y).astype(np.float32) + bend
    noise = canvas.noise(period_um, octaves=2)
    return cv2.remap(noise, along, across, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def scatter(canvas: Canvas, chance: Field, spacing_um: float) -> NDArray[np.int64]:
    """Places (N, 2) at least about half a spacing apart, kept with the chance found there."""
    height, width = canvas.eosin.shape
    step = spacing_um / canvas.um
    rows, columns = np.mgrid[: height / step, : width / step]
    places = np.stack([rows, columns + 0.5 * (rows % 2)], axis=-1).reshape(-1, 2)
    places = (places + canvas.rng.uniform(-0.3, 0.3, places.shape)) * step
    places = places.astype(np.int64)
    inside = ((places >= 0) & (places < (height, width))).all(axis=1)
    places = places[inside]
    return places[canvas.rng.random(len(places)) < chance[places[:, 0], places[:, 1]]]


def stain_nuclei(
    canvas: Canvas, places: NDArray[np.int64], length_um: float, width_um: float, amount: float
) -> None:
    """Add ellipsoid nuclei at places (N, 2), turned and sized at random."""
    turn = canvas.rng.integers(0, _TURNS, len(places))
    strength = canvas.rng.lognormal(np.log(amount), 0.25, len(places)).astype(np.float32)
    for step in range(_TURNS):
        size = canvas.rng.uniform(0.8, 1.2)
        seeds = np.zeros_like(canvas.eosin)
        chosen = turn == step
        seeds[tuple(places[chosen].T)] = strength[chosen]
        kernel = _nucleus(
            length_um * size / canvas.um, width_um * size / canvas.um, np.pi * step / _TURNS
        )
        canvas.haematoxylin += cv2.filter2D(seeds, -1, kernel, borderType=cv2.BORDER_CONSTANT)


def _nucleus(length: float, width: float, angle: float) -> Field:
    """An ellipse seen through a section: dense in the middle, its edge one pixel soft."""
    reach = int(np.ceil(length / 2)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    radius = np.hypot(along / (length / 2), across / (width / 2))
    return np.clip((1 - radius) * width / 2 + 0.5, 0, 1) * (1.1 - 0.3 * np.minimum(radius, 1))


def fat(canvas: Canvas) -> Field:
    """Walls (0 to 1) between round fat cells of about 55 µm."""
    seeds = np.ones(canvas.eosin.shape, np.uint8)
    places = scatter(canvas, np.ones_like(canvas.eosin), 54.0)
    seeds[tuple(places.T)] = 0
    _, cells = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    cells = cells.astype(np.float32)
    wall = (cv2.dilate(cells, np.ones((3, 3))) > cells).astype(np.float32)
    # Blurred walls are higher where three meet: cut there, cells become round.
    sharp = canvas.blur(wall, 3.0) * (3.0 / canvas.um)
    return np.clip(2.2 * (sharp - 0.24), 0, 1.3)


def duct(canvas: Canvas, centre: tuple[float, float], radius_um: float, wall_um: float) -> None:
    """Draw a benign gland: rows of nuclei around a clear lumen, within a cuff of pale collagen."""
    reach = int(1.6 * radius_um / canvas.um) + 4
    top, left = (max(int(place) - reach, 0) for place in centre)
    window = np.s_[top : int(centre[0]) + reach, left : int(centre[1]) + reach]
    # Views: what is drawn on the local canvas is drawn on the whole one.
    local = Canvas(canvas.haematoxylin[window], canvas.eosin[window], canvas.um, canvas.rng)
    height, width = local.eosin.shape
    if min(height, width) < 1:
        return
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (y + top - centre[0]) * canvas.um, (x + left - centre[1]) * canvas.um
    tilt, stretch = canvas.rng.uniform(0, np.pi), canvas.rng.uniform(0.55, 1.0)
    along, across = x * np.cos(tilt) + y * np.sin(tilt), y * np.cos(tilt) - x * np.sin(tilt)
    angle, phases = np.arctan2(across, along), canvas.rng.uniform(0, 2 * np.pi, 4)
    waves = sum(np.cos(n * angle + phase) / n for n, phase in enumerate(phases, start=2))
    outside = np.hypot(along, across / stretch) - radius_um * (0.85 + 0.12 * waves)
    lumen, gland, cuff = edge(-outside - wall_um, 4), edge(-outside, 4), edge(12 - outside, 24)
    wall = gland - lumen
    local.haematoxylin *= 1 - gland
    local.haematoxylin += 0.3 * wall
    local.eosin *= (1 - lumen) * (1 - 0.2 * cuff)
    stain_nuclei(local, scatter(local, 0.95 * edge(wall - 0.6, 0.2), 7.5), 9, 6.5, 0.8)
