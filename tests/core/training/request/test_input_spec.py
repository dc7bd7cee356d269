from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core.datasets.open import open_dataset
from core.errors import TrainingError
from core.training.request.input_spec import frame
from core.training.request.recipe import Recipe

RECIPE = {
    "name": "test",
    "title": "Test",
    "architecture": "cnn3",
    "head": "softmax",
    "weights": "none",
    "input_size": 32,
    "balance": "class",
    "train": {"epochs": 1},
}
SQUASHED = Recipe.model_validate(RECIPE)
CUT = Recipe.model_validate(RECIPE | {"fit": "crops"})


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


def test_patches_are_patches_whatever_the_recipe_says(tiny_idc: Path) -> None:
    for recipe in (SQUASHED, CUT):
        framing = frame(recipe, open_dataset(tiny_idc))
        assert framing.crops == 1
        assert framing.spec.fit == "patch"
        assert framing.spec.fields_um == (200.0,)
        assert (framing.spec.um_per_px_low, framing.spec.um_per_px_high) == (3.2, 5.0)


def test_patches_of_several_scales_are_refused(tmp_path: Path) -> None:
    path = manifest(tmp_path, [(20, 20)] * 4, [0.2, 0.2, 0.5, 0.2])
    with pytest.raises(TrainingError, match=r"2 scales \(0\.2, 0\.5 µm/px\)"):
        frame(CUT, open_dataset(path))


def test_an_unknown_scale_is_refused(tmp_path: Path) -> None:
    path = manifest(tmp_path, [(20, 20)] * 2, [0.2, float("nan")])
    with pytest.raises(
        TrainingError, match=r"--um-per-px .* “Scale of the images” .* column um_per_px"
    ):
        frame(CUT, open_dataset(path))


def test_fields_of_several_magnifications_are_cut_or_squashed(tmp_path: Path) -> None:
    path = manifest(tmp_path, [(20, 30)] * 6, [0.5, 0.5, 0.5, 0.5, 2.0, 2.0])
    cut, squashed = (frame(recipe, open_dataset(path)) for recipe in (CUT, SQUASHED))
    assert (cut.spec.fit, cut.crops) == ("crops", 2)
    assert (squashed.spec.fit, squashed.crops) == ("squash", 1)
    assert cut.spec.fields_um == (10.0, 40.0)
    assert (cut.spec.field_um, cut.spec.um_per_px) == (10.0, 0.5)
    assert (cut.spec.um_per_px_low, cut.spec.um_per_px_high) == (0.2, 2.5)


def test_a_few_odd_images_do_not_matter(tmp_path: Path) -> None:
    path = manifest(tmp_path, [(20, 20)] * 5 + [(20, 40)], [0.2] * 6)
    assert frame(CUT, open_dataset(path)).spec.fit == "patch"
