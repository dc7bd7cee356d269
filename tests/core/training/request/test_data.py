"""Images dropped after the audit are not trained on, and that is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from core.datasets.audit.accepted import Decisions, save_decisions
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.errors import DatasetError
from core.training.request.data import chosen_dataset
from core.training.request.recipe import load_recipe
from core.training.request.request import Request


def request(data: Path, um_per_px: float | None = None) -> Request:
    return Request(recipe=load_recipe("cancernet"), data=data, name="test", um_per_px=um_per_px)


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


def bare(folder: Path, scales: list[float]) -> Path:
    """A manifest of two images."""
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"not looked into")
    columns = {"path": ["a.png", "b.png"], "label": ["benign", "malignant"], "um_per_px": scales}
    pd.DataFrame(columns).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


def test_a_stated_scale_is_that_of_images_that_do_not_say_theirs(tmp_path: Path) -> None:
    path = bare(tmp_path, [np.nan, np.nan])
    dataset, said = chosen_dataset(request(path, 0.5))
    assert dataset.records["um_per_px"].tolist() == [0.5, 0.5]
    assert "The scale of the images, 0.5 µm/px, was stated" in said[0]
    assert dataset.notes[-1] == said[0]
    assert dataset.fingerprint == open_dataset(path).fingerprint
    path = bare(tmp_path, [0.25, np.nan])
    dataset, said = chosen_dataset(request(path, 0.5))
    assert dataset.records["um_per_px"].tolist() == [0.25, 0.5]
    assert "The scale of 1 of the images" in said[0]
    decide(open_dataset(path), ["a.png"], [])
    dataset, said = chosen_dataset(request(path, 0.5))
    assert dataset.records["um_per_px"].tolist() == [0.5]
    assert len(said) == 2


def test_a_scale_is_not_stated_over_that_of_the_images(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"own \(0\.25 µm/px\)\. Leave --um-per-px out"):
        chosen_dataset(request(bare(tmp_path, [0.25, 0.25]), 0.5))


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_scale_that_no_image_has_is_no_request(tmp_path: Path, scale: float) -> None:
    with pytest.raises(ValidationError):
        request(tmp_path, scale)


@pytest.mark.parametrize("um_per_px", [0.02, 40.0])
def test_scales_of_earlier_requests_are_read_and_refused_only_when_a_run_starts(
    tmp_path: Path, draw: Callable[..., Path], um_per_px: float
) -> None:
    for name in ("benign", "malignant"):
        draw(tmp_path / name / "1.png")
    asked = request(tmp_path, um_per_px)
    assert Request.model_validate_json(asked.model_dump_json()).um_per_px == um_per_px
    with pytest.raises(DatasetError, match=r"was given, which must be from 0\.05 to 20 µm/px"):
        chosen_dataset(asked)
