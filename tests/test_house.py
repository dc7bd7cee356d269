"""The rules of the house: who may import whom, what may be committed, how long a module may be."""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up; a room imports from itself and from lower floors only.
FLOORS = (
    {"core", "core.errors", "core.durations"},
    {"core.settings"},
    {"core.architectures", "core.documents", "core.evaluation", "core.plots", "core.serving"},
    {"core.imaging", "core.registry"},
    {"core.datasets", "core.inference"},
    {"core.cases", "core.explain", "core.training"},
    {"core.assessment", "core.diagnosis"},
    {"core.diagnosis_record"},
    {"core.cli", "core.__main__", "pages"},
    {"app"},
)
# `python -m core` is only the door of the command line.
ALSO_ALLOWED = {("core.__main__", "core.cli")}
# Rooms that a page or the command line may touch before a model is needed.
LIGHT_ROOMS = ("imaging", "registry", "cases", "inference", "explain", "plots", "evaluation")
HEAVY = {"tensorflow", "keras", "tf_keras_vis"}
LINES = 300
MODEL_BYTES = 32_000_000

IMAGE_OR_ARRAY_SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".jfif", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".svs", ".ndpi"),
    *(".npy", ".npz", ".pkl", ".pickle", ".mat", ".dcm"),
}
IMAGE_OR_ARRAY_STARTS = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"II*\x00",
    b"MM\x00*",
    b"GIF8",
    b"BM",
    b"RIFF",
    b"\x93NUMPY",
)


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in [*sources("core", "pages"), ROOT / "app.py"]}


def imported(module: str, path: Path) -> Iterator[str]:
    """Yield every module that the file imports anywhere, also inside functions."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                yield inner if inner in PATHS else origin


IMPORTS = {module: set(imported(module, path)) for module, path in PATHS.items()}
OWN = {module: names & PATHS.keys() - {module} for module, names in IMPORTS.items()}


def room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "core" else parts[0]


def floor(module: str) -> int:
    for level, rooms in enumerate(FLOORS):
        if room(module) in rooms:
            return level
    pytest.fail(f"{module} is in no room of the design: give {room(module)} a floor in FLOORS")


def test_every_module_has_a_floor() -> None:
    assert {floor(module) for module in PATHS} <= set(range(len(FLOORS)))
    assert "core.settings" in PATHS
    assert "app" in PATHS


def test_nothing_imports_upward_or_from_a_neighbour() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, names in OWN.items()
        for name in names
        if room(module) != room(name)
        and floor(name) >= floor(module)
        and (room(module), room(name)) not in ALSO_ALLOWED
    ]
    assert not wrong


def test_nothing_imports_in_a_circle() -> None:
    graphlib.TopologicalSorter(OWN).prepare()  # raises CycleError, naming the circle


def test_core_never_imports_streamlit() -> None:
    assert not [
        module
        for module, names in IMPORTS.items()
        if room(module).startswith("core") and any(n.split(".")[0] == "streamlit" for n in names)
    ]


def test_pages_never_import_tensorflow_or_keras() -> None:
    assert not [
        module
        for module, names in IMPORTS.items()
        if room(module) in {"pages", "app"} and any(n.split(".")[0] in HEAVY for n in names)
    ]


def loaded_by_importing(modules: list[str]) -> set[str]:
    """Import the modules in a new interpreter; return all that is loaded then."""
    program = f"import {', '.join(modules)}, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["core.diagnosis", "core.cli"])
def test_the_journey_and_the_command_line_load_no_tensorflow(module: str) -> None:
    assert not loaded_by_importing([module]) & {*HEAVY, "streamlit"}


def test_rooms_that_pages_touch_load_no_tensorflow() -> None:
    light = [name for name in PATHS if room(name) in {f"core.{part}" for part in LIGHT_ROOMS}]
    assert not loaded_by_importing(light) & {*HEAVY, "streamlit"}


def test_modules_are_short() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in [*sources("core", "pages", "benchmarks"), ROOT / "app.py"]
    }
    assert not {str(path): count for path, count in lengths.items() if count > LINES}


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip(f"{ROOT} is no git checkout: there is no list of committed files")
    # A clone may belong to another user than the one who runs this.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_image_or_array_is_committed(committed: list[Path]) -> None:
    assert Path("tests/test_house.py") in committed

    def is_screenshot(path: Path) -> bool:
        return path.parent == Path("docs") and path.suffix == ".png"

    def looks_like_pixels(path: Path) -> bool:
        with (ROOT / path).open("rb") as file:
            start = file.read(8)
        return path.suffix.lower() in IMAGE_OR_ARRAY_SUFFIXES or start.startswith(
            IMAGE_OR_ARRAY_STARTS
        )

    assert not [str(p) for p in committed if looks_like_pixels(p) and not is_screenshot(p)]


def test_shipped_models_are_small(committed: list[Path]) -> None:
    sizes: dict[Path, int] = {}
    for path in committed:
        if path.parts[0] == "models":
            sizes[path.parent] = sizes.get(path.parent, 0) + (ROOT / path).stat().st_size
    assert not {folder: size for folder, size in sizes.items() if size >= MODEL_BYTES}
