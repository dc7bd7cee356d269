"""Colours of an ICC profile turned into those of sRGB, which every screen and network expects."""

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageCms

_MODES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_UNSEEN = 1
_STEPS = 17


def to_srgb(image: PillowImage.Image, profile: bytes) -> tuple[PillowImage.Image, str | None]:
    """Convert an image to sRGB by its colour profile.

    Parameters
    ----------
    image
        In mode RGB, L or CMYK.
    profile
        ICC, as the file carries it.

    Returns
    -------
    tuple
        The image, in mode RGB if it was converted; and a note on what was done, None if nothing was
        because the profile is that of sRGB within a level.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space == _MODES["L"] and _is_grey(image):
            image = image.getchannel(0)
        space = _MODES.get(image.mode)
        if source.profile.xcolor_space != space:
            return image, "its colour profile does not fit the image: ignored"
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, image.mode, "RGB")
        if image.mode != "CMYK" and _changes_nothing(transform, image.mode):
            return image, None
        converted = PillowImage.new("RGB", image.size)
        transform.apply(image, converted)
        return converted, f"colours turned from {_name(source)} into sRGB"
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image, "its colour profile is damaged: ignored"


def srgb_of(profile: bytes) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None:
    """Return what turns many pictures (H, W, 3) with one colour profile into sRGB.

    None where nothing is to be done: without a profile, and where it is that of sRGB within a
    level, for other colours than RGB, or damaged.
    """
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _MODES["RGB"]:
            return None
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, "RGB", "RGB")
        if _changes_nothing(transform, "RGB"):
            return None
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None

    def turned(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        picture = PillowImage.fromarray(pixels)
        transform.apply(picture, picture)
        return np.asarray(picture)

    return turned


def _is_grey(image: PillowImage.Image) -> bool:
    """Whether an RGB image is a grey one whose transparency was taken off."""
    if image.mode != "RGB":
        return False
    red, green, blue = (np.asarray(band) for band in image.split())
    return bool(np.array_equal(red, green) and np.array_equal(red, blue))


@lru_cache
def _grid(mode: str) -> PillowImage.Image:
    steps = np.linspace(0, 255, _STEPS).round().astype(np.uint8)
    if mode == "L":
        return PillowImage.fromarray(steps[np.newaxis])
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return PillowImage.fromarray(cube)


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    before = _grid(mode)
    after = PillowImage.new("RGB", before.size)
    transform.apply(before, after)
    change = np.asarray(after).astype(np.int16) - np.asarray(before.convert("RGB"))
    return bool(np.abs(change).max() <= _UNSEEN)


def _name(profile: ImageCms.ImageCmsProfile) -> str:
    name = ImageCms.getProfileDescription(profile).strip()
    words = "".join(letter for letter in name if letter.isprintable())[:60]
    return f"the profile '{words}'" if words else "its colour profile"
