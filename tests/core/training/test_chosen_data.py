"""Images dropped after the audit are not trained on, and that is said."""

from pathlib import Path

import pytest

from core.datasets.audit.accepted import Decisions, save_decisions
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.errors import DatasetError
from core.training.chosen_data import chosen_dataset
from core.training.recipe import load_recipe
from core.training.request import Request


def request(data: Path) -> Request:
    return Request(recipe=load_recipe("cancernet"), data=data, name="test")


def decide(dataset: Dataset, drop: list[str], keep: list[str]) -> None:
    decisions = Decisions(
        fingerprint=dataset.fingerprint, drop=frozenset(drop), keep=frozenset(keep)
    )
    save_decisions(decisions, dataset)


def test_nothing_is_left_out_unless_somebody_decided_so(tiny_idc: Path) -> None:
    dataset, said = chosen_dataset(request(tiny_idc))
    assert (len(dataset.records), said) == (140, ())
    paths = dataset.records["path"].tolist()
    decide(dataset, [], paths[:3])
    dataset, said = chosen_dataset(request(tiny_idc))
    assert (len(dataset.records), said) == (140, ())


def test_dropped_images_are_left_out_and_it_is_said(tiny_idc: Path) -> None:
    whole = open_dataset(tiny_idc)
    paths = whole.records["path"].tolist()
    decide(whole, paths[:3], paths[3:5])
    dataset, said = chosen_dataset(request(tiny_idc))
    assert dataset.records["path"].tolist() == paths[3:]
    assert said == ("3 images were dropped after the audit.",)
    assert dataset.notes[-1] == said[0]
    assert dataset.fingerprint != whole.fingerprint


def test_dropping_everything_is_an_error(tiny_idc: Path) -> None:
    whole = open_dataset(tiny_idc)
    decide(whole, whole.records["path"].tolist(), [])
    with pytest.raises(DatasetError, match="would be dropped"):
        chosen_dataset(request(tiny_idc))
