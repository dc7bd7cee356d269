"""PyTorch where it is, and processes as users have them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import limited

_IN_A_CHILD = limited.try_in_a_child
STAND_INS = Path(__file__).parents[2] / "stand_ins"


@pytest.fixture(scope="session")
def pytorch() -> Path:
    """A folder for `PYTHONPATH` with which timm starts; skips where PyTorch does not."""
    done = subprocess.run(
        [sys.executable, "-c", "import timm, transformers"],
        env={**os.environ, "PYTHONPATH": str(STAND_INS)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        pytest.skip(
            "PyTorch with timm and transformers is needed: python -m pip install --no-deps -r "
            f"tests/conversion.txt ({done.stderr.strip().splitlines()[-1][:100]})"
        )
    return STAND_INS


@pytest.fixture
def each_in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and convert in processes of their own, as users do; other tests do it at once."""
    monkeypatch.setattr("core.limited.try_in_a_child", _IN_A_CHILD)
