"""Fixtures that every test may use."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

from core.encoders.read import read_given

# Examples have no time limit: how long one takes says more of the machine than of the code.
settings.register_profile("lobule", deadline=None)
settings.load_profile("lobule")

pytest_plugins = ["tests.made_elsewhere", "tests.pretended_runs"]

ROOT = Path(__file__).resolve().parent.parent
# Begun first, in this order, where several processes share the tests by file: so none is left with
# one alone. Whatever takes more than half a minute, in every run or in `make test-all`.
LONGEST = (
    "browser/test_training.py",
    "browser/test_worklist.py",
    "browser/test_datasets.py",
    "browser/test_performance.py",
    "browser/test_desk.py",
    "browser/test_slides.py",
    "browser/test_screenshots.py",
    "browser/test_many.py",
    "browser/test_adopt.py",
    "browser/test_diagnose.py",
    "browser/test_models.py",
    "browser/test_sign_in.py",
    "browser/test_layout.py",
    "browser/test_explanations.py",
    "fitting/test_device.py",
    "jobs/test_faults.py",
    "explain/test_gradcam.py",
    "explain/test_methods.py",
    "evaluation/test_promises.py",
    "registry/test_graph.py",
    "training/test_by_folds.py",
    "adoption/test_network.py",
    "architectures/test_pretrained.py",
    "fitting/test_checkpoint.py",
    "core/test_limited.py",
    "fitting/test_fit.py",
    "architectures/test_build.py",
    "cases/test_kill.py",
    "jobs/test_start.py",
    "training/test_run.py",
    "training/test_fields.py",
    "desk/test_soak.py",
    "pages/test_worklist.py",
    "pages/test_training.py",
    "models/test_idc.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; within a file the order stays."""

    def rank(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((at for at, name in enumerate(LONGEST) if path.endswith(name)), len(LONGEST))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what was imported: an eighth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real images and weights; skips, saying so, where it is absent."""
    folder = Path(os.environ.get("LOBULE_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(
            f"no real images at {folder}: set LOBULE_TEST_DATA to the folder that has data/"
        )
    return folder


@pytest.fixture(scope="session")
def some_idc(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to the real patches of the five patients that `idc` was judged on, and of seven more.

    About 3,200 of the 14,000 that there are; what needs them all is marked exhaustive.
    """
    folder = tmp_path_factory.mktemp("some-idc") / "idc"
    folder.mkdir()
    patients = sorted(path.name for path in (shared / "data" / "idc").iterdir() if path.is_dir())
    judged = [name for name in ("14082", "8864", "8865", "8867", "8975") if name in patients]
    for name in dict.fromkeys([*judged, *patients[:7]]):
        (folder / name).symlink_to(shared.resolve() / "data" / "idc" / name)
    return folder


@pytest.fixture(scope="session")
def weights(shared: Path) -> Path:
    """Folder of ImageNet weights; skips, saying so, where it is absent."""
    folder = shared / "weights"
    if not folder.is_dir():
        pytest.skip(f"no ImageNet weights at {folder}")
    return folder


@pytest.fixture(autouse=True)
def _no_children(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load networks of others at once, save in `tests/core/test_limited.py`: a child takes long."""
    if request.path.name != "test_limited.py":
        monkeypatch.setattr("core.limited.try_in_a_child", _try_here)


@pytest.fixture(autouse=True)
def _no_page_is_the_program() -> Iterator[None]:
    """Put back what runs: a page under test takes its place, and new processes would draw it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


def _try_here(function: str, path: Path, **_: int) -> None:
    """Only what reads an encoder leaves something behind that is needed."""
    if function == "core.encoders.read:read_given":
        read_given(path)


@pytest.fixture(scope="session", autouse=True)
def _no_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the settings of whoever runs the tests, also from fixtures wider than a test."""
    kept = ("LOBULE_TEST_DATA", "LOBULE_CHROMIUM")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("LOBULE_")]:
            if name not in kept:
                patch.delenv(name)
        patch.setenv("LOBULE_HOME", str(tmp_path_factory.mktemp("lobule-session")))
        yield


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that are not there yet; pytest's own way reads through thousands for each."""
    folder = tmp_path_factory.mktemp("lobule-homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test's state in a folder of its own."""
    folder = next(homes)
    folder.mkdir()
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


@pytest.fixture(scope="session")
def draw() -> Callable[..., Path]:
    """Write a noisy picture: `draw(path, width, height, seed)`; the suffix says the format."""

    def write(path: Path, width: int = 35, height: int = 23, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        assert cv2.imwrite(str(path), pixels)
        return path

    return write


@pytest.fixture
def tiny_breakhis(tmp_path: Path, draw: Callable[..., Path]) -> Path:
    """Six images of noise, 35×23 px, in the tree and with the names of BreaKHis; may be changed."""
    root = tmp_path / "BreaKHis_v1"
    breast = root / "histology_slides" / "breast"
    for seed, path in enumerate(
        (
            "benign/SOB/adenosis/SOB_B_A_14-22549AB/100X/SOB_B_A-14-22549AB-100-001.png",
            "benign/SOB/adenosis/SOB_B_A_14-22549CD/40X/SOB_B_A-14-22549CD-40-001.png",
            "benign/SOB/tubular_adenoma/SOB_B_TA_14-3411F/100X/SOB_B_TA-14-3411F-100-002.png",
            "malignant/SOB/ductal_carcinoma/SOB_M_DC_14-13412/100X/SOB_M_DC-14-13412-100-003.png",
            "malignant/SOB/lobular_carcinoma/SOB_M_LC_14-13412/100X/SOB_M_LC-14-13412-100-003.png",
            "malignant/SOB/papillary_carcinoma/SOB_M_PC_15-190EF/400X/SOB_M_PC-15-190EF-400-010.png",
        )
    ):
        draw(breast / path, seed=seed)
    return root
