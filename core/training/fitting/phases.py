"""What learns when and at which rate: everything at once, or the head and then the base's end."""

import math
from dataclasses import dataclass
from typing import Literal

import keras

from core.architectures import backbone_layers
from core.training.request.recipe import Recipe, Train

# Of stochastic gradient descent: the one that the networks of the literature were trained with.
_MOMENTUM = 0.9


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


def make_optimiser(
    settings: Train, phase: Phase, steps: int, *, scale_loss: bool
) -> keras.Optimizer:
    """The optimiser of a phase.

    Parameters
    ----------
    settings : Train
    phase : Phase
    steps : int
        Steps an epoch.
    scale_loss : bool
        Keep small gradients from vanishing in float16.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule = phase.learning_rate
    if settings.schedule == "cosine":
        warm_up = settings.warm_up_epochs * steps
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warm_up else phase.learning_rate,
            decay_steps=phase.epochs * steps - warm_up,
            warmup_target=phase.learning_rate if warm_up else None,
            warmup_steps=warm_up,
        )
    if settings.optimiser == "sgd":
        optimiser = keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True)
    elif settings.optimiser == "adamw":
        optimiser = keras.optimizers.AdamW(rate)
    else:
        optimiser = keras.optimizers.Adam(rate)
    return keras.optimizers.LossScaleOptimizer(optimiser) if scale_loss else optimiser


def rate_at(settings: Train, phase: Phase, steps: int, step: int, halvings: int) -> float:
    """Learning rate that a step of a phase is taken at; the optimiser keeps its own to itself.

    Parameters
    ----------
    settings : Train
    phase : Phase
    steps : int
        Steps an epoch.
    step : int
        Of the phase, from 0.
    halvings : int
        How often a plateau has halved the rate in this phase.
    """
    if settings.schedule != "cosine":
        return phase.learning_rate / 2**halvings
    warm_up = settings.warm_up_epochs * steps
    if step < warm_up:
        return phase.learning_rate * step / warm_up
    share = (step - warm_up) / (phase.epochs * steps - warm_up)
    return phase.learning_rate * (1 + math.cos(math.pi * min(share, 1.0))) / 2
