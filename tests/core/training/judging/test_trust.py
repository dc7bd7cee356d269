"""Scope test and prediction sets: from whom they are fitted, and that they do what they say."""

import cv2
import keras
import numpy as np
import pandas as pd
import pytest

from core.architectures import build
from core.datasets.split import Split
from core.evaluation.conformal import cut_off
from core.evaluation.predictions import predictions_on
from core.evaluation.scope_distance import image_distances
from core.training.judging.trust import Trust, trust_of_fit, trust_of_probe

CLASSES = ("no IDC", "IDC")
RANDOM = np.random.default_rng(0)
LABELS = np.tile([0, 1], 60)
PATIENTS = np.repeat(np.array([f"p{i}" for i in range(12)], dtype=object), 10)


def pictures() -> np.ndarray:
    """Noisy pink squares, darker and coarser where positive."""
    noise = RANDOM.normal(0, 25, (120, 16, 16, 3)).repeat(2, axis=1).repeat(2, axis=2)
    pixels = np.array([200, 120, 190]) - 40 * LABELS[:, None, None, None] + noise
    return np.clip(pixels, 0, 255).astype(np.uint8)


PIXELS = pictures()
PART = np.arange(120) // 40  # four patients in each part
SPLIT = Split(
    "patient", 0, np.flatnonzero(PART == 0), np.flatnonzero(PART == 1), np.flatnonzero(PART == 2)
)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(1)
    return build("cnn3", (32, 32, 3), 2, "sigmoid")


def of_fit(network: keras.Model, labels: np.ndarray, pixels: np.ndarray = PIXELS) -> Trust:
    return trust_of_fit(network, pixels, labels, PATIENTS, SPLIT, 1.5, CLASSES, lambda _: None)


def same(one: Trust, other: Trust) -> bool:
    return one.conformal == other.conformal and one.scope == other.scope


def test_labels_and_images_of_the_test_part_change_nothing(network: keras.Model) -> None:
    before = of_fit(network, LABELS)
    swapped = np.where(PART == 2, 1 - LABELS, LABELS)
    assert same(before, of_fit(network, swapped))
    blackened = PIXELS.copy()
    blackened[PART == 2] = 0
    assert same(before, of_fit(network, LABELS, blackened))
    # And the parts that it may look at do change it, so this shows something.
    validation = np.where(PART == 1, 1 - LABELS, LABELS)
    assert of_fit(network, validation).conformal != before.conformal
    grey = PIXELS.copy()
    grey[PART == 0] = 128
    assert of_fit(network, LABELS, grey).scope != before.scope


def test_cut_offs_are_of_the_networks_own_calibrated_probabilities(network: keras.Model) -> None:
    found = of_fit(network, LABELS).conformal
    logits = keras.Model(network.inputs, network.get_layer("logits").output)
    values = logits.predict(PIXELS[PART == 1], verbose=0)[:, 0] / 1.5
    positive = 1 / (1 + np.exp(-values.astype(np.float64)))
    own = LABELS[PART == 1] == 1
    expected = cut_off(positive[own], PATIENTS[PART == 1][own])
    assert found.cut_offs[1] == pytest.approx(expected, abs=1e-5)
    assert found.fitted_on.startswith("40 images of 4 validation patients")
    assert [part.name for part in found.by_class] == list(CLASSES)
    assert [part.images for part in found.by_class] == [20, 20]


def of_probe(features: np.ndarray, rounds: int = 1) -> Trust:
    chances = RANDOM.uniform(0, 1, 120 * rounds)
    repeated = pd.DataFrame(
        {
            "path": np.tile(np.arange(120).astype(str), rounds),
            "patient": np.tile(PATIENTS, rounds),
            "magnification": "",
            "subtype": "",
            "label": np.tile(LABELS, rounds),
        }
    )
    predictions = predictions_on(
        repeated,
        CLASSES,
        "folds",
        np.stack([1 - chances, chances], axis=1),
        rounds=np.repeat(np.arange(rounds) + 1, 120),
    )
    return trust_of_probe(features, PIXELS, LABELS, PATIENTS, predictions)


def test_a_probes_limits_are_of_patients_left_out() -> None:
    features = RANDOM.normal(0, 1, (120, 1, 6))
    trust = of_probe(features, rounds=3)
    assert trust.scope is not None
    assert trust.reference is not None
    assert trust.scope.false_alarms == pytest.approx(0.05, abs=0.06)
    far = features + 30
    assert (image_distances(trust.reference, far) > 5 * trust.scope.threshold).all()
    assert trust.conformal.fitted_on.startswith("120 images of 12 left-out patients")
    assert [part.images for part in trust.conformal.by_class] == [60, 60]
    # A patient unlike the others raises the threshold: only because they were left out.
    odd = features.copy()
    odd[PATIENTS == "p3"] += 30
    raised = of_probe(odd).scope
    assert raised is not None
    assert raised.threshold > 3 * trust.scope.threshold


def test_sharpness_is_that_of_all_but_one_in_a_hundred() -> None:
    scope = of_probe(RANDOM.normal(0, 1, (120, 1, 6))).scope
    assert scope is not None

    values = [
        cv2.Laplacian(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()
        for pixels in PIXELS
    ]
    # The second lowest of 120: less than one in a hundred lies below it, one more would not.
    assert scope.least_sharpness == pytest.approx(sorted(values)[1])


def test_one_patient_left_out_gives_no_scope_test(network: keras.Model) -> None:
    alone = Split("patient", 0, SPLIT.train, np.arange(40, 50), SPLIT.test)
    trust = trust_of_fit(network, PIXELS, LABELS, PATIENTS, alone, 1.0, CLASSES, lambda _: None)
    assert trust.scope is None
    assert trust.reference is None
