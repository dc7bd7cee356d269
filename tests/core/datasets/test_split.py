from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.datasets.idc import SOURCE
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import leave_one_patient_out, patients_with_every_class, split_dataset
from core.errors import DatasetError


def made_up(images: list[tuple[int, int]]) -> Dataset:
    records = pd.DataFrame(
        [(f"{i}.png", f"p{patient}", label) for i, (patient, label) in enumerate(images)],
        columns=["path", "patient", "label"],
    )
    return Dataset("made up", Path(), ("no", "yes"), records, SOURCE)


@given(
    images=st.lists(st.tuples(st.integers(0, 14), st.integers(0, 1)), min_size=40, max_size=200),
    seed=st.integers(0, 1000),
)
def test_no_patient_is_in_two_parts(images: list[tuple[int, int]], seed: int) -> None:
    dataset = made_up(images)
    try:
        split = split_dataset(dataset, "patient", seed)
    except DatasetError:
        assume(condition=False)
    patients = dataset.records["patient"].to_numpy()
    parts = list(split.parts().values())
    for i, part in enumerate(parts):
        for other in parts[i + 1 :]:
            assert not set(patients[part]) & set(patients[other])
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(images)))
    for part in (split.validation, split.test):
        assert dataset.records["label"].iloc[part].nunique() == 2
    again = split_dataset(dataset, "patient", seed)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again.parts().values(), strict=True))


def test_image_split_is_stratified_and_marked(tiny_idc: Path) -> None:
    dataset = open_dataset(tiny_idc)
    split = split_dataset(dataset, "image", 0)
    assert split.leaky
    labels = dataset.records["label"].to_numpy()
    assert [len(part) for part in split.parts().values()] == [84, 28, 28]
    assert labels[split.test].mean() == pytest.approx(labels.mean(), abs=0.02)
    patients = dataset.records["patient"].to_numpy()
    assert set(patients[split.test]) & set(patients[split.train])


def test_too_few_patients_of_a_class_explain_themselves() -> None:
    dataset = made_up([(p, 0) for p in range(9)] + [(9, 1)] * 5)
    with pytest.raises(DatasetError, match=r"“yes” has 1 patient\(s\).*at least 3"):
        split_dataset(dataset, "patient", 0)


def test_too_few_images_explain_themselves() -> None:
    with pytest.raises(DatasetError, match="too few to split by image"):
        split_dataset(made_up([(0, 0), (1, 1)]), "image", 0)


def test_leave_one_patient_out(tiny_idc: Path) -> None:
    dataset = open_dataset(tiny_idc)
    judged = patients_with_every_class(dataset)
    assert judged == ["1", "2", "3", "4", "5", "6"]
    patients = dataset.records["patient"].to_numpy()
    for patient, train, test in leave_one_patient_out(patients, judged):
        assert set(patients[test]) == {patient}
        assert set(patients[train]) == set(patients) - {patient}
