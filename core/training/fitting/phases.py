"""What learns when: everything at once, or the head first and then the end of the base."""

from dataclasses import dataclass
from typing import Literal

import keras

from core.architectures import backbone_layers
from core.training.request.recipe import Recipe, Train


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of training with one set of layers that learn.

    Attributes
    ----------
    name : "all", "head" or "fine-tuning"
    epochs : int
        At most.
    learning_rate : float
        The highest of the phase.
    base : frozenset of str
        Layers of the convolutional base that learn; the head always does.
    """

    name: Literal["all", "head", "fine-tuning"]
    epochs: int
    learning_rate: float
    base: frozenset[str]


def plan_phases(network: keras.Model, recipe: Recipe, settings: Train) -> list[Phase]:
    """The phases of a recipe, in their order.

    When the end of a pretrained base learns, its BatchNorm layers stay as they are: a short run on
    small batches would only spoil the statistics of ImageNet (DESIGN decision 13).
    """
    base = backbone_layers(network)
    if not settings.frozen_base:
        return [Phase("all", settings.epochs, settings.learning_rate, frozenset(base))]
    phases = [Phase("head", settings.epochs, settings.learning_rate, frozenset())]
    if recipe.fine_tune:
        last = [name for name in base if _learns(network.get_layer(name))]
        thawed = frozenset(last[-recipe.fine_tune.layers :])
        fine_tune = recipe.fine_tune
        phases.append(Phase("fine-tuning", fine_tune.epochs, fine_tune.learning_rate, thawed))
    return phases


def _learns(layer: keras.Layer) -> bool:
    return bool(layer.weights) and not isinstance(layer, keras.layers.BatchNormalization)


def thaw(network: keras.Model, phase: Phase) -> None:
    """Let the phase's layers learn, and freeze the others of the base.

    A frozen BatchNorm layer also normalises as in inference, also while the rest trains.
    """
    for name in backbone_layers(network):
        network.get_layer(name).trainable = name in phase.base
