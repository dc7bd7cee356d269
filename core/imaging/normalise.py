"""Stain normalisation: an image as if it had been stained like the reference.

Both methods estimate the stain from the image itself. On a patch of 50×50 px, which may show one
tissue or hardly any, that estimate is unstable: neighbouring patches of one slide come out in
different colours. The default is therefore none; use them on fields of several hundred pixels.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.imaging.stain import optical_density

Normalisation = Literal["none", "macenko", "reinhard"]

# Of the pixels with stain: fewer say nothing of it.
_FEWEST = 100
# A pixel is stained if each channel absorbs at least this, natural logarithm (Macenko's beta).
_STAINED = 0.15
# Variance along the second axis, of optical density: below it there is only one stain.
_ONE_STAIN = 1e-5

# Haematoxylin and eosin (columns), and the 99th percentile of their amounts: the reference that
# M. Veta's implementation of Macenko's method made customary.
_STAINS = np.array([[0.5626, 0.2159], [0.7201, 0.8012], [0.4062, 0.5581]])
_AMOUNTS = np.array([1.9705, 1.0308])

# Reinhard et al. 2001, from RGB to LMS and from log LMS to lαβ.
_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
_LAB = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]])
# Mean and standard deviation of l, α and β of the stained pixels of IDC patches, averaged over
# 18 patients.
_MEAN = np.array([-1.0400, -0.1034, 0.0442])
_SPREAD = np.array([0.3575, 0.0694, 0.0190])


def normalise_stain(pixels: NDArray[np.uint8], method: Normalisation) -> NDArray[np.uint8]:
    """Give an image the reference's stain.

    "macenko": Macenko et al., "A method for normalizing histology slides for quantitative
    analysis", ISBI 2009. "reinhard": Reinhard et al., "Color transfer between images", IEEE
    Computer Graphics and Applications 21(5), 2001, measured on and applied to stained pixels only,
    so that glass stays as it is.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8 RGB.
    method
        "none" returns the image.

    Returns
    -------
    NDArray[np.uint8]
        (H, W, 3) RGB. The image itself where it has too little stain, or only one, to go by.
    """
    if method == "none":
        return pixels
    density = optical_density(pixels).reshape(-1, 3).astype(np.float64)
    stained: NDArray[np.bool_] = np.all(density >= _STAINED, axis=1)
    if stained.sum() < _FEWEST:
        return pixels
    flat = pixels.reshape(-1, 3)
    changed = _macenko(density, stained) if method == "macenko" else _reinhard(flat, stained)
    return pixels if changed is None else changed.reshape(pixels.shape)


def _macenko(density: NDArray[np.float64], stained: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    variances, axes = np.linalg.eigh(np.cov(density[stained].T))
    if variances[1] < _ONE_STAIN:
        return None
    # An axis may come out either way round; both are turned to point towards more absorption.
    plane = axes[:, 1:] * np.where(axes[:, 1:].sum(axis=0) < 0, -1, 1)
    across, along = (density[stained] @ plane).T
    angles = np.percentile(np.arctan2(across, along), [1, 99])
    stains = plane @ np.array([np.sin(angles), np.cos(angles)])
    if stains[0, 0] < stains[0, 1]:  # haematoxylin absorbs more red
        stains = stains[:, ::-1]
    amounts = np.linalg.lstsq(stains, density.T, rcond=None)[0]
    most = np.percentile(amounts, 99, axis=1)
    if (most <= 0).any():
        return None
    normal = _STAINS @ (amounts * (_AMOUNTS / most)[:, np.newaxis])
    return np.clip(np.rint(np.exp(-normal.T) * 256 - 1), 0, 255).astype(np.uint8)


def _reinhard(flat: NDArray[np.uint8], stained: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    opponent = lab(flat[stained])
    spread = opponent.std(axis=0)
    if (spread < np.finfo(np.float32).eps).any():
        return None
    normal = (opponent - opponent.mean(axis=0)) / spread * _SPREAD + _MEAN
    rgb = np.exp(normal @ np.linalg.inv(_LAB).T) @ np.linalg.inv(_LMS).T
    changed = flat.copy()
    changed[stained] = np.clip(np.rint(rgb * 256 - 1), 0, 255).astype(np.uint8)
    return changed


def lab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Reinhard's lαβ of RGB pixels, (N, 3) to (N, 3); natural logarithm, 0 is white."""
    return np.log((rgb + 1.0) / 256 @ _LMS.T) @ _LAB.T
