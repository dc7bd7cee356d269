"""From a folder to a package, both ways, on made-up patients."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.datasets.open import open_dataset
from core.datasets.split import split_dataset
from core.errors import TrainingError
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.inference.classifier import Classifier
from core.registry.package import Package, load_package
from core.training.request.override import override
from core.training.request.recipe import Recipe
from core.training.request.request import Request
from core.training.run import train
from core.training.watch import Watch
from tests.each_time import each_time

COMMON = {"name": "test", "title": "Test", "balance": "patient", "input_size": 32}
FIT = Recipe.model_validate(
    COMMON
    | {"architecture": "cnn3", "head": "sigmoid", "weights": "none"}
    | {"train": {"epochs": 2, "batch_size": 16}, "augmentation": {"flips": True, "zoom": 0.1}}
)
PROBE = Recipe.model_validate(
    COMMON
    | {"architecture": "mobilenetv2", "head": "softmax", "weights": "imagenet"}
    | {"probe": {"passes": 2, "penalty": 0.1}, "augmentation": {"flips": True, "stain": 0.1}}
)


class Listener(Watch):
    """Remembers the stages that it was told of."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, name: str, done: float) -> None:  # noqa: ARG002 (the interface)
        self.stages.append(name)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def few_idc(tiny_idc: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same patients with fewer images, not all alike: a deep network reads each many times."""
    folder = tmp_path_factory.mktemp("few") / "idc"
    for of_class in tiny_idc.glob("*/*"):
        (folder / of_class.relative_to(tiny_idc)).mkdir(parents=True)
        for path in sorted(of_class.iterdir())[: 3 + int(of_class.parent.name) % 3]:
            shutil.copy(path, folder / path.relative_to(tiny_idc))
    return folder


@pytest.fixture
def local_weights(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_WEIGHTS", str(weights))


@pytest.mark.slow
@pytest.mark.parametrize("split", each_time({"patient"}, ("patient", "image")))
def test_fit_judges_on_the_test_part_only(tiny_idc: Path, packages: Path, split: str) -> None:
    chosen = override(FIT, [f"split={split}"])
    package = train(Request(recipe=chosen, data=tiny_idc, name=f"fit-{split}", folder=packages))
    card = load_package(package.path).card
    dataset = open_dataset(tiny_idc)
    parts = split_dataset(dataset, split, 0)
    predictions = pd.read_csv(package.path / "predictions.csv", dtype={"patient": str})
    assert predictions["image"].tolist() == dataset.records["path"].iloc[parts.test].tolist()
    truth = predictions["label"] == "IDC"
    chance = predictions["probability IDC"]
    assert card.evaluation.auroc == pytest.approx(roc_auc_score(truth, chance), abs=1e-4)
    calls = chance >= card.operating_point.threshold
    assert card.evaluation.balanced_accuracy == pytest.approx(
        balanced_accuracy_score(truth, calls), abs=1e-3
    )
    assert card.evaluation.leaky == card.training.leaky == (split == "image")
    assert any("Leaky" in note for note in card.evaluation.notes) == (split == "image")
    _curves_begin_with_the_figures(package)
    assert pd.read_csv(package.path / "history.csv")["epoch"].tolist() == [1, 2]
    assert sum(card.training.images.values()) == 140


@pytest.mark.slow
@pytest.mark.usefixtures("local_weights")
def test_probe_answers_as_its_logistic_regression(few_idc: Path, packages: Path) -> None:
    listener = Listener()
    package = train(Request(recipe=PROBE, data=few_idc, name="probe", folder=packages), listener)
    card = package.card
    assert card.training.patients["train"] == [str(i) for i in range(1, 9)]
    assert [result.patient for result in card.evaluation.by_patient] == list("123456")
    _figures_follow_from_predictions(package)
    assert [shift.strength for shift in card.evaluation.stain_shift] == [0.1, 0.25]
    _curves_begin_with_the_figures(package)
    assert card.operating_point == card.operating_points[0]
    for point in card.operating_points:
        low, high = point.sensitivity_interval
        assert low <= point.sensitivity <= high
    assert list(dict.fromkeys(listener.stages)) == [
        "Reading images",
        "Computing features",
        "Shifting the stain",
        "Measuring colours",
        "Changing images",
        "Leaving patients out",
        "Judging colour alone",
        "Looking at what was trained on",
    ]
    # The final model has seen every patient: on made-up, separable classes it must be right.
    dataset = open_dataset(few_idc)
    paths = [few_idc / path for path in dataset.records["path"]]
    pixels = np.stack([resize(read_image(path).pixels, 32, 32) for path in paths])
    chances = Classifier(package).probabilities(pixels)[:, 1]
    assert roc_auc_score(dataset.records["label"], chances) > 0.95


def _curves_begin_with_the_figures(package: Package) -> None:
    evaluation = package.card.evaluation
    first, *rest = evaluation.robustness
    assert first.change == "none"
    assert first.auroc == pytest.approx(evaluation.auroc, abs=1e-4)
    assert first.balanced_accuracy == pytest.approx(evaluation.balanced_accuracy, abs=1e-4)
    assert first.colour_auroc == pytest.approx(evaluation.colour_auroc, abs=1e-4)
    assert {each.change for each in rest} == {"stain", "blur", "jpeg", "brightness", "scale"}
    assert any(each.auroc != first.auroc for each in rest)


def _figures_follow_from_predictions(package: Package) -> None:
    predictions = pd.read_csv(package.path / "predictions.csv", dtype={"patient": str})
    evaluation = package.card.evaluation
    for prefix, auroc, accuracy in (
        ("", evaluation.auroc, evaluation.balanced_accuracy),
        ("colour ", evaluation.colour_auroc, evaluation.colour_balanced_accuracy),
    ):
        truth, chances = predictions["label"] == "IDC", predictions[f"{prefix}probability IDC"]
        calls = chances >= predictions[f"{prefix}threshold"]
        alike = 1 / predictions.groupby("patient")["image"].transform("size")
        assert auroc == pytest.approx(roc_auc_score(truth, chances, sample_weight=alike), abs=1e-3)
        assert accuracy == pytest.approx(
            balanced_accuracy_score(truth, calls, sample_weight=alike), abs=1e-3
        )


def test_a_taken_name_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(TrainingError, match="--replace"):
        train(Request(recipe=FIT, data=tmp_path / "none", name="mine", folder=tmp_path))


def test_images_of_unknown_scale_are_refused_before_training(
    tiny_idc: Path, tmp_path: Path
) -> None:
    for label, name in enumerate(("benign", "malignant")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number, path in enumerate(sorted(tiny_idc.glob(f"*/{label}/*.png"))):
            shutil.copy(path, tmp_path / "data" / name / f"{number}.png")
    with pytest.raises(TrainingError, match="um_per_px"):
        train(Request(recipe=FIT, data=tmp_path / "data", name="mine", folder=tmp_path))


@pytest.mark.slow
def test_damaged_images_are_left_out_and_the_card_says_so(tiny_idc: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_idc, tmp_path / "data")
    broken = sorted((tmp_path / "data").glob("[35]/1/*_x1_*.png"))
    for path in broken:
        path.write_bytes(path.read_bytes()[:60])
    listener = Listener()
    request = Request(recipe=FIT, data=tmp_path / "data", name="mine", folder=tmp_path)
    package = train(request, listener)
    assert "Leaving out 2 unreadable images" in listener.stages
    card = package.card
    assert sum(card.training.images.values()) == 138
    note = card.evaluation.notes[-1]
    assert "left out: 2" in note
    assert all(path.name in note for path in broken)
    assert card.training.dataset_fingerprint == open_dataset(tmp_path / "data").fingerprint
    # The split is the one of all images, without those two.
    dataset = open_dataset(tmp_path / "data")
    named = {path.relative_to(tmp_path / "data").as_posix() for path in broken}
    test = dataset.records["path"].iloc[split_dataset(dataset, "patient", 0).test]
    predictions = pd.read_csv(package.path / "predictions.csv")
    assert predictions["image"].tolist() == [path for path in test if path not in named]


def test_a_part_with_nothing_to_read_is_an_error(tiny_idc: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_idc, tmp_path / "data")
    dataset = open_dataset(tmp_path / "data")
    for row in split_dataset(dataset, "patient", 0).validation:
        (tmp_path / "data" / dataset.records["path"].iloc[row]).write_bytes(b"\x89PNG")
    with pytest.raises(TrainingError, match="images of the validation part can be read"):
        train(Request(recipe=FIT, data=tmp_path / "data", name="mine", folder=tmp_path))
