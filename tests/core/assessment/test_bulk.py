"""In bulk an image is answered as the app answers it."""

from pathlib import Path

import numpy as np
import pytest

from core.assessment.bulk import predict_images
from core.datasets.records import Record, table
from core.diagnosis import diagnose
from core.imaging.changes import Change
from core.imaging.colour import colour_statistics
from core.imaging.overlay import encode_png
from core.imaging.resize import resize
from core.inference.classifier import get_classifier
from core.registry.package import Package
from core.roots import image_files


@pytest.mark.parametrize("fit", ["patch", "crops", "squash"])
def test_answers_are_the_apps(
    fit: str, tmp_path: Path, save_tiny: object, card_of: object, tissue: np.ndarray
) -> None:
    package = save_tiny(tmp_path / "models", **card_of(fit))
    images = {"large.png": tissue, "small.png": tissue[50:100, 60:110], "wide.png": tissue[:120]}
    for name, pixels in images.items():
        (tmp_path / name).write_bytes(encode_png(pixels))
    records = table(Record(name, "p", "p", 0, um_per_px=4.0) for name in images)
    told: list[float] = []
    found = predict_images(get_classifier(package), records, image_files(tmp_path), told.append)
    for row, name in enumerate(records["path"]):
        expected = diagnose(tmp_path / name, package=package, um_per_px=4.0)
        np.testing.assert_allclose(found.probabilities[row], expected.probabilities, atol=1e-5)
    assert told[-1] == 1
    assert found.unreadable == {}
    assert (found.out_of_scale, found.scale_unknown) == (0, 0)
    np.testing.assert_array_equal(
        found.colour[0], colour_statistics(resize(images["large.png"], 32, 32))
    )


def test_what_cannot_be_read_is_named_and_scales_are_counted(
    package: Package, tmp_path: Path, tissue: np.ndarray
) -> None:
    (tmp_path / "good.png").write_bytes(encode_png(tissue[:50, :50]))
    (tmp_path / "bad.png").write_bytes(b"no image")
    rows = [
        Record("bad.png", "p", "p", 0),
        Record("good.png", "p", "p", 0),
        Record("none.png", "p", "p", 0, um_per_px=4.0),
    ]
    found = predict_images(get_classifier(package), table(rows), image_files(tmp_path))
    assert sorted(found.unreadable) == ["bad.png", "none.png"]
    assert np.isnan(found.probabilities[[0, 2]]).all()
    assert np.isfinite(found.probabilities[1]).all()
    assert found.scale_unknown == 1
    far = table([Record("good.png", "p", "p", 0, um_per_px=9.0)])
    assert predict_images(get_classifier(package), far, image_files(tmp_path)).out_of_scale == 1


def test_changes_come_before_the_answer(
    package: Package, tmp_path: Path, tissue: np.ndarray
) -> None:
    (tmp_path / "a.png").write_bytes(encode_png(tissue[:50, :50]))
    seen: list[tuple[int, float]] = []

    def blacken(pixels: np.ndarray, number: int, grain: float) -> np.ndarray:
        seen.append((number, grain))
        return np.zeros_like(pixels)

    records = table([Record("a.png", "p", "p", 0, um_per_px=4.0)])
    classifier = get_classifier(package)
    file = image_files(tmp_path)
    found = predict_images(classifier, records, file, change=Change("black", 1, "", blacken))
    black = classifier.probabilities(np.zeros((1, 32, 32, 3), np.uint8))
    np.testing.assert_allclose(found.probabilities, black, atol=1e-6)
    assert seen == [(0, 50 / 32)]
