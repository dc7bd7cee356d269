"""Networks as others build and save them, with random weights, and what they answer."""

from collections.abc import Callable
from typing import Any

import numpy as np

SIDE = 64
CLASSES = 2


def settle(model: Any, given: np.ndarray) -> Any:
    """Give normalisations the statistics that they have after training, so that answers differ."""
    import keras  # noqa: PLC0415 - tests that need no model stay quick

    norms = [each for each in model.layers if isinstance(each, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    model(given.astype(np.float32), training=True)
    for norm in norms:
        norm.momentum = 0.99
    return model


def mobilenet_with_a_top() -> Any:
    """MobileNetV2 nested in a functional network that prepares its input; one sigmoid."""
    import keras  # noqa: PLC0415

    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), alpha=0.35
    )
    settle(base, pictures(16) / 127.5 - 1)
    base.trainable = False
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.applications.mobilenet_v2.preprocess_input(inputs)
    x = base(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.2)(x)
    x = keras.layers.Dense(1, activation="sigmoid", kernel_initializer=_wide())(x)
    return keras.Model(inputs, x)


def sequential() -> Any:
    """A Sequential CNN with augmentation and rescaling of its own; a softmax of two."""
    import keras  # noqa: PLC0415

    layers = keras.layers
    return settle(
        keras.Sequential(
            [
                keras.Input((SIDE, SIDE, 3)),
                keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)]),
                layers.Rescaling(1 / 255),
                layers.Conv2D(6, 3, activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D(),
                layers.Conv2D(8, 3, name="seen_last"),
                layers.Activation("relu", name="rectified"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(12, activation="relu"),
                layers.Dropout(0.5),
                layers.Dense(2, activation="softmax"),
            ]
        ),
        pictures(16),
    )


def vgg_in_a_sequential() -> Any:
    """VGG16 nested in a Sequential; three outputs without an activation."""
    import keras  # noqa: PLC0415

    base = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), pooling="avg"
    )
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), base, keras.layers.Dense(3)])


def efficientnet() -> Any:
    """EfficientNet, functional and flat, which scales its input itself; a softmax apart."""
    import keras  # noqa: PLC0415

    base = keras.applications.EfficientNetB0(
        include_top=False, weights=None, input_shape=(SIDE, SIDE, 3)
    )
    settle(base, pictures(16))
    x = keras.layers.GlobalAveragePooling2D()(base.output)
    x = keras.layers.Dense(CLASSES, kernel_initializer=_wide())(x)
    return keras.Model(base.input, keras.layers.Softmax()(x))


def logits_of_one() -> Any:
    """A CNN that ends with one number, for a loss from logits."""
    import keras  # noqa: PLC0415

    layers = keras.layers
    inputs = keras.Input((SIDE, SIDE, 3), name="pixels")  # a name that Lobule uses, too
    x = layers.Conv2D(6, 3, strides=2, activation="relu", name="logits")(inputs)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    x = layers.Add(name="joined")([x, layers.Conv2D(8, 3, padding="same")(x)])
    x = layers.GlobalMaxPooling2D()(x)
    small_weights = keras.initializers.RandomNormal(stddev=0.005, seed=3)
    return keras.Model(inputs, layers.Dense(1, kernel_initializer=small_weights)(x))


def pooled_classes() -> Any:
    """A CNN without a Dense layer: a map for each class, averaged, then a softmax."""
    import keras  # noqa: PLC0415

    layers = keras.layers
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(6, 3, strides=2, activation="relu")(inputs)
    x = layers.Conv2D(3, 1, name="maps")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Activation("softmax")(x))


HABITS: dict[str, tuple[Callable[[], Any], str, int, bool, str]] = {
    # builder, head, outputs, activated, layer that heatmaps explain
    "mobilenet": (mobilenet_with_a_top, "sigmoid", 1, True, "out_relu"),
    "sequential": (sequential, "softmax", 2, True, "rectified"),
    "vgg": (vgg_in_a_sequential, "softmax", 3, False, "block5_conv3"),
    "efficientnet": (efficientnet, "softmax", 2, True, "top_activation"),
    "logits": (logits_of_one, "sigmoid", 1, False, "joined"),
    "pooled": (pooled_classes, "softmax", 3, True, "maps"),
}


def pictures(number: int = 3, side: int = SIDE) -> np.ndarray:
    """Coarse noise of several colours, (N, side, side, 3) uint8."""
    random = np.random.default_rng(11)
    coarse = random.integers(0, 256, (number, side // 4, side // 4, 3))
    return coarse.repeat(4, 1).repeat(4, 2).astype(np.uint8)


def small(outputs: int = 1, activation: str | None = "sigmoid", side: int = SIDE) -> Any:
    """A small CNN that answers quickly."""
    import keras  # noqa: PLC0415

    keras.utils.set_random_seed(2)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.Conv2D(6, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(outputs, activation=activation),
        ]
    )


def _wide() -> Any:
    """Weights by which answers differ between images and are not all 0 or 1."""
    import keras  # noqa: PLC0415

    return keras.initializers.RandomNormal(stddev=0.05, seed=3)
