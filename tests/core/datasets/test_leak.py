import dataclasses
from pathlib import Path

import numpy as np
import pytest

from core.datasets.leak import leak_meter
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import Split, split_dataset


@pytest.fixture(scope="module")
def dataset(tiny_idc: Path) -> Dataset:
    return open_dataset(tiny_idc)


def test_an_image_split_leaks_whole_and_a_patient_split_does_not(dataset: Dataset) -> None:
    leaky = leak_meter(split_dataset(dataset, "image", 0), dataset)
    assert leaky.share == 1.0
    assert leaky.sentence == (
        "All 28 test images (100.0%) were seen in training, 28 by patient: their figures say "
        "little about new patients. Near duplicates were not searched for."
    )
    sound = leak_meter(split_dataset(dataset, "patient", 0), dataset, [])
    assert (sound.share, sound.patient_in_training, sound.near_duplicate_in_training) == (0, 0, 0)
    assert sound.sentence == f"No leak found among the {sound.test_images} test images."


def test_near_duplicates_are_counted_once_each(dataset: Dataset) -> None:
    patients = dataset.records["patient"].to_numpy()
    train = np.flatnonzero(np.isin(patients, ["1", "2"]))
    test = np.flatnonzero(np.isin(patients, ["3", "4"]))
    split = Split("patient", 0, train, np.setdiff1d(np.arange(140), [*train, *test]), test)
    pairs = [
        (train[0], test[0]),
        (test[0], train[1]),  # the same test image again
        (test[1], train[1]),
        (test[2], test[3]),  # both in the test part
        (train[4], split.validation[0]),
        (split.validation[0], test[5]),
    ]
    report = leak_meter(split, dataset, pairs)
    assert (report.patient_in_training, report.near_duplicate_in_training) == (0, 2)
    assert report.share == 2 / 40
    assert "2 of the 40 test images (5.0%)" in report.sentence
    assert "0 by patient and 2 by near duplicate" in report.sentence


def test_an_image_that_leaks_twice_counts_once(dataset: Dataset) -> None:
    split = Split("image", 0, np.array([0, 1]), np.array([2]), np.array([3, 139]))
    report = leak_meter(split, dataset, [(0, 3)])
    assert (report.patient_in_training, report.near_duplicate_in_training) == (1, 1)
    assert (report.leaked, report.share) == (1, 0.5)


def test_groups_of_any_size_leak_as_one(dataset: Dataset) -> None:
    train, test = np.arange(100), np.arange(101, 140)
    split = Split("image", 0, train, np.array([100]), test)
    unknown = dataclasses.replace(dataset, patients_known=False)
    assert leak_meter(split, unknown, [range(90, 120)]).leaked == 19
    assert leak_meter(split, unknown, [range(100, 120)]).leaked == 0


def test_unknown_patients_and_an_empty_test_part_are_said(dataset: Dataset) -> None:
    unknown = dataclasses.replace(dataset, patients_known=False)
    report = leak_meter(split_dataset(unknown, "image", 0), unknown)
    assert (report.patient_in_training, report.share) == (None, 0.0)
    assert "a leak by patient cannot be ruled out" in report.sentence
    empty = Split("patient", 0, np.arange(140), np.arange(0), np.arange(0))
    assert leak_meter(empty, dataset).share == 0.0


@pytest.mark.parametrize("kind", ["image", "patient"])
def test_real_idc(shared: Path, kind: str) -> None:
    real = open_dataset(shared / "data" / "idc")
    assert leak_meter(split_dataset(real, kind, 0), real).share == (kind == "image")
