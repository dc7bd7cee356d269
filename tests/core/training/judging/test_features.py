import keras
import numpy as np

from core.architectures import build
from core.training.judging.features import frozen_features
from core.training.request.recipe import Recipe


def recipe(passes: int) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "test",
            "title": "Test",
            "architecture": "mobilenetv2",
            "head": "softmax",
            "weights": "imagenet",
            "input_size": 32,
            "balance": "none",
            "augmentation": {"flips": True, "stain": 0.2},
            "probe": {"passes": passes, "penalty": 1.0},
        }
    )


def test_first_pass_is_plain_and_others_are_augmented() -> None:
    network = build("cnn3", (32, 32, 3), 2)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    told: list[float] = []
    features = frozen_features(network, pixels, recipe(3), told.append)
    logits = network.get_layer("logits")
    plain = keras.Model(network.inputs, logits.input)(pixels.astype(np.float32), training=False)
    np.testing.assert_allclose(features[0], np.asarray(plain), atol=1e-4)
    assert np.abs(features[1] - features[0]).max() > 0.01
    assert np.abs(features[2] - features[1]).max() > 0.01
    assert told[-1] == 1
    assert told == sorted(told)
