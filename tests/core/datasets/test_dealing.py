import numpy as np
import pytest

from core.datasets.dealing import deal_images


@pytest.mark.parametrize("numbers", [(3, 4, 5), (100, 7, 33), (9, 10_001, 12)])
@pytest.mark.parametrize("shares", [(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.98, 0.01, 0.01)])
def test_every_class_is_dealt_in_the_shares(
    numbers: tuple[int, ...], shares: tuple[float, ...]
) -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(range(3), numbers))
    parts = deal_images(labels, np.array(shares), 0)
    for label, number in enumerate(numbers):
        sizes = np.bincount(parts[labels == label], minlength=3)
        wished = np.array(shares) * number
        assert sizes.min() >= 1
        assert sizes.sum() == number
        # To within an image, or as much as a part gives up for one that would have none.
        spared = np.maximum(1 - wished, 0).sum()
        assert (np.abs(sizes - wished) <= 1 + spared + 1e-9).all()


def test_the_seed_decides() -> None:
    labels = np.tile([0, 1], 50)
    shares = np.array([0.5, 0.5])
    one, same, other = (deal_images(labels, shares, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
