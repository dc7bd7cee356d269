"""Sharpness against SciPy's Laplacian, and what blur does to it."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import laplace

from core.imaging.focus import sharpness

NOISE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def test_is_the_variance_of_the_laplacian() -> None:
    grey = cv2.cvtColor(NOISE, cv2.COLOR_RGB2GRAY).astype(float)
    assert sharpness(NOISE) == pytest.approx(laplace(grey, mode="mirror").var(), rel=1e-5)


def test_blur_takes_it_away_and_a_plain_image_has_none() -> None:
    values = [sharpness(cv2.GaussianBlur(NOISE, (0, 0), sigma)) for sigma in (0.6, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert sharpness(np.full((8, 8, 3), 200, np.uint8)) == 0
