"""A tiny model package, saved once, for tests of everything that answers with one."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd
import pytest

from core.imaging.stain import RGB_FROM_HED
from core.registry.card import Card
from core.registry.package import Package, load_package, save_package


def card_content(**changes: Any) -> dict[str, Any]:
    """Everything on a binary card with one input of 200 µm in 32 px, trained at 4 µm/px."""
    content: dict[str, Any] = {
        "schema_version": 1,
        "name": "tiny",
        "title": "Tiny",
        "summary": "Untrained.",
        "created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "architecture": "cnn3",
        "task": "binary",
        "classes": ("no IDC", "IDC"),
        "head": "softmax",
        "input": {
            "height": 32,
            "width": 32,
            "field_um": 200.0,
            "um_per_px_low": 0.2,
            "um_per_px_high": 5.0,
            "um_per_px": 4.0,
        },
        "heatmap_layer": "last_conv",
        "temperature": 1.7,
        "operating_point": {
            "positive_class": "IDC",
            "threshold": 0.4,
            "rule": "fixed by hand",
            "fitted_on": "nothing",
        },
        "training": {
            "recipe": {"name": "none", "epochs": 0},
            "dataset": "none",
            "dataset_fingerprint": "",
            "split": "patient",
            "leaky": False,
            "patients": {"train": ["1"], "validation": ["2"], "test": ["3"]},
            "images": {"train": 1, "validation": 1, "test": 1},
            "seed": 0,
            "seconds": 0.0,
            "command": "",
        },
        "evaluation": None,
        "scope": None,
        "good_for": ("tests",),
        "not_for": ("people",),
        "licence": "MIT",
        "citations": (),
        "versions": {"keras": "3"},
    }
    return content | changes


def tiny_model(outputs: int = 2, head: str = "softmax", size: int = 32) -> Any:
    """An untrained network with weights large enough for answers to differ between images."""
    import keras  # noqa: PLC0415 - tests that need no model stay quick

    keras.utils.set_random_seed(7)
    inputs = keras.Input((size, size, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.Conv2D(6, 3, activation="relu", name="last_conv")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(
        outputs, name="logits", kernel_initializer=keras.initializers.RandomNormal(stddev=6, seed=3)
    )(x)
    x = keras.layers.Activation(head, name="probabilities", dtype="float32")(x)
    return keras.Model(inputs, x, name="tiny")


PREDICTIONS = pd.DataFrame({"image": ["a"], "patient": ["3"], "label": [1], "IDC": [0.75]})
HISTORY = pd.DataFrame({"epoch": [1], "loss": [0.5]})


SaveTiny = Callable[..., Package]


@pytest.fixture(scope="session")
def save_tiny() -> SaveTiny:
    """Save a tiny package into a folder: `save_tiny(parent, outputs, **changes of the card)`."""

    def save(parent: Path, outputs: int = 2, **changes: Any) -> Package:
        card = Card.model_validate(card_content(**changes))
        model = tiny_model(outputs, card.head)
        folder = parent / card.name
        return save_package(folder, card, model, predictions=PREDICTIONS, history=HISTORY)

    return save


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory, save_tiny: SaveTiny) -> Path:
    """The folder of a tiny package; copy it before changing it."""
    return save_tiny(tmp_path_factory.mktemp("packages")).path


@pytest.fixture(scope="session")
def package(saved: Path) -> Package:
    """The tiny package, loaded."""
    return load_package(saved)


@pytest.fixture
def shelve(home: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Put the tiny package alone on the shelf; returns its folder."""

    def put() -> Path:
        monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "shipped"))
        return Path(shutil.copytree(saved, home / "shipped" / "tiny"))

    return put


@pytest.fixture(scope="session")
def result_keys() -> list[str]:
    """The keys of a result, in order, as the command line promises them."""
    return [
        *("path", "sha256", "model", "model_sha256", "classes", "probabilities", "predicted"),
        *("outcome", "reasons", "prediction_set", "demonstration", "scope", "uncertainty"),
        *("operating_point", "um_per_px", "tiles", "chosen", "engine", "seconds"),
    ]


@pytest.fixture(scope="session")
def tissue() -> np.ndarray:
    """A picture of a large patch of noisy tissue in H&E on white glass, (300, 420, 3) uint8."""
    generator = np.random.default_rng(1)
    pixels = np.full((300, 420, 3), 245, dtype=np.uint8)
    stains = generator.normal([0.75, 0.5], [0.15, 0.2], (220, 300, 2))  # optical densities
    light = 255 * np.exp(-stains @ RGB_FROM_HED[:2])
    pixels[20:240, 30:330] = np.clip(light, 0, 255).astype(np.uint8)
    return pixels
