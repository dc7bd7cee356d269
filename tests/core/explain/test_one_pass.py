from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.diagnosis import diagnose, warm_up
from core.errors import PackageError
from core.explain import one_pass
from core.inference.classifier import get_classifier
from core.registry.package import Package


def test_probabilities_are_the_classifiers(package: Package) -> None:
    classifier = get_classifier(package)
    inputs = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    found = one_pass.explainer(classifier, "last_conv")(inputs, 1)
    np.testing.assert_allclose(found.probabilities, classifier.probabilities(inputs), atol=1e-6)
    assert found.heatmaps.shape[0] == 5
    assert (found.distances, found.sharpness, found.members) == (None, None, None)


def test_unknown_layers_are_named_with_those_there_are(package: Package) -> None:
    with pytest.raises(PackageError, match=r"'none'.*last_conv"):
        one_pass.explainer(get_classifier(package), "none")


def test_warming_up_leaves_nothing_to_compile(package: Package) -> None:
    warm_up(package)
    known = one_pass._known[get_classifier(package)]["last_conv"]
    before = known._run.experimental_get_tracing_count()
    buffer = BytesIO()
    Image.fromarray(np.full((50, 50, 3), 120, np.uint8)).save(buffer, "PNG")
    diagnose(buffer.getvalue(), package=package, um_per_px=4.0)
    assert known._run.experimental_get_tracing_count() == before == 1


@pytest.mark.parametrize(
    ("number", "pixels", "expected"),
    [
        (1, 96**2, [0]),
        (3, 224**2, [1]),
        (5, 96**2, [0, 1, 2, 3, 4]),
        (700, 96**2, [50, 150, 250, 350, 450, 550, 650]),
        (9, 4096**2, [4]),
    ],
)
def test_a_bounded_number_of_tiles_is_turned(number: int, pixels: int, expected: list[int]) -> None:
    assert one_pass.spaced(number, pixels).tolist() == expected
