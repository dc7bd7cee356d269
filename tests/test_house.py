"""The rules of the house: who may import whom, what may be committed, how long a module may be."""

import ast
import graphlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up; a room imports from itself and from lower floors only.
FLOORS = (
    {
        "core",
        "core.atomic",
        "core.batch",
        "core.counts",
        "core.datasets.spelling",
        "core.durations",
        "core.errors",
        "core.fields",
        "core.hashing",
        "core.wrong_values",
        "core.zip_files",
    },
    {"core.extras", "core.patience"},
    {"core.settings", "core.rights"},
    {"core.roots"},
    {
        *("core.architectures", "core.documents", "core.evaluation", "core.jobs", "core.plots"),
        "core.cluster",
        "core.gate",
        "core.hosts",
        "core.limited",
        "core.receiving",
        "core.room",
        "core.visitors",
        "core.serving",
    },
    {"core.imaging", "core.processor"},
    {"core.encoders"},
    {"core.registry"},
    {"core.datasets", "core.inference", "core.slides"},
    {"core.cases", "core.explain", "core.training"},
    {"core.choice"},
    {"core.assessment", "core.diagnosis", "core.slides.answering"},
    {"core.adoption", "core.diagnosis_record", "core.slides.export"},
    {"core.slides.worklist"},
    {"core.cli", "core.__main__", "pages"},
    {"app"},
)
# Parts of a room that stand on a floor of their own.
APART = (
    "core.datasets.spelling",
    "core.slides.answering",
    "core.slides.export",
    "core.slides.worklist",
)
# `python -m core` is only the door of the command line.
ALSO_ALLOWED = {("core.__main__", "core.cli")}
# Rooms that a page or the command line may touch before a model is needed.
LIGHT_ROOMS = ("imaging", "registry", "cases", "inference", "explain", "plots", "evaluation")
HEAVY = {"tensorflow", "keras", "tf_keras_vis"}
LINES = 300
PAGE_LINES = 60
# Each page's room: what serves this page only. `app.py` has one, too.
ROOMS = {
    "desk": "diagnose",
    "cases": "worklist",
    "audits": "datasets",
    "runs": "training",
    "figures": "performance",
    "shelf": "models",
    "credits": "about",
    "viewer": "slides",
    "frame": "app",
}
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


@cache
def imports() -> dict[str, set[str]]:
    """What each module imports."""
    return {module: set(imported(module, path)) for module, path in PATHS.items()}


@cache
def own() -> dict[str, set[str]]:
    """What each module imports of Lobule."""
    return {module: names & PATHS.keys() - {module} for module, names in imports().items()}


def room(module: str) -> str:
    parts = module.split(".")
    for apart in APART:
        if module == apart or module.startswith(f"{apart}."):
            return apart
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
        for module, names in own().items()
        for name in names
        if room(module) != room(name)
        and floor(name) >= floor(module)
        and (room(module), room(name)) not in ALSO_ALLOWED
    ]
    assert not wrong


def test_nothing_imports_in_a_circle() -> None:
    graphlib.TopologicalSorter(own()).prepare()  # raises CycleError, naming the circle


def test_core_never_imports_streamlit() -> None:
    assert not [
        module
        for module, names in imports().items()
        if room(module).startswith("core") and any(n.split(".")[0] == "streamlit" for n in names)
    ]


def test_pages_never_import_tensorflow_or_keras() -> None:
    assert not [
        module
        for module, names in imports().items()
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


def page_room(module: str) -> str:
    """The room of the house of pages that a module belongs to; a page belongs to its own room."""
    parts = module.split(".")
    if len(parts) == 3:
        return parts[1]
    rooms = {page: name for name, page in ROOMS.items()}
    return rooms[parts[-1]]


PAGES = {module for module in PATHS if module.startswith("pages.")}


def test_every_page_has_one_room_and_every_room_one_page() -> None:
    assert {page_room(module) for module in PAGES} == {*ROOMS, "shared"}
    pages = {module.partition(".")[2] for module in PAGES if module.count(".") == 1}
    assert pages == set(ROOMS.values()) - {"app"}


def test_nothing_outside_a_room_imports_its_insides() -> None:
    trespasses = {
        (module, name)
        for module in [*PAGES, "app"]
        for name in own()[module] & PAGES
        if page_room(name) not in {page_room(module), "shared"}
    }
    assert not trespasses


def test_what_is_shared_is_used_by_two_rooms() -> None:
    users: dict[str, set[str]] = {name: set() for name in PAGES if page_room(name) == "shared"}
    for module in [*PAGES, "app"]:
        for name in own()[module] & users.keys():
            users[name].add(page_room(module) if page_room(module) != "shared" else module)
    assert not {name: rooms for name, rooms in users.items() if len(rooms) < 2}


def test_a_page_holds_address_and_layout_only() -> None:
    pages = {module for module in PAGES if module.count(".") == 1} | {"app"}
    assert not {
        module
        for module in pages
        if len(PATHS[module].read_text(encoding="utf-8").splitlines()) > PAGE_LINES
    }


def test_style_stands_in_a_style_sheet() -> None:
    """But for numbers that a style sheet takes from the page, such as `--share: 0.5`."""
    rule = re.compile(r"<style>.*[{;]\s*[a-z][a-z-]*\s*:", re.DOTALL)
    assert rule.search("<style>.a { --share: 1; color: red; }</style>")
    assert not rule.search("<style>.a { --share: 1; }</style>")
    assert not [
        (module, text)
        for module in [*PAGES, "app"]
        for text in strings(PATHS[module])
        if rule.search(text)
    ]


def strings(path: Path, *, documented: bool = True) -> Iterator[str]:
    """Yield every text of a module, docstrings too or not; what is filled in is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not documented and id(node) in docstrings:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_text_uses_words_of_the_house() -> None:
    """People read "case", "models", "decision threshold"; code alone has a desk and a shelf."""
    ours = re.compile(
        r"\b(desks?|shelf|shelves|(?<!\()operating points?|(?<!ake )rooms?)\b", re.IGNORECASE
    )
    assert ours.search("Take it off the shelf.")
    assert not ours.search("Decision threshold (operating point): make room.")
    wrong = [
        (module, text)
        for module, path in PATHS.items()
        for text in strings(path, documented=False)
        if " " in text.strip() and ours.search(text)
    ]
    assert not wrong
    settings = (ROOT / "pages" / "runs" / "settings.toml").read_text(encoding="utf-8")
    assert not ours.search(settings)


def test_a_class_has_a_name_of_its_own() -> None:
    names = [
        node.name
        for module, path in PATHS.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert not {name for name, number in Counter(names).items() if number > 1}


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

    pixels = {str(p) for p in committed if looks_like_pixels(p) and not is_screenshot(p)}
    # tests/pages/desk/test_samples.py says whose they are; the graphs hold operations, no pixels.
    assert pixels == {
        *(f"models/{name}/graph.npz" for name in ("idc", "breakhis-binary")),
        *(f"pages/shared/objectives/{name}x.jpg" for name in (4, 10, 20, 40)),
        *(f"pages/desk/samples/{name}.png" for name in ("invasive", "mixed", "not-invasive")),
    }


def test_shipped_models_are_small(committed: list[Path]) -> None:
    sizes: dict[Path, int] = {}
    for path in committed:
        if path.parts[0] == "models":
            sizes[path.parent] = sizes.get(path.parent, 0) + (ROOT / path).stat().st_size
    assert not {folder: size for folder, size in sizes.items() if size >= MODEL_BYTES}
