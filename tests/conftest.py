"""Fixtures that every test may use."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

# Examples have no time limit: how long one takes says more of the machine than of the code.
settings.register_profile("lobule", deadline=None)
settings.load_profile("lobule")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real images and weights; skips, saying so, where it is absent."""
    folder = Path(os.environ.get("LOBULE_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(
            f"no real images at {folder}: set LOBULE_TEST_DATA to the folder that has data/"
        )
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test's state in a folder of its own."""
    folder = tmp_path_factory.mktemp("lobule-home")
    monkeypatch.setenv("LOBULE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_idc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight made-up patients in the layout and with the names of IDC.

    Patients 1–6 have ten patches of each class, 7 only negatives, 8 only positives. Positives are
    darker and coarser; every patient has a tint of its own.
    """
    folder = tmp_path_factory.mktemp("tiny") / "idc"
    random = np.random.default_rng(0)
    for patient in range(1, 9):
        tint = random.uniform(-25, 25, 3)
        for label in (0, 1):
            if (patient, label) in {(7, 1), (8, 0)}:
                continue
            target = folder / f"{patient}" / f"{label}"
            target.mkdir(parents=True)
            for number in range(10):
                grain = 5 if label else 2
                noise = random.normal(0, 25, (50 // grain, 50 // grain, 3)).repeat(grain, 0)
                pixels = (190 - 30 * label) + tint + noise.repeat(grain, 1)
                x, y = 1 + 50 * number, 101 + 50 * label
                name = f"{patient}_idx5_x{x}_y{y}_class{label}.png"
                pixels = np.clip(pixels, 0, 255).astype(np.uint8)
                cv2.imwrite(str(target / name), pixels)
    return folder
