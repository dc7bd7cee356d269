"""From an architecture's name to a model."""

from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from core.architectures.catalogue import find
from core.errors import ArchitectureError

Weights = Path | str | None


def build(
    name: str,
    input_shape: tuple[int, int, int],
    classes: int,
    head: Literal["softmax", "sigmoid"] = "softmax",
    weights: Weights = None,
) -> Any:
    """Build a network as one flat functional model.

    The model takes RGB pixels in [0, 255], (N, height, width, 3), uint8 or floating point, and
    scales them itself. It ends with `Dense(name="logits")` and `Activation(name="probabilities")`
    in float32: (N, classes) that sum to 1 for a softmax head, (N, 1) with the probability of
    class 1 for a sigmoid head.

    Parameters
    ----------
    name
        One of `NAMES`.
    input_shape
        Height, width and channels (3) in pixels.
    classes
        Number of classes, at least 2.
    head
        "sigmoid" needs 2 classes and gives one output, for class 1.
    weights
        None for random weights. "imagenet" for ImageNet weights of the convolutional part: from
        `<name>_notop.weights.h5` in the folder `LOBULE_WEIGHTS` if it is there, else from Keras'
        download. A path to such a file; for a network without ImageNet weights, to a file of the
        whole network's weights.

    Returns
    -------
    keras.Model
        Named `name`. Layers of the head have names that start with "head_".

    Raises
    ------
    ArchitectureError
        If the name, the input shape, the classes or the head cannot be used, or if the weights
        cannot be had or belong to another network.
    """
    architecture = find(name)
    _check_input(name, input_shape, architecture.minimum_size)
    _check_head(classes, head)
    if weights == "imagenet" and not architecture.pretrained:
        raise ArchitectureError(
            f"There are no ImageNet weights for {name}. Train it with weights none, or choose "
            "a network that has them, for instance densenet121."
        )

    import keras  # noqa: PLC0415 (names and checks must not wait for Keras)

    network = getattr(import_module(f"core.architectures.{architecture.module}"), name)
    pixels = keras.Input(tuple(input_shape), name="pixels")
    features = network(pixels, weights) if architecture.pretrained else network(pixels)
    logits = keras.layers.Dense(1 if head == "sigmoid" else classes, name="logits")(features)
    probabilities = keras.layers.Activation(head, name="probabilities", dtype="float32")(logits)
    model = keras.Model(pixels, probabilities, name=name)
    if weights is not None and not architecture.pretrained:
        import_module("core.architectures.pretrained").load_file(model, name, Path(weights))
    return model


def backbone_layers(model: Any) -> tuple[str, ...]:
    """Name the layers of a model's convolutional part, from the pixels on.

    For training: set `model.get_layer(name).trainable` to freeze the part or its first layers. It
    works on any model that `build` made, also after saving and loading.

    Parameters
    ----------
    model
        A keras.Model that `build` made.

    Returns
    -------
    tuple of str
        In the order of the graph; without the input, the scaling and the head.
    """
    outside = ("pixels", "scaling", "logits", "probabilities")
    names = (layer.name for layer in model.layers)
    return tuple(n for n in names if n not in outside and not n.startswith("head_"))


def _check_input(name: str, input_shape: tuple[int, int, int], minimum: int) -> None:
    received = f"Received an input shape of {tuple(input_shape)!r}"
    whole = len(input_shape) == 3 and all(isinstance(side, int) for side in input_shape)  # noqa: PLR2004 (height, width, channels)
    if not whole or input_shape[2] != 3:  # noqa: PLR2004 (red, green, blue)
        raise ArchitectureError(
            f"{received} for {name}; expected whole numbers (height, width, 3) for colour images. "
            "Give for instance (224, 224, 3)."
        )
    if min(input_shape[:2]) < minimum:
        raise ArchitectureError(
            f"{received} for {name}, which needs sides of at least {minimum} pixels. Enlarge the "
            "images or choose a smaller network, for instance cancernet."
        )


def _check_head(classes: int, head: str) -> None:
    if head not in ("softmax", "sigmoid"):
        raise ArchitectureError(
            f"Received the head {head!r}; expected softmax (one output a class) or sigmoid (one "
            "output, for the second of two classes)."
        )
    if classes < 2:  # noqa: PLR2004 (fewer cannot be told apart)
        raise ArchitectureError(
            f"Received {classes} class(es); expected at least 2. A network that separates two "
            "classes with one output has classes=2 and head=sigmoid."
        )
    if head == "sigmoid" and classes != 2:  # noqa: PLR2004 (a sigmoid tells two apart)
        raise ArchitectureError(
            f"Received {classes} classes for a sigmoid head, which separates exactly 2. Use "
            "the softmax head for more."
        )
