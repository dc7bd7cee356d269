"""Where a model sees tumour, against made-up regions whose tumour is known."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from core.cli import app
from core.diagnosis import diagnose
from core.errors import DatasetError
from core.explain.localisation import locate, nuclei, regions_of
from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from core.inference.classifier import get_classifier
from core.registry.card import Card
from core.registry.card_parts import Located
from core.registry.card_words import caution_of_map, located
from core.registry.package import Package

UM_PER_PX = 4.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two synthetic sections with the dense region as tumour, and a mask of nothing."""
    regions = tmp_path_factory.mktemp("regions")
    for seed in (1, 2):
        phantom = render_phantom(seed, 240, 320)
        (regions / f"{seed}.png").write_bytes(encode_png(phantom.pixels))
        mask = np.repeat(phantom.dense[..., None] * np.uint8(255), 3, axis=2)
        (regions / f"{seed}_tumour.png").write_bytes(encode_png(mask))
    (regions / "3_tumour.png").write_bytes((regions / "1_tumour.png").read_bytes())
    return regions


def test_regions_are_read_with_their_masks(folder: Path) -> None:
    regions = regions_of(folder, UM_PER_PX)
    assert [region.name for region in regions] == ["1", "2"]
    for region in regions:
        assert region.pixels.shape == (240, 320, 3)
        assert region.tumour.shape == (240, 320)


def test_a_folder_without_masks_or_with_one_of_another_size_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="no region with a mask"):
        regions_of(tmp_path, UM_PER_PX)
    (tmp_path / "1.png").write_bytes((folder / "1.png").read_bytes())
    (tmp_path / "1_tumour.png").write_bytes(encode_png(np.zeros((10, 20, 3), np.uint8)))
    with pytest.raises(DatasetError, match=r"20×10 px.*320×240"):
        regions_of(tmp_path, UM_PER_PX)


def test_nuclei_are_where_haematoxylin_is() -> None:
    pixels = np.full((60, 60, 3), (230, 160, 190), np.uint8)
    pixels[10:20, 40:50] = (70, 50, 130)
    found = nuclei(pixels, UM_PER_PX)
    top, left = np.unravel_index(found.argmax(), found.shape)
    assert 10 <= top < 20
    assert 40 <= left < 50


@pytest.mark.slow
def test_the_map_is_ranked_as_scikit_learn_ranks_what_an_answer_shows(
    folder: Path, package: Package
) -> None:
    found = locate(
        get_classifier(package), regions_of(folder, UM_PER_PX), "made up", ("gradcam", "layercam")
    )
    assert [each.method for each in found.methods] == ["gradcam", "layercam"]
    for region in found.regions:
        answer = diagnose(folder / f"{region.name}.png", package=package, um_per_px=UM_PER_PX)
        chances = answer.probability_map
        assert chances is not None
        truth = render_phantom(int(region.name), 240, 320).dense.astype(np.uint8) * 255
        mask = cv2.resize(truth, chances.shape[::-1], interpolation=cv2.INTER_AREA) > 127
        shown = ~np.isnan(chances)
        assert region.probability_map == pytest.approx(
            roc_auc_score(mask[shown], chances[shown]), abs=0.02
        )
        point = package.card.operating_point
        called = chances[shown] >= (point.threshold if point else 0.5)
        assert region.found == pytest.approx(called[mask[shown]].mean(), abs=0.03)
        assert region.nuclei > 0.7


def card_with(package: Package, **aurocs: float) -> Card:
    regions = [
        {
            "name": "1",
            "probability_map": 0.66,
            "heatmap": 0.41,
            "nuclei": 0.7,
            "map_points": True,
            "heatmap_points": False,
            "nuclei_point": True,
            "found": 0.5,
            "called_besides": 0.2,
        }
    ]
    methods = [{"method": name, "auroc": value} for name, value in aurocs.items()]
    part = Located.model_validate(
        {
            "regions_of": "made up",
            "regions": regions,
            "tiles": 7,
            "nuclei": 0.6,
            "methods": methods,
        }
    )
    return package.card.model_copy(update={"located": part})


def test_a_card_says_which_explanation_does_worse_than_chance(package: Package) -> None:
    assert located(package.card) == ""
    words = located(card_with(package, gradcam=0.43, occlusion=0.61))
    assert "on 1 region made up: AUROC by pixel 0.66 of the probability map" in words
    assert "nuclei alone 0.60, occlusion 0.61." in words
    assert words.endswith("no guide to where the tumour is: gradcam 0.43.")
    assert "WORSE" not in located(card_with(package, gradcam=0.5))


def test_a_map_that_finds_tumour_worse_than_nuclei_alone_is_no_outline(package: Package) -> None:
    card = card_with(package, gradcam=0.5)
    assert card.located is not None
    (region,) = card.located.regions
    assert caution_of_map(package.card) == ""
    words = caution_of_map(card)
    assert "on 1 region outlined by pathologists" in words
    assert "mean AUROC of 0.66 by pixel, nuclei alone 0.70." in words
    # The mean of 0.66 and 0.91 is above that of 0.70 and 0.86.
    other = region.model_copy(update={"probability_map": 0.91, "nuclei": 0.86})
    regions = card.located.model_copy(update={"regions": (region, other)})
    assert caution_of_map(card.model_copy(update={"located": regions})) == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--regions", "nowhere"), "no region with a mask"),
        (("--regions", "nowhere", "--only", "guessing"), "There is no explanation 'guessing'"),
    ],
)
def test_what_cannot_be_measured_is_a_sentence(
    arguments: tuple[str, ...], words: str, shelve: Callable[[], Path]
) -> None:
    shelve()
    command = ["explain", "where", "tiny", "--um-per-px", "4", *arguments]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert words in result.output.replace("\n", " ")
