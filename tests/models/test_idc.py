"""The model that ships: is what its card says of it true, and does it do what it is shown to do?"""

from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.datasets.open import open_dataset
from core.diagnosis import diagnose
from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.registry.card_words import next_patient
from core.registry.package import Package
from core.registry.shelf import find
from tests.models.readme import readme_row


@pytest.fixture(scope="module")
def package() -> Package:
    return find("idc")


def test_ships_sound_and_small(package: Package) -> None:
    assert sum(path.stat().st_size for path in package.path.iterdir()) < 32_000_000


def test_it_is_judged_on_every_patient_and_ranks_better_than_colour(package: Package) -> None:
    evaluation = package.card.evaluation
    assert evaluation.patients == 212
    assert not evaluation.few
    assert not evaluation.demonstration
    assert evaluation.auroc >= 0.89
    assert evaluation.balanced_accuracy >= 0.81
    assert evaluation.beats_colour
    assert [shift.strength for shift in evaluation.stain_shift] == [0.1, 0.25]
    assert evaluation.auroc - evaluation.stain_shift[-1].auroc <= 0.01
    for of_class in package.card.conformal.by_class:
        assert of_class.coverage == pytest.approx(0.9, abs=0.03)


def test_readme_and_card_tell_the_same(package: Package) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert readme_row(package) in readme
    for sentence in next_patient(package.card.evaluation):
        assert sentence in readme


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [0, 1])
def test_the_phantoms_dense_region_stands_out(package: Package, seed: int) -> None:
    phantom = render_phantom(seed)
    png = encode_png(phantom.pixels)
    diagnosis = diagnose(png, package=package, um_per_px=phantom.um_per_px)
    chances = diagnosis.probability_map
    dense = resize(
        np.repeat(phantom.dense[..., None], 3, axis=2).astype(np.uint8) * 255, *chances.shape
    )
    dense = dense[..., 0] > 127
    assert np.nanmean(chances[dense]) > 0.6
    assert np.nanmean(chances[~dense]) < 0.2
    assert diagnosis.predicted == "IDC"
    assert diagnosis.scope.inside, "a demonstration shows what an answer looks like"


@pytest.mark.slow
def test_a_patch_gets_the_answer_it_got_in_training(package: Package, some_idc: Path) -> None:
    """Single patches through the whole journey; the patients are its own, so this is no figure."""
    records = open_dataset(some_idc).records
    sample = records.groupby(["patient", "label"]).head(2)
    chances = [
        diagnose(some_idc / path, package=package).probabilities[1] for path in sample["path"]
    ]
    assert roc_auc_score(sample["label"], chances) > 0.85


@pytest.mark.parametrize(("region", "auroc"), [("1008", 0.6), ("1015", 0.38)])
def test_regions_at_a_quarter_micrometre_are_answered(
    region: str, auroc: float, package: Package, shared: Path
) -> None:
    found = diagnose(shared / f"data/regions/{region}.jpg", package=package, um_per_px=0.25)
    assert found.outcome.name == "IDC"
    mask = cv2.imread(str(shared / f"data/regions/{region}_tumour.jpg"), cv2.IMREAD_GRAYSCALE)
    chances = found.probability_map
    assert chances is not None
    truth = resize(mask, *chances.shape) > 127
    known = ~np.isnan(chances)
    assert roc_auc_score(truth[known], chances[known]) > auroc


def test_a_region_that_is_mostly_glass_is_answered_on_its_tissue(
    package: Package, shared: Path
) -> None:
    glass = np.full((3200, 4800, 3), 243, np.uint8)
    region = read_image(shared / "data/regions/1008.jpg").pixels[:1000, :1000]
    glass[400:1400, 800:1800] = region
    found = diagnose(encode_png(glass), package=package, um_per_px=0.25)
    assert found.scope.tissue < 0.1
    assert found.scope.inside
    assert "the answer is for that part" in found.warnings[0]
    assert not diagnose(
        encode_png(np.full_like(glass, 243)), package=package, um_per_px=0.25
    ).scope.inside
