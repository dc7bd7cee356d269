import numpy as np

from core.datasets.batches import Batches


def batches(seed: int | None) -> Batches:
    pixels = np.arange(20, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    targets = np.arange(20, dtype=np.float32)[:, None]
    weights = np.linspace(0, 1, 20, dtype=np.float32)
    return Batches(pixels, targets, weights, np.arange(3, 16), 5, seed)


def seen(source: Batches) -> list[int]:
    return [int(target) for i in range(len(source)) for target in source[i][1][:, 0]]


def test_every_row_of_the_part_once_with_its_own_target_and_weight() -> None:
    source = batches(seed=1)
    assert len(source) == 3
    assert sorted(seen(source)) == list(range(3, 16))
    pixels, targets, weights = source[2]
    assert pixels.dtype == np.uint8
    assert pixels[:, 0, 0, 0].tolist() == targets[:, 0].tolist()
    np.testing.assert_allclose(weights, targets[:, 0] / 19, rtol=1e-6)


def test_order_is_kept_without_a_seed() -> None:
    assert seen(batches(seed=None)) == list(range(3, 16))


def test_each_epoch_is_shuffled_anew_and_the_same_by_seed() -> None:
    one, two = batches(seed=1), batches(seed=1)
    first = seen(one)
    one.on_epoch_end()
    assert seen(one) != first
    two.on_epoch_end()
    assert seen(two) == seen(one)
    assert seen(batches(seed=2)) != first
