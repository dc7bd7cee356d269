"""The images that explanations are tested on."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import DatasetError
from core.explain.check_images import IMAGES, dataset_inputs, phantom_inputs
from core.imaging.overlay import encode_png
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.registry.card import Card
from tests.core.conftest import card_content

CARD = Card.model_validate(card_content())


def test_phantoms_have_the_size_of_an_input_and_something_to_find() -> None:
    inputs = phantom_inputs(CARD)
    assert inputs.shape == (IMAGES, 32, 32, 3)
    assert inputs.dtype == np.uint8
    for one in inputs:
        # Cell-dense tissue is darker than the rest: the two halves of the grey levels lie apart.
        levels = np.sort(one.mean(axis=-1).ravel())
        half = len(levels) // 2
        assert levels[half:].mean() - levels[:half].mean() > 20
    np.testing.assert_array_equal(inputs, phantom_inputs(CARD))


def test_images_of_a_dataset_are_resized_as_they_are_answered(tiny_idc: Path) -> None:
    inputs, told = dataset_inputs(CARD, tiny_idc)
    assert inputs.shape == (IMAGES, 32, 32, 3)
    assert told == "images of IDC"
    every = [resize(read_image(path).pixels, 32, 32) for path in tiny_idc.rglob("*.png")]
    for one in inputs:
        assert any(np.array_equal(one, other) for other in every)


def test_of_a_larger_image_the_tile_with_most_tissue_is_taken(
    tmp_path: Path, tissue: np.ndarray
) -> None:
    for name in ("benign", "malignant"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(encode_png(tissue))
    inputs, _ = dataset_inputs(CARD, tmp_path)
    assert len(inputs) == 2
    assert inputs.max(axis=-1).mean() < 210  # the glass around the tissue is at 245


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        dataset_inputs(CARD, tmp_path / "nothing")
