import numpy as np
import pytest
from scipy.ndimage import laplace

from core.datasets.audit.facts import measure
from core.imaging.colour import colour_statistics
from tests.core.datasets.audit.conftest import picture


@pytest.mark.parametrize("shape", [(50, 50), (37, 50), (3, 3), (1, 2), (230, 350)])
def test_facts_of_a_stack_are_those_of_each_image(shape: tuple[int, int]) -> None:
    height, width = shape
    pixels = np.stack([picture(seed, 350)[:height, :width] for seed in range(5)])
    facts = measure(pixels)
    for image, fact in zip(pixels, facts, strict=True):
        np.testing.assert_allclose(fact["colour"], colour_statistics(image), atol=2e-3)
        density = -np.log((image.astype(float) + 1) / 256).mean(axis=(0, 1))
        np.testing.assert_allclose(fact["density"], density, rtol=1e-4)
        grey = np.rint(image @ [0.299, 0.587, 0.114])
        inside = laplace(grey)[1:-1, 1:-1]
        if inside.size > 1:
            assert fact["focus"] == pytest.approx(inside.var(), rel=0.1, abs=1)
        assert (fact["height"], fact["width"], fact["readable"]) == (height, width, True)


@pytest.mark.parametrize(("count", "side"), [(200, 3), (60, 50), (3, 200)])
def test_facts_of_a_long_stack_are_those_of_each_image(count: int, side: int) -> None:
    pixels = np.stack([picture(seed, side) for seed in range(count)])
    facts = measure(pixels)
    for name in ("digest", "hash", "focus", "density", "colour"):
        alone = np.concatenate([measure(image[None])[name] for image in pixels])
        np.testing.assert_allclose(facts[name], alone, rtol=1e-4, err_msg=name)


def test_digest_is_of_pixels_and_shape() -> None:
    one = picture(0)
    other = one.copy()
    other[49, 49, 2] ^= 1
    digests = [
        tuple(measure(pixels[None])["digest"][0])
        for pixels in (one, one.copy(), other, one.reshape(25, 100, 3))
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
