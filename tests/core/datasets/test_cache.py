import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.errors import DatasetError


def test_holds_every_image_resized_in_order(tiny_idc: Path, tmp_path: Path) -> None:
    dataset = open_dataset(tiny_idc)
    told: list[float] = []
    pixels = pixel_cache(dataset, 25, tmp_path, told.append)
    assert pixels.shape == (140, 25, 25, 3)
    for row in (0, 77, 139):
        image = cv2.imread(str(tiny_idc / dataset.records["path"].iloc[row]))[:, :, ::-1]
        expected = cv2.resize(image, (25, 25), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(pixels[row], expected)
    assert told == sorted(told)
    assert told[-1] == 1


def test_is_built_once_and_anew_when_an_image_changes(tiny_idc: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(tiny_idc, copy)
    cache = tmp_path / "cache"
    pixel_cache(open_dataset(copy), 25, cache)
    told: list[float] = []
    pixel_cache(open_dataset(copy), 25, cache, told.append)
    assert told == []
    path = copy / open_dataset(copy).records["path"].iloc[0]
    cv2.imwrite(str(path), np.zeros((50, 50, 3), np.uint8))
    assert pixel_cache(open_dataset(copy), 25, cache)[0].max() == 0


def test_damaged_image_is_named_and_nothing_is_left(tiny_idc: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(tiny_idc, copy)
    broken = next(copy.glob("5/1/*.png"))
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(DatasetError, match=broken.name):
        pixel_cache(open_dataset(copy), 25, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_unwritable_folder_is_explained(tiny_idc: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match="LOBULE_HOME"):
        pixel_cache(open_dataset(tiny_idc), 25, tmp_path / "cache")
