"""Changes of images: of the wished kind, by the wished amount, nothing else."""

import keras
import numpy as np
import pytest

from core.datasets.augmentation import StainJitter
from core.imaging.changes import blur, brighten, compress, enlarge, robustness_changes, stain


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(60, 200, (40, 52, 3)).astype(np.uint8)


def test_stain_is_that_of_the_jitter_models_are_trained_with(
    noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = 0.25 * np.random.default_rng(3).uniform(-1, 1, (2, 3))
    monkeypatch.setattr(keras.random, "uniform", lambda *_, **__: drawn[None].astype(np.float32))
    theirs = StainJitter(0.25, 0)(noise[None].astype(np.float32), training=True)[0]
    np.testing.assert_allclose(stain(noise, 0.25, 3), np.asarray(theirs), atol=0.6)


def test_stain_moves_further_in_the_same_direction(noise: np.ndarray) -> None:
    moved = [stain(noise, strength, 5) - noise.astype(float) for strength in (0, 0.1, 0.2)]
    assert np.abs(moved[0]).max() == 0
    means = [each.mean(axis=(0, 1)) for each in moved]
    assert np.linalg.norm(means[2]) > 1.5 * np.linalg.norm(means[1]) > 0
    assert (np.sign(means[1]) == np.sign(means[2])).all()
    assert not np.array_equal(stain(noise, 0.1, 5), stain(noise, 0.1, 6))


def test_blur_flattens_and_compression_loses_detail(noise: np.ndarray) -> None:
    assert blur(noise, 2).std() < blur(noise, 0.5).std() < noise.std()
    errors = [np.abs(compress(noise, q).astype(int) - noise).mean() for q in (95, 50, 10)]
    assert 0 < errors[0] < errors[1] < errors[2]
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert compress(red, 95)[..., 0].mean() > 180  # channels keep their order


def test_brightness_by_hand() -> None:
    pixels = np.array([[[100, 200, 0]]], np.uint8)
    assert brighten(pixels, 30).tolist() == [[[130, 255, 0]]]
    assert brighten(pixels, -30).tolist() == [[[70, 140, 0]]]


@pytest.mark.parametrize("percent", [-25, 25])
def test_a_disc_grows_by_the_percentage(percent: float) -> None:
    y, x = np.mgrid[:101, :101] - 50
    disc = np.where((x**2 + y**2 < 20**2)[..., None], 0, 255).repeat(3, axis=2).astype(np.uint8)
    area = (enlarge(disc, percent)[..., 0] < 128).sum() / (disc[..., 0] < 128).sum()
    assert area == pytest.approx((1 + percent / 100) ** 2, rel=0.05)
    np.testing.assert_array_equal(enlarge(disc, 0), disc)


def test_every_change_keeps_shape_and_type(noise: np.ndarray) -> None:
    changes = robustness_changes()
    assert {change.name for change in changes} == {"stain", "blur", "jpeg", "brightness", "scale"}
    for change in changes:
        changed = change.apply(noise, 1, 2.0)
        assert (changed.shape, changed.dtype) == (noise.shape, np.uint8), change
        assert not np.array_equal(changed, noise)
