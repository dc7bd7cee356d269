"""The choice of a model for an image, among the packages at hand."""

import numpy as np
from numpy.typing import NDArray

from core.explain.one_pass import explainer
from core.imaging.read import Image
from core.inference.classifier import get_classifier
from core.inference.routing import Route, route
from core.registry.package import Package
from core.registry.shelf import answers_by_itself, best_first, find


def choose(
    image: Image, um_per_px: float | None = None, named: tuple[float, str] | None = None
) -> Route:
    """Choose the model that answers an image; see `core.inference.routing.route`.

    Parameters
    ----------
    image
        As it was read.
    um_per_px
        Its scale by the user, µm/px.
    named
        Its scale by its name or size, µm/px, and how, after "The file".

    Raises
    ------
    ImageError
        If the given scale cannot be right.
    NoModelError
        If no model that answers by itself knows such images.
    PackageError
        If there is no model.
    """
    entries = best_first()
    if not entries:
        find()  # says why
    packages = [(entry.package, not answers_by_itself(entry)) for entry in entries if entry.package]
    return route(image, packages, _look, scale_given=um_per_px, named=named)


def _look(
    package: Package, inputs: NDArray[np.uint8]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Run the scope test by the pass that answers, which is compiled for the answer anyway."""
    explain = explainer(get_classifier(package), package.card.heatmap_layer)
    explained = explain(inputs, package.card.positive_index or 0)
    return explained.distances, explained.sharpness
