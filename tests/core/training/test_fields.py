"""Fields of several magnifications: from a BreaKHis folder to a package and its answers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.datasets.open import open_dataset
from core.diagnosis import diagnose
from core.errors import Stopped
from core.training.request.override import override
from core.training.request.recipe import Recipe
from core.training.request.request import Request
from core.training.run import train
from core.training.watch import Watch

PROBE = Recipe.model_validate(
    {
        "name": "test",
        "title": "Test",
        "architecture": "mobilenetv2",
        "task": "subtype",
        "head": "softmax",
        "weights": "imagenet",
        "input_size": 32,
        "fit": "crops",
        "balance": "patient",
        "probe": {"passes": 1, "penalty": 1.0},
    }
)
CODES = {"A": "adenosis", "F": "fibroadenoma", "DC": "ductal_carcinoma", "MC": "mucinous_carcinoma"}


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory, draw: Callable[..., Path]) -> Path:
    """Four subtypes of three patients each but the last, who has one; two magnifications."""
    root = tmp_path_factory.mktemp("fields") / "BreaKHis_v1"
    seed = 0
    for code, subtype in CODES.items():
        kind, name = ("benign", "B") if len(code) == 1 else ("malignant", "M")
        for patient in range(1 if code == "MC" else 3):
            case = f"14-{100 * list(CODES).index(code) + patient + 1:05d}"
            for power in (40, 100):
                for number in (1, 2):
                    slide = f"SOB_{name}_{code}_{case}"
                    file = f"SOB_{name}_{code}-{case}-{power}-{number:03d}.png"
                    folder = root / kind / "SOB" / subtype / slide / f"{power}X"
                    draw(folder / file, 70, 46, seed)
                    seed += 1
    return root


@pytest.mark.slow
@pytest.mark.exhaustive
def test_subtypes_are_judged_by_folds_and_fields_answered_as_judged(
    fields: Path, tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_WEIGHTS", str(weights))
    package = train(Request(recipe=PROBE, data=fields, name="subtypes", folder=tmp_path))
    card = package.card
    assert card.task == "subtype"
    assert card.operating_point is None
    assert card.input.fields_um == (92.0, 225.4)
    assert card.input.fit == "crops"
    results = {result.name: result for result in card.evaluation.by_class}
    assert "one patient" in results["mucinous carcinoma"].withheld
    assert results["adenosis"].patients == 3
    assert any("Very few patients" in note for note in card.evaluation.notes)
    predictions = pd.read_csv(package.path / "predictions.csv")
    assert "mucinous carcinoma" not in set(predictions["label"])
    aurocs = {name: [] for name in set(predictions["label"])}
    for _, answers in predictions.groupby("round"):
        weights = 1 / answers.groupby("patient")["label"].transform("size")
        for name, values in aurocs.items():
            truth = answers["label"] == name
            score = answers[f"probability {name}"]
            values.append(roc_auc_score(truth, score, sample_weight=weights))
    for name, values in aurocs.items():
        assert results[name].auroc == pytest.approx(np.mean(values), abs=1e-4)
    path = fields / open_dataset(fields).records["path"].iloc[0]
    answer = diagnose(path, package=package, um_per_px=2.0)
    assert answer.tiles == 3
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_crops_are_trained_on_and_their_mean_is_judged(fields: Path, tmp_path: Path) -> None:
    recipe = override(
        PROBE,
        [
            "architecture=cnn3",
            "task=binary",
            "weights=none",
            "head=sigmoid",
            "probe=none",
            "train.epochs=1",
        ],
    )
    package = train(Request(recipe=recipe, data=fields, name="binary", folder=tmp_path))
    card = package.card
    assert card.head == "sigmoid"
    assert sum(card.training.images.values()) == len(open_dataset(fields).records)
    predictions = pd.read_csv(package.path / "predictions.csv")
    assert len(predictions) == card.training.images["test"] == card.evaluation.images
    truth = predictions["label"] == "malignant"
    expected = roc_auc_score(truth, predictions["probability malignant"])
    assert card.evaluation.auroc == pytest.approx(expected, abs=1e-4)
    # A test image gets from the package, through the whole journey, what it got when judged.
    row = predictions.iloc[0]
    answer = diagnose(fields / row["image"], package=package, um_per_px=card.input.um_per_px)
    if row["magnification"] == f"{100 if card.input.um_per_px < 3 else 40}X":
        assert answer.probabilities[1] == pytest.approx(row["probability malignant"], abs=0.01)


def test_a_run_that_is_cancelled_before_anything_is_learnt_says_so(
    fields: Path, tmp_path: Path
) -> None:
    class Impatient(Watch):
        def cancelled(self) -> bool:
            return True

    recipe = override(
        PROBE, ["architecture=cnn3", "task=binary", "weights=none", "probe=none", "train.epochs=1"]
    )
    with pytest.raises(Stopped):
        train(Request(recipe=recipe, data=fields, name="none", folder=tmp_path), Impatient())
