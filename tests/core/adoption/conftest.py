"""A network that was made elsewhere, read, and an empty shelf for it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.adoption.foreign import Foreign, read_foreign


def patches(folder: Path, patients: range) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 32, 32, 3) RGB and labels of some of the made-up patients."""
    paths = [
        path for patient in patients for path in sorted((folder / f"{patient}").rglob("*.png"))
    ]
    pixels = [cv2.resize(cv2.imread(str(path))[..., ::-1], (32, 32)) for path in paths]
    return np.stack(pixels), np.array([int(path.stem[-1]) for path in paths])


@pytest.fixture(scope="session")
def foreign(made_elsewhere: Path) -> Foreign:
    """The network made elsewhere, read."""
    return read_foreign(made_elsewhere)


@pytest.fixture
def no_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf; the folder of own models, which is not there yet."""
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    return home / "models"
