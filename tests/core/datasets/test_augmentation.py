import numpy as np

from core.datasets.augmentation import Dihedral, StainJitter, augmentation_layers
from core.imaging.stain import rgb_to_hed


def test_dihedral_gives_all_eight_variants_and_nothing_else() -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 6, 3)).astype(np.float32)
    turned = [np.rot90(image, k) for k in range(4)]
    variants = {v.tobytes() for v in turned} | {v[::-1].tobytes() for v in turned}
    assert len(variants) == 8
    batch = np.repeat(image[None], 200, axis=0)
    answers = np.asarray(Dihedral(seed=3)(batch, training=True))
    assert {answer.tobytes() for answer in answers} == variants


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


def test_nothing_changes_outside_training() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (3, 8, 8, 3)).astype(np.float32)
    for layer in augmentation_layers(flips=True, stain=0.3, zoom=0.2, seed=0):
        np.testing.assert_array_equal(np.asarray(layer(pixels, training=False)), pixels)


def test_layers_are_seeded() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (3, 8, 8, 3)).astype(np.float32)
    one, two, other = (
        np.asarray(StainJitter(0.3, seed=s)(pixels, training=True)) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_only_what_is_asked_for() -> None:
    assert augmentation_layers(flips=False, stain=0, zoom=0, seed=0) == []
    assert len(augmentation_layers(flips=True, stain=0.1, zoom=0.1, seed=0)) == 3
