"""A small dataset of patches that a tiny model can be judged on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.imaging.overlay import encode_png
from tests.core.conftest import card_content


@pytest.fixture(scope="session")
def card_of() -> Callable[[str], dict[str, Any]]:
    """Changes of the tiny card for another way in which images become inputs."""

    def changes(fit: str) -> dict[str, Any]:
        return {"name": f"tiny-{fit}", "input": card_content()["input"] | {"fit": fit}}

    return changes


@pytest.fixture(scope="session")
def patches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight IDC patients with six patches of 50 px of each class; class 1 is darker."""
    folder = tmp_path_factory.mktemp("patches")
    random = np.random.default_rng(0)
    for patient in range(1, 9):
        for number in range(12):
            label = number % 2
            level = 170 - 40 * label + random.normal(0, 20)
            pixels = np.clip(level + random.normal(0, 25, (50, 50, 3)), 0, 255).astype(np.uint8)
            name = f"{patient}_idx5_x{number * 50 + 1}_y51_class{label}.png"
            (folder / name).write_bytes(encode_png(pixels))
    return folder


@pytest.fixture(scope="session")
def dataset(patches: Path) -> Dataset:
    return open_dataset(patches)
