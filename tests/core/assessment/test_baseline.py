"""Colour alone is judged where that can be done, and else said not to have been."""

from dataclasses import replace

import numpy as np
import pytest

from core.assessment.assess import assess
from core.assessment.baseline import Baseline, colour_baseline
from core.assessment.report import lines
from core.datasets.records import Dataset
from core.registry.package import Package


def baseline(*patients_of_class: int, classes: int = 2, images: int = 4) -> Baseline | str:
    """Of so many patients of each class, with so many images of that class each."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.repeat(np.arange(len(patients_of_class)), patients_of_class), images)
    patients = np.repeat([f"p{number}" for number in range(sum(patients_of_class))], images)
    views = (random.normal(0, 1, (2, len(labels), 21)) + labels[:, None]).astype(np.float32)
    return colour_baseline(views, labels, patients.astype(object), classes)


@pytest.mark.parametrize("few", [1, 2])
@pytest.mark.parametrize("many", [2, 3, 9])
def test_a_class_of_two_with_fewer_than_three_patients_is_said(few: int, many: int) -> None:
    for found in (baseline(few, many), baseline(many, few)):
        assert isinstance(found, str)
        assert found.startswith("Colour alone was not judged")
    if many == 9:
        assert f"class 0 has 9 patient(s), class 1 has {few} patient(s)" in found


def test_three_patients_of_each_class_are_enough() -> None:
    found = baseline(3, 3)
    assert isinstance(found, Baseline)
    assert (found.folds > 0).all()
    assert np.isfinite(found.probabilities).all()
    assert ((found.thresholds > 0) & (found.thresholds < 1)).all()


def test_fewer_images_of_each_class_than_folds_is_said() -> None:
    found = baseline(4, 3, images=1)
    assert isinstance(found, str)
    assert "No class has more than 4 image(s)" in found


def test_of_several_classes_one_may_have_a_single_patient() -> None:
    found = baseline(4, 4, 1, classes=3)
    assert isinstance(found, Baseline)
    assert (found.folds[-4:] == 0).all()
    assert np.isfinite(found.probabilities[:, found.folds > 0]).all()
    assert found.thresholds is None


@pytest.mark.parametrize("few", [1, 2])
def test_an_assessment_goes_on_without_colour(package: Package, dataset: Dataset, few: int) -> None:
    records = dataset.records
    first = sorted(records["patient"].unique())[:few]
    rows = (records["label"] == 0) | records["patient"].isin(first)
    found = assess(package, replace(dataset, records=records[rows].reset_index(drop=True)))
    assert found.colour is None
    assert found.colour_how.startswith("Colour alone was not judged")
    assert found.colour_how in "\n".join(lines(found))
    assert found.judgement.figures["auroc"].value is not None
