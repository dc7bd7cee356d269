"""Explaining a package, alone or in an ensemble, in turns."""

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import PackageError, Stopped
from core.explain.gradcam import normalise
from core.explain.methods.catalogue import METHODS
from core.explain.methods.network import full_size, network_of
from core.explain.methods.run import explain
from core.explain.one_pass import explainer
from core.inference.classifier import Ensemble, get_classifier
from core.registry.ensemble import ensemble_card
from core.registry.package import Package, save_ensemble


def inputs(count: int = 2, size: int = 32) -> NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


@pytest.fixture
def together(package: Package, save_tiny: Any, tmp_path: Path) -> Ensemble:
    """The tiny package and a sister that answers with one output, as one."""
    sister = save_tiny(tmp_path, 1, name="sister", head="sigmoid")
    saved = save_ensemble(tmp_path / "both", ensemble_card("both", [package, sister], "by hand"))
    ensemble = get_classifier(Package(saved.path, saved.card, (package, sister)))
    assert isinstance(ensemble, Ensemble)
    return ensemble


def test_gradcam_is_the_heatmap_of_the_answer(package: Package) -> None:
    classifier = get_classifier(package)
    heatmaps = explainer(classifier, "last_conv")(inputs(), 1).heatmaps
    np.testing.assert_array_equal(
        explain(classifier, inputs(), 1, "gradcam"), full_size(heatmaps, 32, 32)
    )


@pytest.mark.parametrize("method", METHODS)
def test_an_ensemble_is_explained_by_the_mean_of_its_members(
    together: Ensemble, method: Any
) -> None:
    told: list[float] = []
    found = explain(together, inputs(), 1, method, progress=told.append)
    if method == "gradcam":
        heatmaps = explainer(together, together.card.heatmap_layer)(inputs(), 1).heatmaps
        expected = full_size(heatmaps, 32, 32)
    else:
        expected = normalise(
            sum(explain(member, inputs(), 1, method) for member in together.members)
        )
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_answers_and_weights_are_left_alone(package: Package) -> None:
    classifier = get_classifier(package)
    before = classifier.probabilities(inputs())
    network = network_of(classifier)
    assert network is network_of(classifier)
    network.model.set_weights([0 * weight for weight in network.model.get_weights()])
    np.testing.assert_array_equal(classifier.probabilities(inputs()), before)
    network.model.set_weights(classifier.model.get_weights())


def test_explanations_take_turns_and_who_waits_can_leave(package: Package) -> None:
    classifier, leave, raised = get_classifier(package), threading.Event(), []

    def wait() -> None:
        try:
            explain(classifier, inputs(), 1, "occlusion", cancelled=leave.is_set)
        except Stopped as error:
            raised.append(error)

    with network_of(classifier).lock:
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.3)
        assert thread.is_alive()
        leave.set()
        thread.join(timeout=5)
    assert len(raised) == 1


def test_unknown_classes_and_layers_are_named_with_those_there_are(package: Package) -> None:
    classifier = get_classifier(package)
    with pytest.raises(PackageError, match="no class number 2; its 2 classes"):
        explain(classifier, inputs(), 2, "layercam")
    with pytest.raises(PackageError, match=r"'none'.*last_conv"):
        explain(classifier, inputs(), 1, "layercam", layer="none")


def test_every_method_says_what_it_shows_what_it_does_not_and_whose_it_is() -> None:
    for words in METHODS.values():
        assert words.shows.startswith(("Shows ", "Shows, "))
        assert words.does_not_show.startswith("Does not ")
        assert words.source[-4:].isdigit()
        assert words.source in words.tooltip
