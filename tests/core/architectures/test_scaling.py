"""What a network's first layer makes of pixels, against Keras's own preprocessing."""

import keras
import numpy as np

from core.architectures.scaling import standardise, subtract_mean

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3)).astype(np.float32)


def test_standardising_is_that_of_densenet() -> None:
    expected = keras.applications.densenet.preprocess_input(PIXELS.copy())
    np.testing.assert_allclose(np.asarray(standardise(PIXELS)), expected, atol=1e-5)


def test_subtracting_the_mean_is_that_of_vgg_in_rgb() -> None:
    expected = keras.applications.vgg16.preprocess_input(PIXELS.copy())[..., ::-1]
    np.testing.assert_allclose(np.asarray(subtract_mean(PIXELS)), expected, atol=1e-4)
