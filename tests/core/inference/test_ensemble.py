"""Ensembles answer with the mean of their members, and as any model does."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.diagnosis import diagnose, warm_up
from core.errors import PackageError
from core.explain.one_pass import explainable_layers, explainer
from core.imaging.overlay import encode_png
from core.imaging.resize import resize
from core.inference import classifier as classifier_module
from core.inference.classifier import Ensemble, get_classifier
from core.registry.card import Card
from core.registry.ensemble import EACH_OWN, ensemble_card
from core.registry.package import Package, load_model, load_package, save_ensemble, save_package
from core.registry.shelf import find
from tests.core.conftest import HISTORY, PREDICTIONS, card_content, tiny_model

INPUTS = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 3), dtype=np.uint8)


@pytest.fixture
def ensemble(
    home: Path, save_tiny: Callable[..., Package], monkeypatch: pytest.MonkeyPatch
) -> Package:
    """Of a softmax network of 32 px and a sigmoid one of 48 px."""

    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    folder = home / "models"
    save_tiny(folder, name="small")
    spec = card_content()["input"] | {"height": 48, "width": 48}
    card = Card.model_validate(
        card_content(
            name="large",
            head="sigmoid",
            input=spec,
            temperature=0.6,
            stain_normalisation="reinhard",
        )
    )
    save_package(
        folder / "large",
        card,
        tiny_model(1, "sigmoid", 48),
        predictions=PREDICTIONS,
        history=HISTORY,
    )
    save_ensemble(folder / "both", ensemble_card("both", (find("small"), find("large")), ""))
    return find("both")


def members(inputs: np.ndarray) -> list[np.ndarray]:
    """What each member says by itself, (N, 2)."""
    small = np.stack([resize(pixels, 32, 32) for pixels in inputs])
    return [
        get_classifier(find("small")).probabilities(small),
        get_classifier(find("large")).probabilities(inputs),
    ]


def test_answers_are_the_mean_of_calibrated_probabilities(ensemble: Package) -> None:
    classifier = get_classifier(ensemble)
    assert isinstance(classifier, Ensemble)
    expected = np.mean(members(INPUTS), axis=0)
    np.testing.assert_allclose(classifier.probabilities(INPUTS), expected, atol=1e-6)
    assert classifier.probabilities(INPUTS[:0]).shape == (0, 2)
    assert get_classifier(find("both")) is classifier
    assert classifier.classes == ("no IDC", "IDC")
    with pytest.raises(ValueError, match=r"expected uint8 of shape \(N, 48, 48, 3\)"):
        classifier.probabilities(INPUTS[:, :32])


def test_heatmaps_are_the_mean_in_units_of_the_calibrated_logit(ensemble: Package) -> None:
    classifier = get_classifier(ensemble)
    found = explainer(classifier, EACH_OWN)(INPUTS, 1)
    np.testing.assert_allclose(found.probabilities, classifier.probabilities(INPUTS), atol=1e-6)
    assert found.members is not None
    np.testing.assert_allclose(found.members, members(INPUTS), atol=1e-6)
    small = np.stack([resize(pixels, 32, 32) for pixels in INPUTS])
    maps = [
        explainer(get_classifier(find("small")), "last_conv")(small, 1).heatmaps,
        explainer(get_classifier(find("large")), "last_conv")(INPUTS, 1).heatmaps,
    ]
    size = maps[1].shape[1:]
    assert maps[0].shape[1] < size[0]
    scaled = [
        np.stack([cv2.resize(heat, size[::-1]) for heat in each]) * each[0].size / temperature
        for each, temperature in zip(maps, (1.7, 0.6), strict=True)
    ]
    np.testing.assert_allclose(found.heatmaps, np.mean(scaled, axis=0), rtol=1e-4, atol=1e-5)


def test_every_member_explains_the_class_that_all_answer_together(ensemble: Package) -> None:
    explain = explainer(get_classifier(ensemble), EACH_OWN)
    found = explain(INPUTS, None)
    for row, own in enumerate(found.probabilities.argmax(axis=1)):
        alone = explain(INPUTS[row : row + 1], int(own))
        np.testing.assert_allclose(found.heatmaps[row], alone.heatmaps[0], rtol=1e-4, atol=1e-6)


def test_there_is_one_layer_to_choose(ensemble: Package) -> None:
    classifier = get_classifier(ensemble)
    assert explainable_layers(classifier) == [EACH_OWN]
    with pytest.raises(PackageError, match="no convolutional layer 'last_conv'"):
        explainer(classifier, "last_conv")


@pytest.mark.parametrize("kind", ["patch", "tiled"])
def test_an_image_is_diagnosed_as_by_any_model(
    ensemble: Package, tissue: np.ndarray, kind: str
) -> None:
    large = kind == "tiled"
    pixels = tissue if large else tissue[50:100, 60:110]
    warm_up(ensemble)
    found = diagnose(encode_png(pixels), package=ensemble, um_per_px=4.0)
    assert (found.tiles > 1) == large
    assert found.model_sha256 == ensemble.model_sha256
    assert found.heatmap_layer == EACH_OWN
    assert found.uncertainty.members is not None
    if not large:
        parts = members(resize(pixels, 48, 48)[np.newaxis])
        # The small one is given what the ensemble's input was shrunk from.
        assert found.uncertainty.members == pytest.approx([part[0, 1] for part in parts], abs=1e-6)
        assert found.probabilities[1] == pytest.approx(np.mean(found.uncertainty.members))
    low, high = min(found.uncertainty.members), max(found.uncertainty.members)
    assert low - 0.02 <= found.probabilities[1] <= high + 0.02


def test_five_members_are_loaded_once(
    home: Path, save_tiny: Callable[..., Package], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"member-{number}" for number in range(5)]
    for name in names:
        save_tiny(home / "models", name=name)
    card = ensemble_card("five", tuple(find(name) for name in names), "")
    save_ensemble(home / "models" / "five", card)
    monkeypatch.setattr(classifier_module, "_loaded", {})
    loads: list[str] = []

    def count(wanted: Package) -> object:
        loads.append(wanted.card.name)
        return load_model(wanted)

    monkeypatch.setattr(classifier_module, "load_model", count)
    five = get_classifier(find("five"))
    assert sorted(loads) == names
    assert get_classifier(find("five")) is five
    # By itself, a member is the same as within the ensemble.
    assert get_classifier(find("member-3")) in five.members
    assert sorted(loads) == names


def test_an_ensemble_away_from_its_members_is_refused(ensemble: Package) -> None:
    with pytest.raises(PackageError, match="without its members"):
        get_classifier(load_package(ensemble.path))
