"""The journey from a package and a dataset to an evaluation."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.assessment.assess import Assessment, assess
from core.assessment.changed import STAGE
from core.assessment.summary import lines, to_json
from core.assessment.table import write_predictions
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.errors import EvaluationError, Stopped
from core.evaluation.colour_alone import colour_alone
from core.evaluation.judge import evaluation_of
from core.evaluation.predictions_file import read_predictions
from core.inference.classifier import get_classifier
from core.registry.card import Card
from core.registry.package import Package, save_package
from core.training.ensemble import make_ensemble
from tests.core.conftest import HISTORY, PREDICTIONS, card_content, tiny_model


@pytest.fixture(scope="module")
def found(package: Package, dataset: Dataset) -> Assessment:
    return assess(package, dataset, robustness=True)


def test_figures_are_of_the_models_answers(
    found: Assessment, package: Package, dataset: Dataset
) -> None:
    assert found.evaluation.images == 96
    assert found.evaluation.patients == 8
    classifier = get_classifier(package)
    assert found.predictions.classes == classifier.classes
    truth = dataset.records["label"].to_numpy()
    expected = roc_auc_score(truth, found.predictions.probabilities[:, 1])
    assert found.evaluation.figures["auroc"].value == pytest.approx(expected)
    assert (found.predictions.thresholds == 0.4).all()


def test_figures_can_be_worked_out_again_from_the_file(found: Assessment, tmp_path: Path) -> None:
    path = tmp_path / "new" / "predictions.csv"
    write_predictions(found.predictions, path)
    again = read_predictions(path, found.package.card.classes, "IDC")
    assert again.protocol == "one model"
    judged = evaluation_of(again, again.colour())
    for name, figure in found.evaluation.figures.items():
        assert judged.figures[name].value == pytest.approx(figure.value, abs=1e-4)
    assert judged.colour.auroc.second == pytest.approx(
        found.evaluation.colour.auroc.second, abs=1e-4
    )
    assert judged.colour.auroc.interval == pytest.approx(
        found.evaluation.colour.auroc.interval, abs=1e-3
    )
    assert [each.name for each in path.parent.iterdir()] == ["predictions.csv"]


def test_colour_alone_finds_what_is_in_the_colour(found: Assessment) -> None:
    assert found.evaluation.colour.auroc.second > 0.8
    assert "5 folds by patient" in found.colour_how


def test_patients_of_the_training_make_it_leaky(
    found: Assessment, package: Package, dataset: Dataset
) -> None:
    # The tiny card lists patients 1, 2 and 3 as training, validation and test.
    assert found.known.patients == ("1", "2")
    assert found.known.leaky
    assert "LEAKY: 2 of the 8 patients (1, 2)" in found.known.warning
    assert "though the dataset is called IDC" in found.known.warning
    assert (found.unseen.patients, found.unseen.images) == (6, 72)
    unmet = dataset.records["patient"].isin(["3", "4", "5"])
    others = replace(dataset, records=dataset.records[unmet].reset_index(drop=True))
    clean = assess(package, others)
    assert not clean.known.leaky
    assert clean.unseen is None
    assert clean.robustness == ()
    unknown = assess(package, replace(others, patients_known=False))
    assert "patients of this dataset are unknown" in unknown.known.warning


def test_curves_begin_with_the_images_unchanged(found: Assessment) -> None:
    first, *rest = found.robustness
    assert first.change == "none"
    assert first.auroc == pytest.approx(found.evaluation.figures["auroc"].value)
    assert first.colour_auroc == pytest.approx(found.evaluation.colour.auroc.second)
    assert len(rest) == 17
    assert all(each.colour_auroc is not None for each in rest)
    stain = [each.colour_auroc for each in rest if each.change == "stain"]
    assert stain[-1] < first.colour_auroc
    assert found.tried_on == 96


def test_changed_images_may_be_skipped_and_the_figures_stay(
    found: Assessment, package: Package, dataset: Dataset
) -> None:
    def told(stage: str, done: float) -> None:
        if stage == STAGE and done > 0.1:
            raise Stopped

    skipped = assess(package, dataset, told, robustness=True)
    assert (skipped.robustness, skipped.tried_on) == ((), 0)
    np.testing.assert_array_equal(
        skipped.predictions.probabilities, found.predictions.probabilities
    )
    assert skipped.evaluation.figures["auroc"].value == found.evaluation.figures["auroc"].value


def test_report_says_it_all(found: Assessment) -> None:
    text = "\n".join(lines(found))
    for part in ("LEAKY", "AUROC", "Mean patient score", "Without the patients", "colour alone"):
        assert part in text
    for estimand in ("pooled, every patient alike", "mean within patients"):
        assert f"AUROC, {estimand}" in text
    assert "JPEG of quality 20: AUROC" in text
    content = to_json(found)
    assert content["leaky"] is True
    assert content["figures"]["auroc"]["value"] == found.evaluation.figures["auroc"].value
    assert content["estimand"] == content["figures"]["auroc"]["estimand"] == "alike"
    within = content["other_estimands"]["patients"]["auroc"]["value"]
    own = found.predictions
    assert within == pytest.approx(
        np.mean(
            [
                roc_auc_score(own.labels[rows], own.probabilities[rows, 1])
                for rows in (own.patients == patient for patient in np.unique(own.patients))
            ]
        )
    )
    assert "several classes" in content["no_patient_level"]
    assert len(content["robustness"]) == 18


def test_other_classes_are_refused(package: Package, dataset: Dataset) -> None:
    with pytest.raises(EvaluationError, match="tells no IDC, IDC apart"):
        assess(package, replace(dataset, classes=("benign", "malignant")))
    # Another order and other capitals are the same classes.
    turned = dataset.records.assign(label=1 - dataset.records["label"])
    turned_names = replace(dataset, classes=("idc", "NO IDC"), records=turned)
    assert assess(package, turned_names).predictions.labels.tolist() == (
        dataset.records["label"].tolist()
    )


def test_unreadable_images_are_left_out(package: Package, patches: Path, tmp_path: Path) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    for file in sorted(patches.glob("[34567]_*"))[:40]:
        shutil.copy(file, folder)
    (folder / "3_idx5_x9001_y1_class0.png").write_bytes(b"no image")
    found = assess(package, open_dataset(folder))
    assert found.evaluation.images == 40
    assert list(found.unreadable) == ["3_idx5_x9001_y1_class0.png"]
    assert any("left out: 1" in each for each in found.warnings)
    for file in folder.iterdir():
        file.write_bytes(b"no image")
    with pytest.raises(EvaluationError, match="None of the 41 images"):
        assess(package, open_dataset(folder))


def test_colour_learns_nothing_of_whom_it_answers() -> None:
    random = np.random.default_rng(0)
    labels = np.tile([0, 1], 40)
    patients = np.repeat([f"p{number}" for number in range(10)], 8).astype(object)
    views = (random.normal(0, 1, (1, 80, 21)) + labels[:, None]).astype(np.float32)
    honest = colour_alone(views, labels, patients, 2)
    fold = honest.folds == honest.folds[0]
    flipped = np.where(fold, 1 - labels, labels)
    touched = colour_alone(views, flipped, patients, 2)
    assert (touched.folds == honest.folds).all()
    np.testing.assert_array_equal(touched.probabilities[:, fold], honest.probabilities[:, fold])
    assert touched.thresholds[fold] == pytest.approx(honest.thresholds[fold])
    assert not np.array_equal(touched.probabilities[:, ~fold], honest.probabilities[:, ~fold])


def test_too_few_patients_have_no_colour_alone(package: Package, dataset: Dataset) -> None:
    two = dataset.records[dataset.records["patient"].isin(["4", "5"])].reset_index(drop=True)
    found = assess(package, replace(dataset, records=two))
    assert found.evaluation.colour is None
    assert "needs 3 patients" in found.colour_how
    assert "fewer than 5" in found.evaluation.no_interval
    assert found.colour_how in "\n".join(lines(found))


@pytest.mark.parametrize("few", [1, 2])
def test_an_assessment_goes_on_without_colour(package: Package, dataset: Dataset, few: int) -> None:
    records = dataset.records
    first = sorted(records["patient"].unique())[:few]
    rows = (records["label"] == 0) | records["patient"].isin(first)
    found = assess(package, replace(dataset, records=records[rows].reset_index(drop=True)))
    assert found.evaluation.colour is None
    assert found.colour_how.startswith("Colour alone was not judged")
    assert found.colour_how in "\n".join(lines(found))
    assert found.evaluation.figures["auroc"].value is not None


def test_an_ensemble_is_judged_on_the_mean_of_its_members(
    dataset: Dataset, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    alone = []
    for number, (name, head) in enumerate((("one", "sigmoid"), ("two", "softmax")), start=1):
        card = Card.model_validate(card_content(name=name, head=head, temperature=number))
        member = save_package(
            home / "models" / name,
            card,
            tiny_model(number, head),
            predictions=PREDICTIONS,
            history=HISTORY,
        )
        alone.append(assess(member, dataset).predictions.probabilities[:, 1])
    both = assess(make_ensemble("both", ["one", "two"]), dataset)
    mean = np.mean(alone, axis=0)
    np.testing.assert_allclose(both.predictions.probabilities[:, 1], mean, atol=1e-6)
    truth = dataset.records["label"].to_numpy()
    figures = both.evaluation.figures
    assert figures["auroc"].value == pytest.approx(roc_auc_score(truth, mean), abs=1e-3)
    # It has no operating point, so the more probable class is its answer.
    expected = balanced_accuracy_score(truth, mean > 0.5)
    assert figures["balanced_accuracy"].value == pytest.approx(expected)
    # Both members know patients 1 and 2, and neither knows 3.
    assert both.known.patients == ("1", "2")
    assert both.unseen is not None
    assert both.unseen.patients == 6
