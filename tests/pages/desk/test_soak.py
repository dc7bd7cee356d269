"""A thousand answers in a row, in a process of their own, by the benchmark that says how much."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_memory_stays_after_the_first_answers(shelf_folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/soak.py", "--model", "tiny", "--answers", "1000"],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LOBULE_HOME": str(tmp_path),
            "LOBULE_SHIPPED_MODELS": str(shelf_folder),
        },
    )  # fmt: skip
    found = re.search(r"([\d.]+) MB after 50, ([\d.]+) MB at the end", done.stdout)
    assert found, done.stdout
    early, late = map(float, found.groups())
    assert late < 1.05 * early, done.stdout
