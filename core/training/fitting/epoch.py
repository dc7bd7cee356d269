"""One epoch of a fit: what it needs, and the row of the history that it gives."""

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.datasets.batches import Batches
from core.datasets.split import Split
from core.evaluation.balance import balance_weights
from core.training.fitting.device import memory_mb
from core.training.fitting.network import augmented
from core.training.fitting.phases import Phase, make_optimiser, rate_at
from core.training.fitting.progress import Progress, Row, StepReport, check_loss
from core.training.request.recipe import Recipe, Train
from core.training.watch import Watch


@dataclass(frozen=True)
class Material:
    """What stays the same throughout a fit.

    Attributes
    ----------
    model : keras.Model
        The network behind its augmentation.
    settings : Train
    label_smoothing : float
    train, validation : Batches
    images : int
        Of the training part.
    """

    model: keras.Model
    settings: Train
    label_smoothing: float
    train: Batches
    validation: Batches
    images: int


def make_material(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    pixels: NDArray[Any],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
) -> Material:
    """Put together what a fit needs; parameters as `fit_network` takes them."""
    outputs = network.output_shape[1]
    targets = (labels[:, None] if outputs == 1 else np.eye(outputs)[labels]).astype(np.float32)
    parts = {}
    for name, rows, seed in (
        ("train", split.train, recipe.seed),
        ("validation", split.validation, None),
    ):
        weights = np.zeros(len(labels), dtype=np.float32)
        weights[rows] = balance_weights(labels[rows], patients[rows], recipe.balance)
        parts[name] = Batches(
            pixels,
            targets,
            weights,
            rows,
            settings.batch_size,
            seed,
            sampling=settings.sampling and name == "train",
            views=bool(settings.views),
        )
    return Material(
        augmented(network, recipe),
        settings,
        recipe.label_smoothing,
        **parts,
        images=len(split.train),
    )


def compile_phase(material: Material, phase: Phase) -> keras.Optimizer:
    """Make the model ready for a phase, after its layers were thawed; returns a new optimiser."""
    model, smoothing = material.model, material.label_smoothing
    outputs = model.output_shape[1]
    # Gradients that would vanish in float16 are scaled; bfloat16 has the range of float32.
    in_float16 = any(layer.compute_dtype == "float16" for layer in model.layers[-1].layers)
    optimiser = make_optimiser(material.settings, phase, len(material.train), scale_loss=in_float16)
    model.compile(
        optimizer=optimiser,
        loss=keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
        if outputs == 1
        else keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
        metrics=["accuracy", Auroc(outputs)],
    )
    optimiser.build(model.trainable_variables)
    # Else Keras makes the variables of loss and metrics within the first step, and traces it twice.
    nothing = np.zeros((1, outputs), dtype=np.float32)
    model.compute_loss(y=nothing, y_pred=nothing)
    model.compute_metrics(None, nothing, nothing)
    model.reset_metrics()
    return optimiser


def fit_epoch(
    material: Material, phase: Phase, progress: Progress, later: int, watch: Watch
) -> Row:
    """Train for one epoch and validate.

    Parameters
    ----------
    material : Material
    phase : Phase
    progress : Progress
        As it is before the epoch.
    later : int
        Epochs that later phases may take.
    watch : Watch

    Raises
    ------
    Stopped
        If the watch is cancelled.
    TrainingError
        If a loss is no number any more.
    """
    started = time.perf_counter()
    done, steps = len(progress.history), len(material.train)
    first = progress.phase_epochs * steps

    def rate(step: int) -> float:
        return rate_at(material.settings, phase, steps, first + step, progress.halvings)

    report = StepReport(
        watch,
        done + 1,
        done - progress.phase_epochs + phase.epochs + later,
        material.images,
        material.settings.batch_size,
        rate,
    )
    material.train.set_epoch(done)
    if material.settings.schedule != "cosine":
        material.model.optimizer.learning_rate = rate(0)
    history = material.model.fit(
        material.train,
        validation_data=material.validation,
        epochs=1,
        verbose=0,
        # Else Keras shuffles the batches by Python's own generator, which no state remembers.
        shuffle=False,
        callbacks=[report],
    ).history
    figures = {name: float(values[0]) for name, values in history.items()}
    check_loss(figures["loss"], done + 1)
    check_loss(figures["val_loss"], done + 1)
    names = ("loss", "accuracy", "auroc")
    return {
        "epoch": done + 1,
        "phase": phase.name,
        **{name: figures[name] for name in names},
        **{f"val_{name}": figures[f"val_{name}"] for name in names},
        "learning_rate": rate(steps - 1),
        "seconds": round(time.perf_counter() - started, 3),
        "images_per_second": round(report.images_per_second, 1),
        "memory_mb": round(memory_mb(), 1),
    }


# Keras's 200 are too few for a network that has hardly begun: all its answers lie close together.
_THRESHOLDS = 1000


class Auroc(keras.metrics.AUC):
    """AUROC of class 1 for two classes; of each class against the others, averaged, for more.

    Classes that have no image, or all of them, do not count; NaN if that leaves none. It is
    approximate, by the trapezoids between evenly spaced thresholds.

    Parameters
    ----------
    outputs : int
        Of the network: 1 for a sigmoid, else the number of classes.
    """

    def __init__(self, outputs: int) -> None:
        self._first = 1 if outputs == 2 else 0  # noqa: PLR2004 (two classes tell the same twice)
        super().__init__(
            _THRESHOLDS, name="auroc", multi_label=True, num_labels=outputs - self._first
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: targets and probabilities, both (N, outputs)."""
        super().update_state(y_true[:, self._first :], y_pred[:, self._first :], sample_weight)

    def result(self) -> Any:
        """The AUROC of all that was taken in."""
        positives = self.true_positives[0] + self.false_negatives[0]
        negatives = self.false_positives[0] + self.true_negatives[0]
        sensitivity = ops.divide_no_nan(self.true_positives, positives)
        false_alarms = ops.divide_no_nan(self.false_positives, negatives)
        widths = false_alarms[:-1] - false_alarms[1:]
        areas = ops.sum(widths * (sensitivity[:-1] + sensitivity[1:]) / 2, axis=0)
        has_both = ops.cast((positives > 0) & (negatives > 0), areas.dtype)
        return ops.sum(areas * has_both) / ops.sum(has_both)
