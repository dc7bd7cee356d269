"""The image journey, end to end on a tiny package."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.diagnosis import diagnose
from core.errors import ImageError, PackageError
from core.explain.one_pass import explainable_layers
from core.imaging.normalise import normalise_stain
from core.imaging.overlay import encode_png, overlay
from core.imaging.read import Image
from core.imaging.resize import resize
from core.imaging.tiles import tile_grid
from core.inference.classifier import get_classifier
from core.registry.package import Package, load_package


@pytest.fixture(scope="module")
def three_classes(
    tmp_path_factory: pytest.TempPathFactory, save_tiny: Callable[..., Package]
) -> Package:
    """A package of three subtypes, without a positive class."""
    changes = {"task": "subtype", "classes": ("DC", "LC", "MC"), "operating_point": None}
    return save_tiny(tmp_path_factory.mktemp("packages"), 3, name="three", **changes)


def test_one_piece_equals_the_patch_resized_alone(package: Package, tissue: np.ndarray) -> None:
    patch = tissue[50:100, 60:110]
    found = diagnose(encode_png(patch), package=package, um_per_px=4.0, name="patch.png")
    expected = get_classifier(package).probabilities(resize(patch, 32, 32)[np.newaxis])[0]
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)
    assert found.tiles == 1
    assert found.probability_map is None
    assert found.heatmap.min() >= 0
    assert found.heatmap.max() <= 1
    assert found.predicted == ("IDC" if expected[1] >= 0.4 else "no IDC")
    assert (found.heatmap_class, found.heatmap_layer) == ("IDC", "last_conv")
    assert not found.warnings


def test_tiled_image_equals_its_tiles_one_by_one(package: Package, tissue: np.ndarray) -> None:
    found = diagnose(encode_png(tissue), package=package, um_per_px=4.0)
    grid = tile_grid(300, 420, 50, 25)
    share, chances = [], []
    for y, x in grid.origins:
        tile = tissue[y : y + 50, x : x + 50]
        share.append((tile.max(axis=2) < 240).mean())
        inputs = resize(tile, 32, 32)[np.newaxis]
        chances.append(get_classifier(package).probabilities(inputs)[0])
    clear = [i for i in range(len(share)) if share[i] > 0.15]
    assert len(clear) <= found.tiles < len(grid.origins)
    # The map by hand: mean over the tiles that cover a pixel; then each tile's mean of that map.
    total, count = np.zeros((300, 420)), np.zeros((300, 420))
    for i in clear:
        y, x = grid.origins[i]
        total[y : y + 50, x : x + 50] += chances[i][1]
        count[y : y + 50, x : x + 50] += 1
    by_pixel = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    origins = grid.origins[clear]
    areas = np.array([np.nanmean(by_pixel[y : y + 50, x : x + 50]) for y, x in origins])
    weights = np.array(share)[clear]
    order = np.argsort(areas)
    reached = np.cumsum(weights[order]) >= 0.75 * weights.sum()
    positive = areas[order][reached][0]
    np.testing.assert_allclose(found.probabilities, [1 - positive, positive], atol=2e-3)
    assert abs(np.average(areas, weights=weights) - positive) > 0.01, "a mean would not do"
    assert found.probability_map is not None
    assert np.isnan(found.probability_map[:, -10:]).all(), "glass at the right edge stays empty"
    assert not np.isnan(found.probability_map[60:100, 60:150]).any()
    assert found.heatmap.shape == found.probability_map.shape
    assert found.probability_map is not None
    assert np.nanmin(found.heatmap) == 0
    highest = float(np.nanmax(found.probability_map))  # the map is a mean over tiles
    assert highest <= np.nanmax(found.heatmap) + 1e-6 <= 1
    assert overlay(found.image.pixels, found.heatmap).shape == tissue.shape


def test_a_finer_image_is_answered_as_the_one_of_the_training_scale(
    package: Package, tissue: np.ndarray
) -> None:
    fine = tissue.repeat(4, axis=0).repeat(4, axis=1)
    found = diagnose(encode_png(fine), package=package, um_per_px=1.0)
    expected = diagnose(encode_png(tissue), package=package, um_per_px=4.0)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
    np.testing.assert_allclose(found.probability_map, expected.probability_map, atol=1e-6)
    assert (found.tiles, found.scale.tile) == (expected.tiles, 200)
    assert found.image.pixels.shape == (1200, 1680, 3)


def test_a_finer_patch_is_averaged_before_it_is_enlarged(
    package: Package, tissue: np.ndarray
) -> None:
    patch = tissue[50:100, 60:110].repeat(8, axis=0).repeat(8, axis=1)
    found = diagnose(encode_png(patch), package=package, um_per_px=0.5)
    small = resize(resize(patch, 50, 50), 32, 32)[np.newaxis]
    expected = get_classifier(package).probabilities(small)[0]
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)


def test_json_has_exactly_the_agreed_keys_and_survives_json(
    package: Package, tissue: np.ndarray, result_keys: list[str]
) -> None:
    content = encode_png(tissue)
    first, second = (diagnose(content, name="a.png", package=package).to_json() for _ in range(2))
    assert list(first) == result_keys
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    first.pop("seconds"), second.pop("seconds")
    assert first == second
    assert first["um_per_px"] is None
    assert first["operating_point"] == {"positive_class": "IDC", "threshold": 0.4}
    assert sum(first["probabilities"]) == pytest.approx(1, abs=2e-6)


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_operating_point_decides(
    package: Package, tissue: np.ndarray, threshold: float
) -> None:
    point = package.card.operating_point
    assert point is not None
    moved = point.model_copy(update={"threshold": threshold})
    other = replace(package, card=package.card.model_copy(update={"operating_point": moved}))
    found = diagnose(encode_png(tissue[50:100, 50:100]), package=other)
    assert found.predicted == ("IDC" if threshold == 0 else "no IDC")


def test_without_a_positive_class_the_answer_is_explained(
    three_classes: Package, tissue: np.ndarray
) -> None:
    for pixels in (tissue, tissue[50:100, 50:100]):
        found = diagnose(encode_png(pixels), package=three_classes, um_per_px=4.0)
        assert found.probabilities.shape == (3,)
        assert found.predicted == found.classes[found.probabilities.argmax()]
        assert found.heatmap_class == found.predicted
        assert found.operating_point is None
        assert found.to_json()["operating_point"] is None


def test_class_and_layer_can_be_chosen_and_do_not_change_the_answer(
    package: Package, tissue: np.ndarray
) -> None:
    content = encode_png(tissue)
    standard = diagnose(content, package=package, um_per_px=4.0)
    first = explainable_layers(get_classifier(package))[0]  # Keras numbers them by the process
    other = diagnose(
        content, package=package, um_per_px=4.0, heatmap_class="no IDC", heatmap_layer=first
    )
    assert (other.heatmap_class, other.heatmap_layer) == ("no IDC", first)
    assert first != standard.heatmap_layer
    assert not np.array_equal(other.heatmap, standard.heatmap, equal_nan=True)
    np.testing.assert_allclose(other.probabilities, standard.probabilities, atol=1e-5)
    with pytest.raises(PackageError, match=r"no class 'DC'\. Choose one of: no IDC, IDC"):
        diagnose(content, package=package, heatmap_class="DC")
    with pytest.raises(PackageError, match="no convolutional layer 'logits'"):
        diagnose(content, package=package, heatmap_layer="logits")


def test_what_speaks_against_the_answer_is_said(package: Package, tissue: np.ndarray) -> None:
    def warnings(pixels: np.ndarray, um_per_px: float | None) -> str:
        found = diagnose(encode_png(pixels), package=package, um_per_px=um_per_px)
        return " ".join((*found.warnings, *found.outcome.reasons))

    glass = np.full((300, 300, 3), 245, np.uint8)
    little = glass.copy()
    little[100:160, 100:160] = tissue[50:110, 50:110]
    assert "does not state its scale" in warnings(tissue, None)
    assert "do not rely" in warnings(tissue, 8.0)
    assert "No tissue found" in warnings(glass, 4.0)
    assert "of the image is tissue" in warnings(little, 4.0)
    assert "shorter side shows 80 µm" in warnings(tissue[50:70, 50:120], 4.0)
    assert "16 bit" in " ".join(sixteen_bit(package))


def sixteen_bit(package: Package) -> tuple[str, ...]:
    grey = np.random.default_rng(0).integers(0, 65536, (50, 50), dtype=np.uint16)
    content = cv2.imencode(".png", grey)[1].tobytes()
    return diagnose(content, package=package).warnings


def test_timings_add_up_and_progress_is_told(package: Package, tissue: np.ndarray) -> None:
    told: list[float] = []
    found = diagnose(
        encode_png(tissue), package=package, progress=lambda share, _: told.append(share)
    )
    parts = ("read", "choose", "prepare", "answer")
    assert set(found.timings) == {*parts, "total"}
    assert sum(found.timings[part] for part in parts) == pytest.approx(found.seconds)
    assert told[-1] == 1


def test_the_map_grows_to_the_one_that_is_answered(
    package: Package, tissue: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_classifier(package), "batch", 20)
    grown: list[np.ndarray | None] = []

    def grow(image: Image, values: np.ndarray | None) -> None:
        assert image.pixels.shape == tissue.shape
        grown.append(values)

    found = diagnose(encode_png(tissue), package=package, um_per_px=4.0, grow=grow)
    first, *maps = grown
    assert first is None, "the image is there before its map"
    assert len(maps) == -(-found.tiles // 20)
    shares = [np.isfinite(values).mean() for values in maps if values is not None]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    assert maps[-1] is not None
    assert found.probability_map is not None
    np.testing.assert_allclose(maps[-1], found.probability_map, rtol=1e-5)


def test_the_active_model_answers_a_path(
    shelve: Callable[[], Path], tissue: np.ndarray, tmp_path: Path
) -> None:
    shelve()
    path = tmp_path / "patch.png"
    path.write_bytes(encode_png(tissue[:50, :50]))
    found = diagnose(path)
    assert found.name == str(path)
    assert found.card.name == "tiny"


def test_an_image_that_cannot_be_read_is_refused(package: Package) -> None:
    with pytest.raises(ImageError):
        diagnose(b"no image", package=package)


def test_stain_is_normalised_as_the_card_says(
    tmp_path: Path, save_tiny: Callable[..., Package], package: Package, tissue: np.ndarray
) -> None:
    normal = save_tiny(tmp_path, 2, name="normal", stain_normalisation="reinhard")
    assert load_package(normal.path).card.stain_normalisation == "reinhard"
    patch = tissue[50:100, 60:110]
    found = diagnose(encode_png(patch), package=normal, um_per_px=4.0)
    changed = normalise_stain(resize(patch, 32, 32), "reinhard")
    assert np.abs(changed.astype(int) - resize(patch, 32, 32)).max() > 5
    by_hand = get_classifier(package).probabilities(changed[np.newaxis])[0]
    np.testing.assert_allclose(found.probabilities, by_hand, atol=1e-6)
    # The answer and its explanation come from two functions, which must see the same pixels.
    direct = get_classifier(normal).probabilities(resize(patch, 32, 32)[np.newaxis])[0]
    np.testing.assert_allclose(direct, by_hand, atol=1e-6)
