import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from core.datasets.idc import SOURCE
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import (
    Split,
    deal_images,
    k_fold,
    patients_with_every_class,
    split_dataset,
)
from core.errors import DatasetError


def made_up(images: list[tuple[int, int]], classes: int = 2) -> Dataset:
    """One image for each pair of patient and label."""
    records = pd.DataFrame(
        [(f"{i}.png", f"p{patient:02}", label) for i, (patient, label) in enumerate(images)],
        columns=["path", "patient", "label"],
    )
    names = ("no", "yes") if classes == 2 else tuple("abcdefgh"[:classes])
    return Dataset("made up", Path(), names, records, SOURCE)


def deviation(dataset: Dataset, parts: list[np.ndarray], shares: list[float]) -> float:
    """The objective, written again with pandas."""
    labels = dataset.records["label"]
    totals = labels.value_counts()
    return sum(
        (
            (labels.iloc[rows].value_counts().reindex(totals.index).fillna(0) / totals - share) ** 2
        ).sum()
        for rows, share in zip(parts, shares, strict=True)
    )


def gaps(dataset: Dataset, parts: list[np.ndarray]) -> int:
    """How many times a part has no image of a class, or no patient who has every class."""
    judged = set(patients_with_every_class(dataset))
    records = dataset.records
    return sum(
        len(dataset.classes)
        - records["label"].iloc[rows].nunique()
        + (not judged & set(records["patient"].iloc[rows]))
        for rows in parts
    )


def scikit_learn(dataset: Dataset, folds: int, seed: int) -> list[np.ndarray]:
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    records = dataset.records
    return [test for _, test in cut.split(records, records["label"], records["patient"])]


def parts_of(split: Split) -> list[np.ndarray]:
    return list(split.parts().values())


def same(one: Split, other: Split) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(parts_of(one), parts_of(other), strict=True))


DATASETS = st.integers(2, 4).flatmap(
    lambda classes: st.lists(
        st.tuples(st.integers(0, 14), st.integers(0, classes - 1), st.integers(1, 9)),
        min_size=30,
        max_size=50,
    ).map(
        lambda rows: made_up(
            [(p, label) for p, label, times in rows for _ in range(times)], classes
        )
    )
)


@pytest.mark.filterwarnings("ignore:The least populated class")
@settings(max_examples=15)
@given(dataset=DATASETS, seed=st.integers(0, 1000))
def test_a_patient_split_holds_what_it_promises(dataset: Dataset, seed: int) -> None:
    try:
        split = split_dataset(dataset, "patient", seed)
    except DatasetError:
        assume(condition=False)
    parts = parts_of(split)
    patients = dataset.records["patient"].to_numpy()
    owners = [set(patients[rows]) for rows in parts]
    assert sum(map(len, owners)) == len(set(patients))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(patients)))
    assert all(
        dataset.records["label"].iloc[rows].nunique() == len(dataset.classes) for rows in parts
    )
    judged = set(patients_with_every_class(dataset))
    first = [owners[2], owners[1], owners[0]]
    assert [bool(judged & own) for own in first] == [len(judged) > n for n in range(3)]
    assert same(split, split_dataset(dataset, "patient", seed))
    # Never worse than scikit-learn's folds, unless those leave out what a part needs.
    folds = scikit_learn(dataset, 5, seed)
    theirs = [np.concatenate(folds[2:]), folds[1], folds[0]]
    shares = [0.6, 0.2, 0.2]
    if gaps(dataset, theirs) == 0:
        assert deviation(dataset, parts, shares) <= deviation(dataset, theirs, shares) + 1e-9


@pytest.mark.filterwarnings("ignore:The least populated class")
@settings(max_examples=10)
@given(dataset=DATASETS, folds=st.integers(3, 6), seed=st.integers(0, 1000))
def test_folds_test_every_image_once(dataset: Dataset, folds: int, seed: int) -> None:
    try:
        splits = k_fold(dataset, folds, seed)
    except DatasetError:
        assume(condition=False)
    patients = dataset.records["patient"].to_numpy()
    rows = list(range(len(patients)))
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == rows
    assert sorted(np.concatenate([split.validation for split in splits]).tolist()) == rows
    for split in splits:
        owners = [set(patients[part]) for part in parts_of(split)]
        assert sum(map(len, owners)) == len(set(patients))
        assert split.fractions == pytest.approx((1 - 2 / folds, 1 / folds, 1 / folds))
    ours, theirs = [split.test for split in splits], scikit_learn(dataset, folds, seed)
    assert all(
        dataset.records["label"].iloc[rows].nunique() == len(dataset.classes) for rows in ours
    )
    if gaps(dataset, theirs) == 0:
        shares = [1 / folds] * folds
        assert deviation(dataset, ours, shares) <= deviation(dataset, theirs, shares) + 1e-9
    again = k_fold(dataset, folds, seed)
    assert all(same(a, b) for a, b in zip(splits, again, strict=True))


def test_proportions_are_closer_than_any_of_ten_seeds_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    images = [
        (patient, int(random.random() < share))
        for patient, share in enumerate(random.beta(1, 2, 60))
        for _ in range(random.integers(20, 200))
    ]
    dataset = made_up(images)
    shares = [0.2] * 5
    theirs = min(deviation(dataset, scikit_learn(dataset, 5, seed), shares) for seed in range(10))
    ours = [split.test for split in k_fold(dataset, 5, 0)]
    assert deviation(dataset, ours, shares) < theirs / 10
    labels = dataset.records["label"]
    for rows in ours:
        assert labels.iloc[rows].mean() == pytest.approx(labels.mean(), abs=0.005)


def test_fractions_are_met() -> None:
    dataset = made_up([(p, label) for p in range(40) for label in (0, 0, 1)])
    split = split_dataset(dataset, "patient", 0, (0.7, 0.1, 0.2))
    assert [len(part) for part in parts_of(split)] == [84, 12, 24]
    assert split.fractions == (0.7, 0.1, 0.2)
    assert split_dataset(dataset, "patient", 0, (0.5, 1 / 6, 1 / 3)).test.size == 39


def test_seeds_differ_where_patients_are_alike() -> None:
    dataset = made_up([(p, label) for p in range(20) for label in (0, 1)])
    splits = [
        split_dataset(dataset, kind, seed) for kind in ("patient", "image") for seed in (0, 1)
    ]
    assert not same(splits[0], splits[1])
    assert not same(splits[2], splits[3])


def test_real_idc_is_judged_on_patients_with_both_classes(shared: Path) -> None:
    dataset = open_dataset(shared / "data" / "idc")
    judged = set(patients_with_every_class(dataset))
    folders = [path for path in (shared / "data" / "idc").iterdir() if path.is_dir()]
    assert judged == {path.name for path in folders if len(list(path.iterdir())) == 2}
    assert len(judged) < len(folders)
    patients = dataset.records["patient"].to_numpy()
    split = split_dataset(dataset, "patient", 0)
    assert all(judged & set(patients[rows]) for rows in parts_of(split))
    folds = [split.test for split in k_fold(dataset, 5, 0)]
    assert gaps(dataset, folds) == 0


@pytest.mark.parametrize("fractions", [(0.6, 0.2, 0.2), (0.5, 0.25, 0.25)])
def test_image_split_is_stratified_and_marked(
    tiny_idc: Path, fractions: tuple[float, float, float]
) -> None:
    dataset = open_dataset(tiny_idc)
    split = split_dataset(dataset, "image", 0, fractions)
    assert split.leaky
    assert not split_dataset(dataset, "patient", 0).leaky
    labels = dataset.records["label"].to_numpy()
    for part, fraction in zip(parts_of(split), fractions, strict=True):
        assert np.bincount(labels[part]) == pytest.approx([70 * fraction] * 2, abs=1)
    assert sorted(np.concatenate(parts_of(split)).tolist()) == list(range(140))
    patients = dataset.records["patient"].to_numpy()
    assert set(patients[split.test]) & set(patients[split.train])


def test_image_folds_test_every_image_once(tiny_idc: Path) -> None:
    dataset = open_dataset(tiny_idc)
    splits = k_fold(dataset, 7, 0, "image")
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(140))
    assert {tuple(np.bincount(dataset.records["label"].iloc[s.test])) for s in splits} == {(10, 10)}


def test_too_few_patients_of_a_class_explain_themselves() -> None:
    images = [(p, 0) for p in range(9)] + [(9, 1)] * 5 + [(3, 2), (10, 2)]
    with pytest.raises(DatasetError, match="at least 3") as caught:
        split_dataset(made_up(images, 3), "patient", 0)
    assert str(caught.value).startswith(
        "“b” has 1 patient, “c” has 2 patients; training, validation and test need one"
    )
    with pytest.raises(DatasetError, match=r"“a” has 9 patients.*10 folds need one of every class"):
        k_fold(made_up(images, 3), 10, 0)


def test_patients_tied_together_by_their_classes_explain_themselves() -> None:
    # Each class misses one of four patients: its three would have to be in three different parts,
    # for every choice of three of the four, which takes four parts.
    images = [(patient, label) for patient in range(4) for label in range(4) if patient != label]
    with pytest.raises(DatasetError, match=r"No grouping of the 4 patients.*“a” has 3 patients"):
        split_dataset(made_up(images, 4), "patient", 0)


def test_too_few_images_explain_themselves() -> None:
    with pytest.raises(DatasetError, match=r"“no” has 2 images, “yes” has 1 image; .* at least 3"):
        split_dataset(made_up([(0, 0), (0, 0), (1, 1)]), "image", 0)
    split = split_dataset(made_up([(0, 0), (1, 1)] * 3), "image", 0)
    assert [len(part) for part in parts_of(split)] == [2, 2, 2]


def test_unknown_patients_can_only_be_split_by_image(tiny_idc: Path) -> None:
    dataset = dataclasses.replace(open_dataset(tiny_idc), patients_known=False)
    with pytest.raises(DatasetError, match=r"any split may leak.*--split image.*marked leaky"):
        split_dataset(dataset, "patient", 0)
    with pytest.raises(DatasetError, match="--split image"):
        k_fold(dataset, 3, 0)
    assert split_dataset(dataset, "image", 0).leaky


@pytest.mark.parametrize("fractions", [(0.8, 0.0, 0.2), (0.6, 0.2, 0.1), (1.2, -0.4, 0.2)])
def test_impossible_fractions_explain_themselves(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(DatasetError, match="together they must be 1"):
        split_dataset(made_up([]), "patient", 0, fractions)


def test_two_folds_are_too_few() -> None:
    with pytest.raises(DatasetError, match="at least 3 are needed"):
        k_fold(made_up([]), 2, 0)


@pytest.mark.parametrize("numbers", [(3, 4, 5), (100, 7, 33), (9, 10_001, 12)])
@pytest.mark.parametrize("shares", [(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.98, 0.01, 0.01)])
def test_every_class_is_dealt_in_the_shares(
    numbers: tuple[int, ...], shares: tuple[float, ...]
) -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(range(3), numbers))
    parts = deal_images(labels, np.array(shares), 0)
    for label, number in enumerate(numbers):
        sizes = np.bincount(parts[labels == label], minlength=3)
        wished = np.array(shares) * number
        assert sizes.min() >= 1
        assert sizes.sum() == number
        # To within an image, or as much as a part gives up for one that would have none.
        spared = np.maximum(1 - wished, 0).sum()
        assert (np.abs(sizes - wished) <= 1 + spared + 1e-9).all()


def test_the_seed_decides() -> None:
    labels = np.tile([0, 1], 50)
    shares = np.array([0.5, 0.5])
    one, same, other = (deal_images(labels, shares, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
