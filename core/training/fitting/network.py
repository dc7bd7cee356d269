"""Build a recipe's network, and wrap it for training."""

import keras

from core.architectures import build
from core.datasets.augmentation import augmentation_layers
from core.training.fitting.device import spread
from core.training.request.recipe import Recipe


def build_network(recipe: Recipe, classes: int) -> keras.Model:
    """The bare network that a package will hold, with its starting weights, on all local cards.

    Raises
    ------
    ArchitectureError
        If ImageNet weights are wanted and can be had neither locally nor by download.
    """
    keras.utils.set_random_seed(recipe.seed)
    shape = (recipe.input_size, recipe.input_size, 3)
    weights = None if recipe.weights == "none" else recipe.weights
    with spread():
        return build(recipe.architecture, shape, classes, recipe.head, weights)


def augmented(network: keras.Model, recipe: Recipe) -> keras.Model:
    """The network behind the recipe's augmentation, sharing its weights.

    The augmentation runs on the device as part of the step, and only while training.
    """
    inputs = keras.Input(network.input_shape[1:])
    images = inputs
    for layer in augmentation_layers(**recipe.augmentation.model_dump(), seed=recipe.seed):
        images = layer(images)
    return keras.Model(inputs, network(images))
