"""What a fit does to a network, what it says of it, and how it ends."""

import dataclasses
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from core.errors import TrainingError
from core.training.fitting import fit as fit_module
from core.training.fitting.fit import fit_network, logits_of
from core.training.watch import Watch
from tests.core.training.small_fits import LABELS, PATIENTS, PIXELS, SPLIT, fit, network, recipe

COLUMNS = [
    *("epoch", "phase", "loss", "accuracy", "auroc", "val_loss", "val_accuracy", "val_auroc"),
    *("learning_rate", "seconds", "images_per_second", "memory_mb"),
]


class Listener(Watch):
    """Remembers what it was told; may cancel at a step."""

    def __init__(self, epoch: int = 0) -> None:
        self.steps: list[dict[str, float]] = []
        self.rows: list[dict[str, float | str]] = []
        self.asked = 0
        self._epoch = epoch

    def step(self, values: dict[str, float]) -> None:
        self.steps.append(values)

    def epoch(self, row: dict[str, float | str]) -> None:
        self.rows.append(row)

    def cancelled(self) -> bool:
        self.asked += 1
        return len(self.rows) == self._epoch - 1


@pytest.mark.slow
@pytest.mark.parametrize(("head", "smoothing"), [("softmax", 0.0), ("sigmoid", 0.2)])
def test_the_network_ends_with_its_best_epoch(head: str, smoothing: float) -> None:
    given, listener = network(1 if head == "sigmoid" else 2), Listener()
    history = fit(given, recipe(head=head, label_smoothing=smoothing), listener)
    assert history.columns.tolist() == COLUMNS
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    pd.testing.assert_frame_equal(pd.DataFrame(listener.rows), history)
    rows = SPLIT.validation
    logits, truth = logits_of(given)(PIXELS[rows]), LABELS[rows]
    logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    targets = np.eye(2)[truth] * (1 - smoothing) + smoothing / 2
    weights = np.where(truth, 1 / truth.sum(), 1 / (1 - truth).sum())
    best = history.loc[history["val_loss"].idxmin()]
    assert best["val_loss"] == pytest.approx(
        np.average(-(targets * logs).sum(axis=1), weights=weights), abs=1e-4
    )
    assert best["val_accuracy"] == pytest.approx((logits.argmax(axis=1) == truth).mean())
    assert best["val_auroc"] == pytest.approx(roc_auc_score(truth, logs[:, 1]), abs=0.02)
    last = listener.steps[-1]
    assert (last["epoch"], last["epochs"], last["step"], last["steps"]) == (4, 4, 4, 4)
    assert last["images_per_second"] > 0
    assert history["memory_mb"].between(50, 50_000).all()


@pytest.mark.slow
def test_many_classes_are_told_apart_with_some_of_them_absent() -> None:
    labels = LABELS + 5 * (np.arange(60) % 4 == 0)
    given = network(8)
    chosen = recipe(head="softmax", task="subtype")
    assert chosen.train
    history = fit_network(given, chosen, chosen.train, PIXELS, labels, PATIENTS, SPLIT, Listener())
    logits = logits_of(given)(PIXELS[SPLIT.validation])
    assert logits.shape == (15, 8)
    truth = labels[SPLIT.validation]
    present = [label for label in range(8) if 0 < (truth == label).sum() < 15]
    chances = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    aurocs = [roc_auc_score(truth == label, chances[:, label]) for label in present]
    best = history.loc[history["val_loss"].idxmin()]
    assert best["val_auroc"] == pytest.approx(np.mean(aurocs), abs=0.03)


NOTHING: dict[str, Any] = {"flips": False}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("acts", "dropout", "frozen", "augmentation"),
    [
        ("nothing", 0.0, True, NOTHING),
        ("augmentation", 0.0, True, {"brightness": 0.3}),
        ("dropout", 0.5, True, NOTHING),
        ("batch normalisation", 0.0, False, NOTHING),
    ],
)
def test_only_what_should_act_in_training_acts_there(
    acts: str, dropout: float, *, frozen: bool, augmentation: dict[str, Any]
) -> None:
    """Validate on what is trained on, at a rate that changes nothing: what differs is training."""
    chosen = recipe(
        {"epochs": 1, "frozen_base": frozen, "learning_rate": 1e-12},
        balance="none",
        augmentation=augmentation,
    )
    same = dataclasses.replace(SPLIT, validation=SPLIT.train)
    given = network(dropout=dropout)
    given.get_layer("norm1").set_weights([np.full(4, value) for value in (1.0, 0.0, 0.1, 2.0)])
    assert chosen.train
    history = fit_network(given, chosen, chosen.train, PIXELS, LABELS, PATIENTS, same, Listener())
    difference = abs(history["loss"] - history["val_loss"]).item()
    assert (difference < 1e-5) == (acts == "nothing")


def values(given: keras.Model) -> dict[str, list[np.ndarray]]:
    return {layer.name: layer.get_weights() for layer in given.layers if layer.weights}


def changed(before: dict[str, list[np.ndarray]], after: dict[str, list[np.ndarray]]) -> set[str]:
    return {
        name
        for name in before
        if not all(map(np.array_equal, before[name], after[name]))
        # Keras counts here what its dropout has drawn.
        and name != "head_dropout"
    }


@pytest.mark.slow
def test_phases_train_what_they_should_and_batchnorm_stays() -> None:
    train = {"epochs": 2, "frozen_base": True, "learning_rate": 0.02}
    given = network()
    before = values(given)
    history = fit(given, recipe(train))
    assert history["phase"].tolist() == ["head", "head"]
    assert changed(before, values(given)) == {"logits"}

    given = network()
    fine = {"epochs": 2, "layers": 1, "learning_rate": 0.005}
    history = fit(given, recipe(train, fine))
    assert history["phase"].tolist() == ["head", "head", "fine-tuning", "fine-tuning"]
    assert history["learning_rate"].tolist() == [0.02, 0.02, 0.005, 0.005]
    assert history["val_loss"].idxmin() >= 2
    assert changed(before, values(given)) == {"conv2", "logits"}
    assert all(layer.trainable for layer in given.layers)

    given = network()
    fit(given, recipe({"epochs": 1}))
    assert changed(before, values(given)) == {"conv1", "norm1", "conv2", "norm2", "logits"}


@pytest.mark.slow
def test_patience_ends_it_early() -> None:
    chosen = recipe({"epochs": 9, "patience": 2, "learning_rate": 1e-12, "frozen_base": True})
    assert fit(network(), chosen)["epoch"].tolist() == [1, 2, 3]


@pytest.mark.slow
def test_cancelled_it_stops_within_a_step_with_the_best_so_far() -> None:
    listener = Listener(epoch=3)
    given = network()
    history = fit(given, recipe(), listener)
    assert history["epoch"].tolist() == [1, 2]
    # Two epochs of four training and two validation steps, and the one that was answered with yes.
    assert listener.asked == 2 * (4 + 2) + 1
    twin = network()
    shorter = fit(twin, recipe({"epochs": 2}))
    assert history["val_loss"].tolist() == shorter["val_loss"].tolist()
    for one, other in zip(given.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_loss_that_is_no_number_is_said_so() -> None:
    given = network()
    kernel, bias = given.get_layer("logits").get_weights()
    given.get_layer("logits").set_weights([kernel * np.nan, bias])
    with pytest.raises(TrainingError, match=r"loss became nan in epoch 1.*Lower the learning rate"):
        fit(given, recipe())


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8 bytes"),
    ],
)
def test_exhausted_memory_is_said_so(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise error

    monkeypatch.setattr(fit_module, "fit_epoch", exhausted)
    with pytest.raises(TrainingError, match=r"step of 10 images of 16×16 px\. Halve train\.batch"):
        fit(network(), recipe())


def test_other_errors_are_not_mistaken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fit_module, "fit_epoch", broken)
    with pytest.raises(ZeroDivisionError):
        fit(network(), recipe())


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_leaves_a_network_of_float32(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()

    class Looking(Watch):
        def step(self, values: dict[str, float]) -> None:  # noqa: ARG002 (the interface)
            seen.add(given.get_layer("conv1").compute_dtype)
            seen.add(f"last: {given.get_layer('probabilities').compute_dtype}")

    monkeypatch.setattr(fit_module, "half_precision_kind", lambda: kind)
    given, plain = network(), network()
    history = fit(given, recipe(mixed_precision=True), Looking())
    assert seen == {kind.removeprefix("mixed_"), "last: float32"}
    assert {layer.dtype_policy.name for layer in given.layers} == {"float32"}
    assert all(weights.dtype == np.float32 for weights in given.get_weights()[:4])
    # Almost the same as in float32, but not the same.
    exact = fit(plain, recipe())
    np.testing.assert_allclose(history["val_loss"], exact["val_loss"], rtol=0.1)
    assert history["val_loss"].tolist() != exact["val_loss"].tolist()
