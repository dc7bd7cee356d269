"""Optimisers and what the learning rate does."""

import math

import keras

from core.training.fitting.phases import Phase
from core.training.request.recipe import Train

# Of stochastic gradient descent: the one that the networks of the literature were trained with.
_MOMENTUM = 0.9


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
