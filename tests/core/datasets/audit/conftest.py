"""Made-up datasets with known faults."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, table

Write = Callable[[str, NDArray[np.uint8]], None]


def picture(seed: int, side: int = 50, tint: tuple[int, int, int] = (200, 120, 180)) -> NDArray:
    """A textured picture in RGB that no other seed resembles."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(
        random.normal(0, 30, (8, 8, 3)), (side, side), interpolation=cv2.INTER_CUBIC
    )
    fine = random.normal(0, 8, (side, side, 3))
    return np.clip(coarse + fine + tint, 0, 255).astype(np.uint8)


def make_dataset(root: Path, **columns: object) -> Dataset:
    """A dataset of all files under a folder `<label>/<patient>_…`, with columns overridden."""
    rows = [
        Record(
            path=path.relative_to(root).as_posix(),
            patient=path.name.split("_")[0],
            slide=path.name.split("_")[0],
            label=int(path.parent.name),
        )
        for path in root.glob("*/*")
    ]
    records = table(rows).assign(**columns) if columns else table(rows)
    return Dataset("made up", root, ("healthy", "ill"), records, UNKNOWN_SOURCE)


def rows_dataset(rows: list[tuple[str, int, str]], classes: tuple[str, ...]) -> Dataset:
    """Records without files: patient, label, subtype."""
    records = [
        Record(f"{number}.png", patient, patient, label, subtype)
        for number, (patient, label, subtype) in enumerate(rows)
    ]
    return Dataset("made up", Path("nowhere"), classes, table(records), UNKNOWN_SOURCE)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an RGB picture as `data/<label>/<name>`."""

    def put(name: str, pixels: NDArray[np.uint8]) -> None:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), pixels[:, :, ::-1])

    return put


@pytest.fixture
def sound(tmp_path: Path, write: Write) -> Path:
    """Six patients of each class with four pictures each, and nothing wrong with them."""
    for patient in range(12):
        for number in range(4):
            write(f"{patient % 2}/p{patient}_{number}.png", picture(100 * patient + number))
    return tmp_path / "data"
