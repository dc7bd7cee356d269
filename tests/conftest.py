"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real images and weights; skips, saying so, where it is absent."""
    folder = Path(os.environ.get("LOBULE_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real images at {folder}: set LOBULE_TEST_DATA to the folder that has data/")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test's state in a folder of its own."""
    folder = tmp_path_factory.mktemp("lobule-home")
    monkeypatch.setenv("LOBULE_HOME", str(folder))
    return folder
