import keras
import numpy as np
import pytest

from core.architectures import build
from core.datasets.split import Split
from core.training.fit import fit_network, network_logits
from core.training.recipe import Fit, Recipe

LABELS = np.tile([0, 1], 60)
PATIENTS = np.repeat([f"p{i}" for i in range(12)], 10).astype(object)
RANDOM = np.random.default_rng(0)
PIXELS = np.clip(
    90 + 60 * LABELS[:, None, None, None] + RANDOM.normal(0, 40, (120, 16, 16, 3)), 0, 255
).astype(np.uint8)
SPLIT = Split("patient", 0, np.arange(0, 70), np.arange(70, 100), np.arange(100, 120))


def recipe(head: str) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "test",
            "title": "Test",
            "architecture": "cnn3",
            "head": head,
            "weights": "none",
            "input_size": 16,
            "balance": "class",
            "train": {"epochs": 4, "batch_size": 16, "patience": 4},
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_the_network_ends_with_its_best_epoch(head: str) -> None:
    keras.utils.set_random_seed(0)
    network = build("cnn3", (16, 16, 3), 2, head)
    settings = Fit(epochs=4, batch_size=16, patience=4)
    told: list[float] = []
    history = fit_network(
        network, recipe(head), settings, PIXELS, LABELS, PATIENTS, SPLIT, told.append
    )
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    logits = network_logits(network, PIXELS, SPLIT.validation)
    # Balanced classes weigh the same, so the loss is the plain mean of -log of the right one.
    right = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    loss = -right[np.arange(30), LABELS[SPLIT.validation]].mean()
    assert loss == pytest.approx(history["val_loss"].min(), abs=1e-3)
    assert told == sorted(told)
    assert told[-1] == 1
