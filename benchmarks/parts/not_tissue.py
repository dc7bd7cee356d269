"""Pictures that no model of breast tissue should answer: they come with libraries, or are drawn."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data
from sklearn.datasets import load_digits, load_sample_image

from core.imaging.resize import resize

# Larger pictures are shrunk: thousands of tiles of one picture say no more than hundreds.
LARGEST = 512
SIDE = 300
EACH = 10
OTHER_STAIN = "tissue in another stain"
"""Immunohistochemistry: tissue, so not counted among the pictures that are none."""
_PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "coins", "colorwheel"),
    *("grass", "gravel", "horse", "hubble_deep_field", "logo", "moon", "rocket"),
)
_MEDICAL = ("cell", "microaneurysms", "retina", "shepp_logan_phantom")
_PAGES = ("page", "text", "checkerboard")


class Picture(NamedTuple):
    """A picture and what it is."""

    kind: str
    name: str
    pixels: NDArray[np.uint8]
    """(H, W, 3) RGB."""


def pictures() -> Iterator[Picture]:
    """Every picture; the same at each call."""
    for kind, names in (
        ("photographs", _PHOTOGRAPHS),
        ("other medical pictures", _MEDICAL),
        ("print", _PAGES),
        (OTHER_STAIN, ("immunohistochemistry",)),
    ):
        for name in names:
            yield Picture(kind, name, _rgb(getattr(data, name)()))
    for name in ("china.jpg", "flower.jpg"):
        yield Picture("photographs", name, _rgb(load_sample_image(name)))
    for number, digit in enumerate(load_digits().images[:EACH]):
        enlarged = cv2.resize(digit / 16, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        yield Picture("print", f"digit {number}", _rgb(enlarged))
    random = np.random.default_rng(0)
    for number in range(EACH):
        yield Picture("print", f"text {number}", _text(random))
        yield Picture("chest X-rays, drawn", f"chest {number}", _chest(random))
        grain = 2 ** (number // 2)
        yield Picture("noise", f"{number}, grain {grain} px", _noise(random, grain, [128] * 3, 60))
        # As pink as stained tissue, to be told from it by its texture alone.
        pink = _noise(random, grain, [190, 120, 175], 30)
        yield Picture("noise in the colours of H&E", f"{number}, grain {grain} px", pink)


def _rgb(picture: NDArray) -> NDArray[np.uint8]:
    """Any picture as RGB, at most `LARGEST` pixels wide and high."""
    values = np.asarray(picture)
    if values.dtype != np.uint8:
        values = (np.clip(values.astype(np.float64), 0, 1) * 255).astype(np.uint8)
    if values.ndim == 2:  # noqa: PLR2004 - grey
        values = values[..., np.newaxis].repeat(3, axis=2)
    height, width = values.shape[:2]
    factor = min(1.0, LARGEST / max(height, width))
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return resize(np.ascontiguousarray(values[..., :3]), *size)


def _text(random: np.random.Generator) -> NDArray[np.uint8]:
    """Lines of made-up words, black on white or in two colours."""
    plain = random.random() < 0.5  # noqa: PLR2004 - one in two
    ink = (0, 0, 0) if plain else tuple(int(value) for value in random.integers(0, 120, 3))
    paper = (255, 255, 255) if plain else random.integers(150, 256, 3)
    page = np.full((SIDE, SIDE, 3), paper, np.uint8)
    size = float(random.uniform(0.4, 0.7))
    for line in range(20, SIDE, 20):
        letters = "".join(random.choice(list("abcdefghijklmnopqrstuvwxyz   "), 40))
        place = (5, line)
        cv2.putText(page, letters, place, cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    return page


def _noise(
    random: np.random.Generator, grain: int, colour: list[int], spread: float
) -> NDArray[np.uint8]:
    """Coloured noise with grains of so many pixels."""
    side = SIDE // grain + 1
    noise = random.normal(0, spread, (side, side, 3)).astype(np.float32)
    fine = cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.array(colour) + fine, 0, 255).astype(np.uint8)


def _chest(random: np.random.Generator) -> NDArray[np.uint8]:
    """A drawing like an X-ray of a chest: grey, two dark lungs, ribs, grain of the film."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    picture = 0.35 + 0.3 * np.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.15)
    for rib in range(7):
        bent = y - (0.1 + 0.12 * rib) - 0.15 * (x - 0.5) ** 2 * random.uniform(0.5, 2)
        picture += 0.12 * np.exp(-(bent**2) / 0.0006)
    for lung in (0.3, 0.7):
        picture -= 0.25 * np.exp(-((x - lung) ** 2 / 0.02 + (y - 0.5) ** 2 / 0.08))
    return _rgb(picture + random.normal(0, random.uniform(0.02, 0.05), picture.shape))
