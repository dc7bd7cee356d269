"""Small slides and a network that needs no TensorFlow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tifffile import TiffWriter

from core.explain.passes import Explained
from core.registry.package import Package
from core.slides.answering import network, work
from core.slides.answering.network import SlideNetwork

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
    monkeypatch.setattr("core.slides.answering.start.find", lambda _name: package)
    return package


def by_red(inputs: NDArray[np.uint8]) -> Explained:
    """Answer by the mean of red, which a test can do by hand."""
    positive = 1 - inputs[..., 0].mean(axis=(1, 2)) / 255
    chances = np.stack([1 - positive, positive], axis=1).astype(np.float32)
    number = len(inputs)
    heatmaps = np.zeros((number, 1, 1), np.float32)
    return Explained(chances, heatmaps, np.full(number, 0.5), np.full(number, 2.0), None)
