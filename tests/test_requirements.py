"""The requirement files agree with each other, with the code, and name no place of their own."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names(file: str) -> set[str]:
    """Read the distributions that a requirements file asks for, without those it includes."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in lines)
    return {normal(match[0]) for match in found if match}


def pins(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^ ;\\]+)", line) for line in lines)
    return {normal(match[1]): match[2] for match in found if match}


def test_locks_hold_all_that_is_asked_for() -> None:
    assert names("requirements.txt") <= pins("requirements.lock").keys()
    assert names("requirements-dev.txt") <= pins("requirements-dev.lock").keys()


def test_development_lock_contains_the_lock() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_gpu_build_is_the_locked_version() -> None:
    assert pins("requirements-gpu.txt") == {"tensorflow": pins("requirements.lock")["tensorflow"]}


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_no_host_and_no_folder(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--extra-index|--find-links|(^|\s)/\w", text)


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        (["core", "pages", "app.py"], ["requirements.txt"]),
        (["tests", "benchmarks"], ["requirements.txt", "requirements-dev.txt"]),
    ],
)
def test_every_import_is_asked_for(folders: list[str], files: list[str]) -> None:
    """What is imported directly is required directly, not by the grace of another package."""
    distributions = importlib.metadata.packages_distributions()
    asked = {name for file in files for name in names(file)}
    # opencv-python may have been replaced by its twin without a window system.
    asked.add("opencv-python-headless")
    paths = [path for name in folders for path in [ROOT / name, *(ROOT / name).rglob("*.py")]]
    missing = set()
    for path in (path for path in paths if path.suffix == ".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                origins = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                origins = [str(node.module)]
            else:
                continue
            for origin in (name.split(".")[0] for name in origins):
                own = (ROOT / origin).is_dir() or origin in sys.stdlib_module_names
                providers = {normal(name) for name in distributions.get(origin, [origin])}
                if not own and not providers & asked:
                    missing.add(f"{path.relative_to(ROOT)}: {origin}")
    assert not missing
