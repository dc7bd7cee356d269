"""Fit every weight of a network by gradient descent."""

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.balance import balance_weights
from core.datasets.batches import Batches
from core.datasets.split import Split
from core.training.network import augmented
from core.training.recipe import Recipe, Train
from core.training.watch import Watch


class _Progress(keras.callbacks.Callback):
    def __init__(self, epochs: int, steps: int, watch: Watch) -> None:
        super().__init__()
        self._total = epochs * steps
        self._done = 0
        self._watch = watch

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 (Keras's)
        self._done += 1
        self._watch.stage("Training", self._done / self._total)


def fit_network(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
    watch: Watch,
) -> pd.DataFrame:
    """Train the network in place; it ends with the weights of its best epoch.

    Best is the lowest validation loss. Images are weighted as the recipe balances them, in
    training and in validation; or drawn in that proportion, in training.

    Returns
    -------
    pandas.DataFrame
        One row an epoch: epoch, loss, accuracy, val_loss, val_accuracy.
    """
    outputs = network.output_shape[1]
    targets = labels[:, None] if outputs == 1 else np.eye(outputs)[labels]
    parts = {}
    for name, rows, seed in (
        ("train", split.train, recipe.seed),
        ("validation", split.validation, None),
    ):
        weights = np.zeros(len(labels), dtype=np.float32)
        weights[rows] = balance_weights(labels[rows], patients[rows], recipe.balance)
        parts[name] = Batches(
            pixels,
            targets.astype(np.float32),
            weights,
            rows,
            settings.batch_size,
            seed,
            sampling=settings.sampling and name == "train",
        )
    model = augmented(network, recipe)
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss="binary_crossentropy" if outputs == 1 else "categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(
        parts["train"],
        validation_data=parts["validation"],
        epochs=settings.epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=settings.patience, restore_best_weights=True
            ),
            _Progress(settings.epochs, len(parts["train"]), watch),
        ],
    ).history
    table = pd.DataFrame(history).rename_axis("epoch").reset_index()
    table["epoch"] += 1
    return table


def network_logits(
    network: keras.Model, pixels: NDArray[np.uint8], rows: NDArray[np.int64], batch_size: int = 128
) -> NDArray[np.float64]:
    """Logits (N, 2) of some rows; a sigmoid's single logit z becomes (0, z)."""
    logits = keras.Model(network.inputs, network.get_layer("logits").output)
    starts = range(0, len(rows), batch_size)
    answers = [logits.predict_on_batch(pixels[rows[i : i + batch_size]]) for i in starts]
    stacked = np.concatenate(answers).astype(np.float64)
    if stacked.shape[1] == 1:
        stacked = np.hstack([np.zeros_like(stacked), stacked])
    return stacked
