from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core.datasets.open import open_dataset
from core.errors import TrainingError
from core.training.check import check_name, check_scale


@pytest.mark.parametrize("name", ["My Model", "", "../idc", "idc.2", "-idc", "ä", "a" * 65])
def test_names_that_no_package_can_have_are_refused(name: str) -> None:
    with pytest.raises(TrainingError, match="lower-case letters"):
        check_name(name)


def test_a_good_name_and_square_patches_of_one_scale_pass(tiny_idc: Path) -> None:
    check_name("idc-2_b")
    check_scale(open_dataset(tiny_idc))


def manifest(folder: Path, sizes: list[tuple[int, int]], scales: list[float]) -> Path:
    for number, (height, width) in enumerate(sizes):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((height, width, 3), 90, np.uint8))
    pd.DataFrame(
        {
            "path": [f"{number}.png" for number in range(len(sizes))],
            "label": ["benign", "malignant"] * (len(sizes) // 2),
            "patient": [f"p{number}" for number in range(len(sizes))],
            "um_per_px": scales,
        }
    ).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


def test_several_scales_are_refused(tmp_path: Path) -> None:
    path = manifest(tmp_path, [(20, 20)] * 4, [0.2, 0.2, 0.5, 0.2])
    with pytest.raises(TrainingError, match=r"2 scales \(0\.2, 0\.5 µm/px\)"):
        check_scale(open_dataset(path))


def test_fields_far_from_square_are_refused_and_a_few_odd_ones_are_not(tmp_path: Path) -> None:
    path = manifest(tmp_path, [(20, 40)] * 4, [0.2] * 4)
    with pytest.raises(TrainingError, match=r"40×20 px"):
        check_scale(open_dataset(path))
    path = manifest(tmp_path, [(20, 20)] * 5 + [(20, 40)], [0.2] * 6)
    check_scale(open_dataset(path))
