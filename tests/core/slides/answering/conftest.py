"""Small slides and a network that needs no TensorFlow."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tifffile import TiffWriter

from core.registry.package import Package
from core.slides.answering import network, work
from core.slides.answering.network import SlideNetwork
from tests.core.slides.answering.pretence import by_red

WriteSlide = Callable[..., Path]


@pytest.fixture
def write_slide(tmp_path: Path) -> WriteSlide:
    """Write a tiled TIFF: `write_slide(pixels, um_per_px, name, halvings)`."""

    def write(
        pixels: NDArray[np.uint8],
        um_per_px: float = 1.0,
        name: str = "slide.tiff",
        halvings: int = 0,
    ) -> Path:
        path = tmp_path / name
        with TiffWriter(path) as file:
            for level in range(halvings + 1):
                step = 2**level
                height, width = (side // step * step for side in pixels.shape[:2])
                small = pixels[:height, :width].reshape(
                    height // step, step, width // step, step, 3
                )
                file.write(
                    np.rint(small.mean(axis=(1, 3))).astype(np.uint8),
                    tile=(128, 128),
                    photometric="rgb",
                    compression="zlib",
                    resolution=(1e4 / um_per_px / step, 1e4 / um_per_px / step),
                    resolutionunit="CENTIMETER",
                    subfiletype=int(level > 0),
                    metadata=None,
                )
        return path

    return write


@pytest.fixture
def section(tissue: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A section of noisy tissue on glass, (1200, 1680) px."""
    return tissue.repeat(4, axis=0).repeat(4, axis=1)


@pytest.fixture
def pretended(package: Package, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Let slides be answered by how dark the red of a tile is, without TensorFlow."""
    network_ = SlideNetwork(batch=16, answer=by_red, spread=lambda _inputs, _index: 0.01)
    monkeypatch.setattr(network, "load_network", lambda _package: network_)
    monkeypatch.setattr(network, "find", lambda _name: package)
    monkeypatch.setattr(work, "find", lambda _name: package)
    # The package offers a function of the module's name.
    monkeypatch.setattr(import_module("core.slides.answering.start"), "find", lambda _name: package)
    return package
