import keras
import numpy as np
import pytest

from core.datasets.augmentation import StainJitter, augmentation_layers
from core.imaging.stain import rgb_to_hed


def test_stain_jitter_scales_and_shifts_each_stain() -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(120, 200, (4, 16, 16, 3)).astype(np.uint8)
    jittered = np.asarray(StainJitter(0.2, seed=5)(pixels, training=True))
    before, after = rgb_to_hed(pixels), rgb_to_hed(np.rint(jittered).astype(np.uint8))
    for image in range(4):
        for stain in range(3):
            x, y = before[image, ..., stain].ravel(), after[image, ..., stain].ravel()
            alpha, beta = np.polyfit(x, y, 1)
            assert 0.78 <= alpha <= 1.22
            assert -0.05 <= beta <= 0.05
            # What is left over is the rounding to 8 bit.
            assert np.abs(alpha * x + beta - y).max() < 0.03
    assert np.abs(jittered - pixels).max() > 3


ALL = {"flips": True, "stain": 0.3, "zoom": 0.2, "shift": 0.2, "brightness": 0.2}
NONE = {"flips": False, "stain": 0, "zoom": 0, "shift": 0, "brightness": 0}


def only(seed: int = 0, **settings: float) -> keras.layers.Layer:
    (layer,) = augmentation_layers(**(NONE | settings), seed=seed)
    return layer


def test_flips_give_all_eight_variants_and_nothing_else() -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 6, 3)).astype(np.float32)
    turned = [np.rot90(image, k) for k in range(4)]
    variants = {v.tobytes() for v in turned} | {v[::-1].tobytes() for v in turned}
    assert len(variants) == 8
    batch = np.repeat(image[None], 200, axis=0)
    answers = np.asarray(only(3, flips=True)(batch, training=True))
    assert {answer.tobytes() for answer in answers} == variants


def test_zoom_keeps_the_centre_and_changes_the_size_both_ways() -> None:
    images = np.zeros((200, 41, 41, 3), np.float32)
    images[:, 11:30, 11:30] = 255
    zoomed = np.asarray(only(zoom=0.2)(images, training=True))[..., 0]
    np.testing.assert_allclose(zoomed, zoomed[:, ::-1], atol=0.05)
    np.testing.assert_allclose(zoomed, zoomed[:, :, ::-1], atol=0.05)
    sides = np.sqrt(zoomed.sum(axis=(1, 2)) / 255)
    assert 19 / 1.25 < sides.min() < 17
    assert 22 < sides.max() < 19 * 1.28


def test_all_placements_together_are_one_transform_of_the_image() -> None:
    """A straight gradient stays one under any of them: its slope says zoom and turn."""
    ramp = np.arange(64, dtype=np.float32)
    images = np.repeat(np.stack([np.tile(ramp, (64, 1))] * 3, axis=2)[None], 100, axis=0)
    layers = augmentation_layers(**(NONE | {"flips": True, "zoom": 0.2, "shift": 0.1}), seed=0)
    placed = np.asarray(layers[0](images, training=True))[:, 24:40, 24:40, 0]
    down, across = np.diff(placed, axis=1), np.diff(placed, axis=2)
    one, other = np.abs(down).mean(axis=(1, 2)), np.abs(across).mean(axis=(1, 2))
    np.testing.assert_allclose(np.minimum(one, other), 0, atol=1e-3)
    slopes = np.maximum(one, other)
    assert 0.79 < slopes.min() < 0.9
    assert 1.1 < slopes.max() < 1.21
    assert 20 < (one > other).sum() < 80


def test_shift_moves_the_image_and_mirrors_it_at_the_edge() -> None:
    # One bright square far from the edges: where it went to says how far the image was moved.
    images = np.zeros((100, 40, 40, 3), np.float32)
    images[:, 18:22, 18:22] = 255
    moved = np.asarray(only(shift=0.2)(images, training=True))
    places = np.arange(40)
    mass = moved[..., 0].sum(axis=(1, 2))
    np.testing.assert_allclose(mass, 16 * 255, rtol=0.01)
    for axis in (1, 2):
        centre = (moved[..., 0].sum(axis=3 - axis) * places).sum(axis=1) / mass - 19.5
        assert np.abs(centre).max() <= 8.01
        assert centre.min() < -6
        assert centre.max() > 6
    plain = np.full((20, 40, 40, 3), 200, np.float32)
    np.testing.assert_allclose(np.asarray(only(shift=0.5)(plain, training=True)), 200, atol=0.01)


def test_brightness_adds_the_same_to_every_pixel_and_stays_in_range() -> None:
    random = np.random.default_rng(0)
    images = random.uniform(100, 150, (200, 6, 6, 3)).astype(np.float32)
    added = np.asarray(only(brightness=0.2)(images, training=True)) - images
    np.testing.assert_allclose(added, added[:, :1, :1, :1] + np.zeros_like(added), atol=1e-3)
    assert -51.01 <= added.min() < -40
    assert 40 < added.max() <= 51.01
    for level in (2, 253):
        changed = np.asarray(only(brightness=0.5)(np.full_like(images, level), training=True))
        assert changed.min() >= 0
        assert changed.max() <= 255


def test_nothing_changes_outside_training() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (3, 8, 8, 3)).astype(np.float32)
    for layer in augmentation_layers(**ALL, seed=0):
        np.testing.assert_array_equal(np.asarray(layer(pixels, training=False)), pixels)


@pytest.mark.parametrize("name", ALL)
def test_layers_are_seeded(name: str) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (3, 8, 8, 3)).astype(np.float32)
    one, two, other = (
        np.asarray(only(seed, **{name: ALL[name]})(pixels, training=True)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_only_what_is_asked_for() -> None:
    assert augmentation_layers(**NONE, seed=0) == []
    assert len(augmentation_layers(**ALL, seed=0)) == 3
