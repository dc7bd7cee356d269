"""The requirement files agree with each other, with the code, and name no place of their own."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from core.extras import how_to_install, is_installed

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


EXTRAS = ("cluster", "encoders", "fonts", "jax", "postgresql", "sign-in")
# PyTorch's usual build brings gigabytes for GPUs: those who develop need none of it.
NOT_FOR_DEVELOPMENT = {"requirements-encoders"}
LOCKS = ("requirements", "requirements-dev", *(f"requirements-{extra}" for extra in EXTRAS))


def brought() -> dict[str, set[str]]:
    """Read who brings what, as the comments of requirements.txt tell it."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    lines = re.findall(r"^#   of ([\w.-]+): (.+)$", text, flags=re.MULTILINE)
    return {normal(carrier): set(map(normal, carried.split(", "))) for carrier, carried in lines}


def needs(name: str) -> set[str]:
    """All distributions that a plain installation of one needs, itself among them."""
    seen: set[str] = set()
    waiting = {normal(name)}
    while waiting:
        seen.add(current := waiting.pop())
        for line in importlib.metadata.requires(current) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting |= {normal(requirement.name)} - seen
    return seen


def test_the_list_stays_short() -> None:
    assert len(names("requirements.txt")) < 22


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_all_that_is_asked_for_each_file_with_its_hash(lock: str) -> None:
    assert names(f"{lock}.txt") <= pins(f"{lock}.lock").keys()
    text = (ROOT / f"{lock}.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) >= len(names(f"{lock}.txt"))
    assert not [entry for entry in entries if "--hash=sha256:" not in entry]


def test_development_lock_contains_the_others() -> None:
    for lock in LOCKS:
        if lock not in NOT_FOR_DEVELOPMENT:
            assert pins(f"{lock}.lock").items() <= pins("requirements-dev.lock").items()


def test_what_converts_is_tested_in_versions_that_it_asks_for() -> None:
    asked = {
        normal(found.name): found.specifier
        for line in (ROOT / "requirements-encoders.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
        for found in [Requirement(line)]
    }
    tested = pins("tests/conversion.txt") | pins("requirements-dev.lock")
    assert all(specifier.contains(tested[name]) for name, specifier in asked.items())
    locked = pins("requirements-encoders.lock")
    assert all(tested[name] == locked[name] for name in pins("tests/conversion.txt"))


def test_every_extra_can_be_asked_for_and_is_known_to_the_app() -> None:
    files = {path.stem.removeprefix("requirements-") for path in ROOT.glob("requirements-*.lock")}
    assert files == {*EXTRAS, "dev"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"ALL_EXTRAS := {' '.join(EXTRAS)}\n" in makefile
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for extra in EXTRAS:
        assert is_installed(extra) or f"requirements-{extra}" in NOT_FOR_DEVELOPMENT
        assert f"requirements-{extra}.txt" in how_to_install(extra)
        assert f"| `{extra}` |" in readme


def test_the_list_of_advisories_has_every_pin_that_is_asked_for() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([\w.-]+) \| ([\w.]+) \| .+ \|$", text, flags=re.MULTILINE))
    asked = {"requirements": names("requirements.txt").union(*brought().values())}
    asked |= {f"requirements-{extra}": names(f"requirements-{extra}.txt") for extra in EXTRAS}
    expected = {name: pins(f"{lock}.lock")[name] for lock in asked for name in asked[lock]}
    listed.pop("package", None)
    assert {normal(name): version for name, version in listed.items()} == expected


def test_gpu_build_is_the_locked_version() -> None:
    assert pins("requirements-gpu.txt") == {"tensorflow": pins("requirements.lock")["tensorflow"]}


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_host_and_no_folder(lock: str) -> None:
    text = (ROOT / f"{lock}.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--extra-index|--find-links|(^|\s)/\w", text)


def test_what_is_said_to_come_along_does_and_is_not_asked_for_twice() -> None:
    asked = names("requirements.txt")
    assert brought()
    for carrier, carried in brought().items():
        assert carrier in asked
        assert carried <= needs(carrier)
        assert not carried & asked


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        (
            ["core", "pages", "app.py"],
            ["requirements.txt", "requirements-cluster.txt", "requirements-encoders.txt"],
        ),
        (
            ["tests", "benchmarks"],
            ["requirements.txt", "requirements-cluster.txt", "requirements-dev.txt"],
        ),
    ],
)
def test_every_import_is_asked_for(folders: list[str], files: list[str]) -> None:
    """What is imported is asked for, or told to come along with what is."""
    distributions = importlib.metadata.packages_distributions()
    asked = {name for file in files for name in names(file)}.union(*brought().values())
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
