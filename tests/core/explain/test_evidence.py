"""The scope test in the pass that answers: same features, same pass, also over tiles."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from core.diagnosis import diagnose
from core.errors import PackageError
from core.evaluation.scope_distance import distances, fit_reference
from core.explain import one_pass
from core.explain.one_pass import explainer
from core.imaging.focus import sharpness
from core.imaging.overlay import encode_png
from core.imaging.resize import resize
from core.imaging.tiles import cut, tile_grid
from core.inference.classifier import Classifier, get_classifier
from core.registry.card import Card
from core.registry.package import Package, load_model, load_package, save_package
from tests.core.conftest import HISTORY, PREDICTIONS, card_content, tiny_model

SCOPE = {
    "file": "scope.json",
    "threshold": 1.5,
    "wished_false_alarms": 0.05,
    "false_alarms": 0.04,
    "fitted_on": "made-up patches",
    "least_sharpness": 50.0,
}
SETS = {"level": 0.9, "cut_offs": (0.2, 0.2), "fitted_on": "nobody"}


def features_of(package: Package, inputs: np.ndarray) -> np.ndarray:
    model = load_model(package)
    plain = keras.Model(model.inputs, model.get_layer("logits").input)
    return np.asarray(plain.predict(inputs, verbose=0))


@pytest.fixture(scope="module")
def tested(
    tmp_path_factory: pytest.TempPathFactory, package: Package, tissue: np.ndarray
) -> Package:
    """The tiny package with a scope test fitted on tiles of the picture of tissue."""
    tiles = cut(tissue, tile_grid(300, 420, 50, 10))
    inputs = np.stack([resize(tile, 32, 32) for tile in tiles])
    model = tiny_model()
    model.set_weights(load_model(package).get_weights())
    reference = fit_reference(features_of(package, inputs), np.ones(len(inputs)))
    return save_package(
        tmp_path_factory.mktemp("tested") / "tiny",
        Card.model_validate(card_content(scope=SCOPE, conformal=SETS)),
        model,
        predictions=PREDICTIONS,
        history=HISTORY,
        scope=reference,
    )


def by_hand(package: Package, inputs: np.ndarray) -> np.ndarray:
    reference = get_classifier(package).reference
    assert reference is not None
    return distances(reference, features_of(package, inputs)) / 1.5


def test_distances_are_of_the_features_of_the_same_pass(
    tested: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    explain = explainer(get_classifier(tested), "last_conv")
    passes = []
    gradcam = one_pass._known[get_classifier(tested)]["last_conv"]
    run = gradcam._run

    def count(*arguments: object) -> object:
        passes.append(1)
        return run(*arguments)

    monkeypatch.setattr(gradcam, "_run", count)
    monkeypatch.setattr(Classifier, "logits", None)
    found = explain(inputs, 1)
    assert passes == [1]
    np.testing.assert_allclose(found.distances, by_hand(tested, inputs), rtol=1e-4)
    np.testing.assert_allclose(found.sharpness, [sharpness(one) / 50 for one in inputs])


def test_an_image_of_one_piece(tested: Package, tissue: np.ndarray) -> None:
    patch = tissue[60:110, 60:110]
    found = diagnose(encode_png(patch), package=tested, um_per_px=4.0)
    expected = by_hand(tested, resize(patch, 32, 32)[np.newaxis])[0]
    assert found.scope.distance == pytest.approx(expected, rel=1e-4)
    assert found.scope.tested
    assert found.scope.inside
    assert found.outcome.prediction_set
    assert found.to_json()["scope"]["distance"] == pytest.approx(expected, abs=1e-4)


def test_of_a_larger_image_distance_is_the_mean_and_sharpness_the_median(
    tested: Package, tissue: np.ndarray
) -> None:
    middle = tissue[40:220, 60:300]
    found = diagnose(encode_png(middle), package=tested, um_per_px=4.0)
    tiles = cut(middle, tile_grid(180, 240, 50, 25))
    assert found.tiles == len(tiles)
    inputs = np.stack([resize(tile, 32, 32) for tile in tiles])
    assert found.scope.distance == pytest.approx(by_hand(tested, inputs).mean(), rel=1e-4)
    expected = np.median([sharpness(one) for one in inputs]) / 50
    assert found.scope.sharpness == pytest.approx(expected)
    assert found.uncertainty.tiles == min(len(tiles), 64)


@pytest.mark.parametrize(
    ("paint", "words"),
    [
        (lambda p: np.roll(p, 1, axis=2)[::-1] // 4 * np.uint8(1), "unlike the training images"),
        (lambda p: np.full_like(p, 150), "less sharp"),
    ],
    ids=["another colour", "blur"],
)
def test_what_is_unlike_training_is_out_of_scope(
    tested: Package,
    tissue: np.ndarray,
    paint: Callable[[np.ndarray], np.ndarray],
    words: str,
) -> None:
    strange = np.ascontiguousarray(paint(tissue[60:110, 60:110]))
    found = diagnose(encode_png(strange), package=tested, um_per_px=4.0)
    assert found.outcome.kind == "out of scope"
    assert found.to_json()["outcome"] == "out of scope"
    assert words in " ".join(found.outcome.reasons)


def test_a_package_whose_scope_file_is_of_another_network_is_refused(
    tested: Package, tmp_path: Path
) -> None:
    other = save_package(
        tmp_path / "tiny",
        tested.card,
        load_model(tested),
        predictions=PREDICTIONS,
        history=HISTORY,
        scope=fit_reference(np.random.default_rng(0).normal(0, 1, (20, 9)), np.ones(20)),
    )
    with pytest.raises(PackageError, match="9 features, but the network has 6"):
        Classifier(other)


def test_scope_test_and_file_come_together(tested: Package, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"scope\.json was not given"):
        save_package(
            tmp_path / "tiny",
            tested.card,
            load_model(tested),
            predictions=PREDICTIONS,
            history=HISTORY,
        )
    assert "scope.json" in load_package(tested.path).card.files
    text = (tested.path / "scope.json").read_text()
    (tested.path / "scope.json").write_text(text + " ")
    with pytest.raises(PackageError, match=r"scope\.json is changed"):
        load_package(tested.path)
    (tested.path / "scope.json").write_text(text)
