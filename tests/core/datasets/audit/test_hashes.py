import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from core.datasets.audit.facts import measure
from core.datasets.audit.hashes import SAME, close_pairs
from tests.core.datasets.audit.conftest import picture


@pytest.mark.parametrize("side", [50, 230, 700])
def test_hashes_are_those_of_imagehash(side: int) -> None:
    differing = []
    for seed in range(40):
        pixels = picture(seed, side)
        theirs = imagehash.phash(PillowImage.fromarray(pixels)).hash.ravel()
        ours = np.unpackbits(measure(pixels[None])["hash"].copy().view(np.uint8))
        differing.append(int((theirs != ours).sum()))
    # imagehash rounds to 256 grey levels on the way: a frequency next to the median may flip.
    assert max(differing) <= 4
    assert np.mean(differing) < 0.6


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 12))
def test_close_pairs_are_those_of_comparing_all_with_all(seed: int, count: int, flips: int) -> None:
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 2**63, 60, dtype=np.uint64)
    for at in range(min(count, 59)):  # some are earlier ones with a few bits flipped
        for bit in random.integers(0, 64, flips):
            hashes[at] = hashes[at + 1] ^ (np.uint64(1) << np.uint64(bit))
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    expected = np.argwhere(np.triu(apart <= SAME, k=1))
    assert close_pairs(hashes).tolist() == expected.tolist()


def test_no_images_have_no_pairs() -> None:
    assert close_pairs(np.empty(0, np.uint64)).shape == (0, 2)
