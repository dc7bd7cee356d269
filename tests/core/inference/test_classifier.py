"""The classifier: Keras's own numbers, from any thread, in bounded batches."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from scipy.special import softmax

from core.inference import classifier as classifier_module
from core.inference.classifier import Classifier, eight_views, get_classifier
from core.registry.package import Package, load_model

PIXELS = np.random.default_rng(5).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def classifier(package: Package) -> Classifier:
    return Classifier(package)


def test_probabilities_are_those_of_predict_softened(
    classifier: Classifier, package: Package
) -> None:
    expected = load_model(package).predict(PIXELS.astype("float32"), verbose=0)
    np.testing.assert_allclose(softmax(classifier.logits(PIXELS), axis=1), expected, atol=1e-6)
    softened = expected ** (1 / package.card.temperature)
    softened /= softened.sum(axis=1, keepdims=True)
    found = classifier.probabilities(PIXELS)
    assert found.dtype == np.float32
    assert np.ptp(found[:, 1]) > 0.01, "the images must differ for this to show anything"
    np.testing.assert_allclose(found, softened, atol=1e-5)


def test_sigmoid_head_gives_two_columns(tmp_path: Path, save_tiny: Callable[..., Package]) -> None:
    saved = save_tiny(tmp_path, 1, head="sigmoid", temperature=1.0)
    expected = load_model(saved).predict(PIXELS.astype("float32"), verbose=0)
    found = Classifier(saved).probabilities(PIXELS)
    np.testing.assert_allclose(found[:, 1:], expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_batches_are_bounded_and_change_nothing(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = classifier.probabilities(PIXELS)
    sizes = []
    run = classifier._answer

    def count(inputs: np.ndarray) -> object:
        sizes.append(len(inputs))
        return run(inputs)

    monkeypatch.setattr(classifier, "batch", 16)
    monkeypatch.setattr(classifier, "_answer", count)
    np.testing.assert_allclose(classifier.probabilities(PIXELS), whole, atol=1e-6)
    assert sizes == [16, 16, 8]
    assert classifier.probabilities(PIXELS[:0]).shape == (0, 2)


def test_many_threads_get_the_serial_answers(classifier: Classifier) -> None:
    parts = [PIXELS[i % 40 : i % 40 + 1 + i % 3] for i in range(64)]
    serial = [classifier.probabilities(part) for part in parts]
    with ThreadPoolExecutor(16) as pool:
        for found, expected in zip(pool.map(classifier.probabilities, parts), serial, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    "inputs",
    [PIXELS.astype("float32"), PIXELS[:, :16], PIXELS[0], PIXELS[..., :1]],
    ids=["float", "small", "single", "grey"],
)
def test_wrong_inputs_are_refused(classifier: Classifier, inputs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8 of shape"):
        classifier.probabilities(inputs)


def test_one_load_serves_all_threads(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier_module, "_loaded", {})
    loads = []

    def count(wanted: Package) -> object:
        loads.append(wanted)
        return load_model(wanted)

    monkeypatch.setattr(classifier_module, "load_model", count)
    barrier = Barrier(8)

    def ask(_: int) -> Classifier:
        barrier.wait()
        return get_classifier(package)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(loads) == 1
    assert all(one is found[0] for one in found)


def test_a_changed_card_is_noticed(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier_module, "_loaded", {})
    first = get_classifier(package)
    warmer = replace(package, card=package.card.model_copy(update={"temperature": 5.0}))
    second = get_classifier(warmer)
    assert second is not first
    assert second.card.temperature == 5.0
    assert list(classifier_module._loaded.values()) == [second]


def test_the_model_used_least_recently_makes_room(
    tmp_path: Path, save_tiny: Callable[..., Package], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (save_tiny(tmp_path, name=name) for name in ("a", "b", "c"))
    weights = sum(each.nbytes for each in load_model(first).get_weights())
    monkeypatch.setattr(classifier_module, "_loaded", {})
    monkeypatch.setattr(classifier_module, "KEPT_BYTES", 2 * weights)
    kept = [get_classifier(first), get_classifier(second)]
    assert get_classifier(first) is kept[0]
    get_classifier(third)
    assert [each.card.name for each in classifier_module._loaded.values()] == ["a", "c"]
    assert get_classifier(first) is kept[0]
    assert get_classifier(second) is not kept[1]
    monkeypatch.setattr(classifier_module, "KEPT_BYTES", 0)
    assert get_classifier(third) is get_classifier(third), "one model always stays"


GENERATOR = np.random.default_rng(0)


VIEWED = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def test_views_are_the_eight_of_a_square() -> None:
    views = eight_views(VIEWED)
    assert views.shape == (8, 3, 32, 32, 3)
    np.testing.assert_array_equal(views[0], VIEWED)
    assert len({view[0].tobytes() for view in views}) == 8
    for view in views:
        np.testing.assert_array_equal(np.sort(view, axis=None), np.sort(VIEWED, axis=None))
    # The group is closed: the views of a turned image are the same eight.
    turned = eight_views(np.rot90(VIEWED, axes=(1, 2)))
    assert {view[0].tobytes() for view in turned} == {view[0].tobytes() for view in views}


def test_what_is_not_square_is_only_flipped() -> None:
    views = eight_views(VIEWED[:, :20])
    assert views.shape == (4, 3, 20, 32, 3)
    assert len({view[0].tobytes() for view in views}) == 4


def test_spread_is_the_deviation_over_the_views(package: Package) -> None:
    classifier = Classifier(package)
    by_hand = []
    for pixels in VIEWED:
        views = [np.rot90(flipped, turn) for flipped in (pixels, pixels[::-1]) for turn in range(4)]
        by_hand.append(classifier.probabilities(np.stack(views))[:, 1].std())
    found = classifier.spread_over_views(VIEWED, 1)
    assert found == pytest.approx(np.mean(by_hand), abs=1e-6)
    assert found > 0
    symmetric = np.full((1, 32, 32, 3), 90, np.uint8)
    assert classifier.spread_over_views(symmetric, 1) == pytest.approx(0, abs=1e-6)
