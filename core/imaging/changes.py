"""What a laboratory may do to an image: other stain, focus, compression, light or scale.

For robustness curves: the same image, changed by a known amount.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.imaging.stain import HED_FROM_RGB, RGB_FROM_HED

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Change:
    """One change of a known amount.

    `apply` takes (H, W, 3) RGB pixels, a number that tells images apart, and how many of the
    image's pixels one pixel of the network's input stands for; it gives pixels of the same shape.
    """

    name: str
    """ "stain", "blur", "jpeg", "brightness" or "scale"."""
    amount: float
    unit: str
    apply: Callable[[Pixels, int, float], Pixels]


def stain(pixels: Pixels, strength: float, seed: int) -> Pixels:
    """The image under another stain: HED jitter (Tellez et al. 2018), uint8 of the same shape.

    The same formula as `core.datasets.augmentation.StainJitter`; each image moves in a direction of
    its own, given by the seed, and the further the greater the strength.
    """
    drawn = strength * np.random.default_rng(seed).uniform(-1, 1, (2, 3))
    alpha, beta = 1 + drawn[0], drawn[1] / 5
    matrix = (HED_FROM_RGB * alpha) @ RGB_FROM_HED
    white = np.log(256) * (1 - matrix.sum(axis=0))
    light = np.log(pixels.reshape(-1, 3) + 1.0)
    changed = np.exp(light @ matrix + white - beta @ RGB_FROM_HED) - 1
    return _pixels(changed.reshape(pixels.shape))


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """The image out of focus: a Gaussian of this standard deviation, pixels."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def compress(pixels: Pixels, quality: int) -> Pixels:
    """The image saved and read again as JPEG of this quality, 1 to 100."""
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)[..., ::-1]


def brighten(pixels: Pixels, percent: float) -> Pixels:
    """The image with this much more light, below 0 less; what exceeds white is white."""
    return _pixels(pixels * (1 + percent / 100))


def enlarge(pixels: Pixels, percent: float) -> Pixels:
    """The image as if taken at this much larger a scale, below 0 smaller, in the same frame.

    What comes into view at an edge is the image mirrored.
    """
    factor = 1 + percent / 100
    height, width = pixels.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, 0, factor)
    if factor < 1:
        # Shrinking skips pixels unless they are averaged first.
        pixels = blur(pixels, 0.5 / factor)
    turned = cv2.warpAffine(
        pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(turned, dtype=np.uint8)


def robustness_changes() -> tuple[Change, ...]:
    """The changes of every robustness curve, each kind in growing amounts."""
    return (
        *(Change("stain", s, "HED strength", _stain(s)) for s in (0.05, 0.1, 0.25)),
        *(Change("blur", s, "px of the input", _blur(s)) for s in (0.5, 1.0, 2.0)),
        *(Change("jpeg", q, "quality", _compress(q)) for q in (80, 50, 20)),
        *(Change("brightness", p, "%", _brighten(p)) for p in (-30, -15, 15, 30)),
        *(Change("scale", p, "%", _enlarge(p)) for p in (-25, -10, 10, 25)),
    )


Apply = Callable[[Pixels, int, float], Pixels]


def _stain(strength: float) -> Apply:
    return lambda pixels, number, _: stain(pixels, strength, number)


def _blur(sigma: float) -> Apply:
    return lambda pixels, _, grain: blur(pixels, sigma * grain)


def _compress(quality: int) -> Apply:
    return lambda pixels, _number, _grain: compress(pixels, quality)


def _brighten(percent: float) -> Apply:
    return lambda pixels, _number, _grain: brighten(pixels, percent)


def _enlarge(percent: float) -> Apply:
    return lambda pixels, _number, _grain: enlarge(pixels, percent)


def _pixels(values: NDArray[np.floating]) -> Pixels:
    return np.clip(values.round(), 0, 255).astype(np.uint8)
