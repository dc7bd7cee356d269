"""Masks among images, and kinds of files that tell the class."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image as PillowImage

from core.datasets.audit.audit import audit
from core.datasets.audit.finding import Finding
from core.datasets.open import open_dataset


@pytest.fixture
def findings(tmp_path: Path) -> Callable[[Path], dict[str, Finding]]:
    def found(path: Path) -> dict[str, Finding]:
        result = audit(open_dataset(path), folder=tmp_path / "cache")
        return {finding.code: finding for finding in result.findings}

    return found


def test_masks_are_found_by_their_names_and_colours(
    tmp_path: Path, draw: Callable[..., Path], findings: Callable[[Path], dict[str, Finding]]
) -> None:
    folder = tmp_path / "images"
    masks = set()
    for seed in range(6):
        for name in ("benign", "malignant"):
            image = draw(folder / name / f"case{seed}.png", seed=seed)
            mask = np.zeros((23, 35), np.uint8)
            mask[5:15, 5:20] = 255
            if seed < 4:
                twin = image.with_name(f"case{seed}_mask.png")
                assert cv2.imwrite(str(twin), mask * (seed > 0))
                masks.add(f"{name}/{twin.name}")
    assert cv2.imwrite(str(folder / "benign" / "elsewhere.png"), mask)
    finding = findings(folder)["masks"]
    assert set(finding.files) == masks | {"benign/elsewhere.png"}
    assert finding.severity == "warning"


@pytest.mark.parametrize("form", ["mask_{}.png", "{}_mask.jpg", "masks/{}.jpg", "annot/{}.png"])
def test_masks_of_any_format_before_behind_and_below(
    tmp_path: Path,
    draw: Callable[..., Path],
    findings: Callable[[Path], dict[str, Finding]],
    form: str,
) -> None:
    folder = tmp_path / "images"
    masks = set()
    for seed in range(6):
        for name in ("benign", "malignant"):
            draw(folder / name / f"case{seed}.png", seed=seed)
            masks.add(f"{name}/{form.format(f'case{seed}')}")
            mask = folder / name / form.format(f"case{seed}")
            mask.parent.mkdir(exist_ok=True)
            drawn = np.zeros((23, 35), np.uint8)
            drawn[5:15, 5 + seed : 20] = 255
            assert cv2.imwrite(str(mask), drawn)
    assert set(findings(folder)["masks"].files) == masks


@pytest.mark.parametrize(
    ("formats", "suffixes", "told"),
    [
        ((".jpg", ".png"), (".jpg", ".png"), True),
        ((".png", ".png"), (".png", ".png"), False),
        # The content counts, whatever it is called.
        ((".jpg", ".png"), (".png", ".png"), True),
        ((".png", ".png"), (".jpg", ".png"), False),
        ((".jpg", ".tif"), (".JPG", ".jpg"), True),
    ],
)
def test_a_format_that_tells_the_class_is_told(
    tmp_path: Path,
    draw: Callable[..., Path],
    findings: Callable[[Path], dict[str, Finding]],
    formats: tuple[str, str],
    suffixes: tuple[str, str],
    told: bool,  # noqa: FBT001
) -> None:
    folder = tmp_path / "images"
    for seed in range(6):
        for name, kind, suffix in zip(("benign", "malignant"), formats, suffixes, strict=True):
            image = draw(folder / name / f"{seed}{kind}", seed=seed)
            image.rename(image.with_suffix(suffix))
    found = findings(folder)
    assert ("format-tells-class" in found) == told
    assert "size-tells-class" not in found
    assert "masks" not in found


def test_sizes_that_tell_the_class_and_scales_far_apart(
    tmp_path: Path, draw: Callable[..., Path], findings: Callable[[Path], dict[str, Finding]]
) -> None:
    rows = []
    for seed in range(6):
        draw(tmp_path / f"b{seed}.png", 20, 20, seed)
        draw(tmp_path / f"m{seed}.png", 30, 30, seed + 9)
        rows += [(f"b{seed}.png", "benign", 10.0), (f"m{seed}.png", "malignant", 0.1)]
    frame = pd.DataFrame(rows, columns=["path", "label", "um_per_px"])
    frame.to_csv(tmp_path / "m.csv", index=False)
    found = findings(tmp_path / "m.csv")
    assert "predicts 100% of the images" in found["size-tells-class"].message
    assert found["scales-far-apart"].message.startswith("Scales are 100 times apart")


def test_pixels_that_are_not_square_are_told(
    tmp_path: Path, draw: Callable[..., Path], findings: Callable[[Path], dict[str, Finding]]
) -> None:
    folder = tmp_path / "images"
    for seed in range(6):
        for name in ("benign", "malignant"):
            draw(folder / name / f"{seed}.png", seed=seed)
    assert "pixels-not-square" not in findings(folder)
    for name, dpi in (("benign/0.png", (300, 150)), ("malignant/1.png", (300, 300))):
        with PillowImage.open(folder / name) as picture:
            picture.save(folder / name, dpi=dpi)
    with PillowImage.open(folder / "benign/2.png") as picture:
        picture.save(folder / "benign/2.tif", dpi=(72, 144))
    found = findings(folder)["pixels-not-square"]
    assert set(found.files) == {"benign/0.png", "benign/2.tif"}


@pytest.mark.parametrize("quality", [60, 90])
def test_masks_that_were_kept_as_jpeg_are_found(
    tmp_path: Path,
    draw: Callable[..., Path],
    findings: Callable[[Path], dict[str, Finding]],
    quality: int,
) -> None:
    folder = tmp_path / "images"
    for seed in range(6):
        for name in ("benign", "malignant"):
            draw(folder / name / f"case{seed}.png", seed=seed)
    mask = np.zeros((60, 80), np.uint8)
    mask[11:35, 13:50] = 255
    path = folder / "benign" / "z1.jpg"
    assert cv2.imwrite(str(path), mask, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert len(np.unique(cv2.imread(str(path)))) > 8
    assert findings(folder)["masks"].files == ("benign/z1.jpg",)
