"""The model that answers a slide: which it is, and its pass over tiles."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import PackageError, SlideError
from core.explain.passes import Explained
from core.imaging.read import Image, ImageInfo
from core.registry.package import Package
from core.registry.shelf import find, shelf
from core.slides.answering.plan import no_scale
from core.slides.answering.request import AnswerRequest
from core.slides.answering.tissue import find_tissue
from core.slides.slide import Slide

_THUMBNAIL = 1024  # px
_FIELD_UM = 1500.0
_FINEST = 0.5  # µm/px
_TRIES = 8
# As quick as more on a processor, and a few hundred MB less.
_MOST_AT_ONCE = 32


@dataclass(frozen=True)
class SlideNetwork:
    """A loaded model."""

    batch: int
    """Inputs that are best answered at once."""
    answer: Callable[[NDArray[np.uint8]], Explained]
    """(n, h, w, 3) inputs to probabilities and the evidence for using them."""
    spread: Callable[[NDArray[np.uint8], int], float]
    """As `core.inference.classifier.Classifier.spread_over_views`."""
    engine: str | None = None
    """What runs it, in words, as `core.diagnosis.Diagnosis` has it."""


def load_network(package: Package) -> SlideNetwork:
    """Load a model; TensorFlow is loaded with it where no engine runs it.

    Raises
    ------
    PackageError
        If it cannot be loaded.
    """
    from core.explain.one_pass import explainer  # noqa: PLC0415 - SciPy
    from core.inference.classifier import get_classifier  # noqa: PLC0415 - SciPy

    classifier = get_classifier(package)
    explain = explainer(classifier, package.card.heatmap_layer)
    target = package.card.positive_index or 0
    return SlideNetwork(
        min(classifier.batch, _MOST_AT_ONCE),
        lambda inputs: explain(inputs, target),
        classifier.spread_over_views,
        classifier.engine_name,
    )


def choose_model(slide: Slide, request: AnswerRequest) -> tuple[str, Package]:
    """Return the model that was asked for, or the one that knows such tissue, and its name.

    The model is chosen by a field of the slide where there is most tissue, as for an image.

    Raises
    ------
    LobuleError
        If there is none.
    """
    if request.model is not None:
        return request.model, find(request.model)
    from core.choice import choose  # noqa: PLC0415 - SciPy

    scale = request.um_per_px or slide.info.um_per_px
    if scale is None:
        raise SlideError(no_scale(slide.info))
    package = choose(_field(slide, scale)).package
    return name_of(package), package


def name_of(package: Package) -> str:
    """What the shelf calls a package.

    Raises
    ------
    PackageError
        If it is not there any more.
    """
    for entry in shelf():
        if entry.package and entry.package.path == package.path:
            return entry.name
    raise PackageError(f"The model {package.card.name!r} is not there any more. Choose another.")


def _field(slide: Slide, um_per_px: float) -> Image:
    """Return the field of the slide with most tissue, as an image."""
    info = slide.info
    step = max(1.0, max(info.width, info.height) / _THUMBNAIL)
    small = max(1, round(info.width / step)), max(1, round(info.height / step))
    tissue = find_tissue(slide, small, lambda _name, _done: None).mask
    side = _FIELD_UM / um_per_px
    window = max(1, min(ceil(side / step), *small))
    density = cv2.boxFilter(tissue.astype(np.float32), -1, (window, window))
    for _ in range(_TRIES):
        row, column = np.unravel_index(density.argmax(), density.shape)
        try:
            return _cut_field(slide, um_per_px, (column + 0.5) * step, (row + 0.5) * step)
        except SlideError:  # damaged there: somewhere else
            y, x = (max(0, int(at) - window) for at in (row, column))
            density[y : y + 2 * window, x : x + 2 * window] = -1
    raise SlideError(
        f"{info.name} cannot be read where there is tissue, so no model can be chosen. Copy it "
        "again from the scanner, or choose the model."
    )


def _cut_field(slide: Slide, um_per_px: float, across: float, down: float) -> Image:
    """Return the field round a place as an image; the field lies within the slide."""
    info, side = slide.info, _FIELD_UM / um_per_px
    width, height = min(side, info.width), min(side, info.height)
    x = min(max(across - width / 2, 0), info.width - width)
    y = min(max(down - height / 2, 0), info.height - height)
    scale = max(um_per_px, _FINEST)
    size = max(1, round(width * um_per_px / scale)), max(1, round(height * um_per_px / scale))
    pixels = slide.read(x, y, width, height, size)
    about = ImageInfo(info.format, "RGB", 8, *size, scale, info.fingerprint, ())
    return Image(pixels, about)
