"""Weights that were trained elsewhere: from a file, or by Keras' download."""

import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import ArchitectureError
from core.settings import get_settings

DOWNLOAD_TIMEOUT = 15.0  # seconds without an answer before the network counts as absent
PUBLISHED_SIZE = (224, 224, 3)  # weights do not depend on it; other sizes make Keras warn


def load_backbone(
    backbone: Any,
    name: str,
    constructor: Callable[..., Any],
    weights: Path | str | None,
    *,
    bgr_kernel: str | None = None,
) -> None:
    """Give a convolutional part, built with random weights, those of ImageNet.

    Parameters
    ----------
    backbone
        keras.Model of the part, that `constructor` made without its top.
    name
        The architecture's name; a local file is called `<name>_notop.weights.h5`.
    constructor
        The function in keras.applications that makes the network.
    weights
        None (leave them random), "imagenet", or a path to a file.
    bgr_kernel
        Layer whose kernel the published weights hold for BGR pixels; its input channels are
        reversed, so that it takes RGB.

    Raises
    ------
    ArchitectureError
        If the weights can be had neither from a file nor from the network, or if the file
        belongs to another network.
    """
    if weights is None:
        return
    path = _local_file(name) if weights == "imagenet" else Path(weights)
    if path is None:
        source = _download(name, constructor)
    else:
        source = constructor(include_top=False, weights=None, input_shape=PUBLISHED_SIZE)
        load_file(source, name, path, without_top=True)
    backbone.set_weights(source.get_weights())
    if bgr_kernel is not None:
        first, *biases = backbone.get_layer(bgr_kernel).get_weights()
        backbone.get_layer(bgr_kernel).set_weights([first[:, :, ::-1, :], *biases])


def load_file(model: Any, name: str, path: Path, *, without_top: bool = False) -> None:
    """Load a file of weights into a model that has exactly these layers.

    Parameters
    ----------
    model
        The keras.Model that takes them.
    name
        The architecture's name, for messages.
    path
        The file.
    without_top
        Refuse a file that also holds fully connected layers.

    Raises
    ------
    ArchitectureError
        If there is no such file, or it is not one of this network.
    """
    if not path.is_file():
        raise ArchitectureError(
            f"There is no weights file at {path}. Give the path of a .weights.h5 file for "
            f"{name}, or train with weights none."
        )
    misfit = ArchitectureError(
        f"The file {path} does not hold the weights of {name}. Expected a .weights.h5 file that "
        f"was saved from {name}{', without its top' if without_top else ''}. Give that file, or "
        "train with weights none."
    )
    if without_top and _has_top(path):
        raise misfit
    try:
        with warnings.catch_warnings():
            # Of a file that does not fit, Keras warns once a layer before it raises.
            warnings.filterwarnings("ignore", message="Skipping nested container")
            model.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise misfit from error


def _has_top(path: Path) -> bool:
    """Tell whether a file also holds dense layers, as that of a whole trained network does.

    Its first kernel may already be in RGB order, and would be turned back unnoticed.
    """
    import h5py  # noqa: PLC0415 (comes with Keras)

    try:
        with h5py.File(path) as file:
            return "dense" in file.get("layers", ())
    except OSError:
        return False


def weights_file(architecture: str) -> Path | None:
    """The file in `LOBULE_WEIGHTS` that an architecture, or part of one, would load; None if none.

    A part is called by the whole and what it ends at, as "densenet121_block3".
    """
    return _local_file(architecture.partition("_")[0])


def _local_file(name: str) -> Path | None:
    folder = get_settings().weights
    path = folder / f"{name}_notop.weights.h5" if folder else None
    return path if path and path.is_file() else None


def _download(name: str, constructor: Callable[..., Any]) -> Any:
    try:
        with _network_timeout(DOWNLOAD_TIMEOUT):
            return constructor(include_top=False, weights="imagenet", input_shape=PUBLISHED_SIZE)
    except Exception as error:  # Keras raises bare Exception when a download fails
        raise ArchitectureError(
            f"The ImageNet weights of {name} could not be downloaded: {_first_line(error)} "
            "Connect this machine to the network and try again; put the file "
            f"{name}_notop.weights.h5 into a folder and set LOBULE_WEIGHTS to it; or train "
            "with weights none."
        ) from error


@contextmanager
def _network_timeout(seconds: float) -> Iterator[None]:
    """Let Keras' downloads, which set no limit of their own, fail and not hang."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), type(error).__name__).strip()
    return line if line.endswith(".") else f"{line}."
