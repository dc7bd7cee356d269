"""The flat network of a package, out of one that was made elsewhere; it answers the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.adoption.flatten import Flattening
from core.adoption.foreign import Foreign, activation_of_layer, in_batches
from core.adoption.last_layer import last_convolutional
from core.adoption.scaling import SCALINGS, Scaling, scale_layer
from core.adoption.tried import try_flat
from core.errors import PackageError

TOLERANCE = 1e-5
"""How far probabilities of the flat network may lie from those of the one that was given."""
DEFAULT_SIDE = 224
"""Side of the input, px, of a network that takes any."""
_RESERVED = frozenset({"pixels", "scaling", "logits", "probabilities"})
_PASSES_COLOURS = ("ZeroPadding2D", "Dropout", "SpatialDropout2D")
_TRIED = 4  # images of noise that both networks answer


@dataclass(frozen=True)
class Layer:
    """A layer of the flat network, for people."""

    name: str
    kind: str
    output: str
    weights: int


@dataclass(frozen=True)
class FlatNetwork:
    """A flat network that takes pixels in [0, 255].

    Attributes
    ----------
    model : keras.Model
        Ends with the layers "logits" and "probabilities".
    heatmap_layer : str
        The last convolutional one, after its activation.
    layers : tuple of Layer
    changes : tuple of str
        What was done to it, in sentences.
    """

    model: Any
    heatmap_layer: str
    layers: tuple[Layer, ...]
    changes: tuple[str, ...]


def build_flat(
    foreign: Foreign,
    scaling: Scaling,
    order: tuple[int, ...] | None = None,
    side: int | None = None,
) -> FlatNetwork:
    """Make one flat network of layers, with its scaling inside.

    Parameters
    ----------
    foreign : Foreign
    scaling : Scaling
        How it wants colours.
    order : tuple of int, optional
        Which of its classes comes where; None leaves them as they are.
    side : int, optional
        Of the input, px, of a network that takes any.

    Raises
    ------
    PackageError
        If it has no convolutional layer, would take too much memory, or the flat network does
        not answer the same.
    """
    import keras  # noqa: PLC0415 - takes seconds

    side = foreign.side or side or DEFAULT_SIDE
    flattening = Flattening(_RESERVED)
    pixels = keras.Input((side, side, 3), name="pixels")
    try:
        features = flattening.call(foreign.model, scale_layer(pixels, scaling))
        probabilities = _head(foreign, flattening, features, order)
        model = keras.Model(pixels, probabilities, name="adopted")
    except PackageError:
        raise
    except Exception as error:  # Keras raises whatever a shape makes it trip over
        reason = str(error).strip().partition("\n")[0][:300]
        raise PackageError(
            f"The network cannot be flattened into plain layers: {reason}"
        ) from error
    if scaling == "caffe":
        _reverse_colours(model)
    if foreign.side is None:  # else it was tried when its file was read
        try_flat(model, foreign.sha256)
    _refuse_another(model, foreign, scaling, order, side)
    heatmap_layer = last_convolutional(model)
    return FlatNetwork(
        model, heatmap_layer, _layers_of(model), _changes(foreign, flattening, scaling)
    )


def _head(
    foreign: Foreign, flattening: Flattening, output: Any, order: tuple[int, ...] | None
) -> Any:
    """End with "logits" and "probabilities", the classes in their order."""
    import keras  # noqa: PLC0415

    made = flattening.made_by(output)
    kernel = bias = None
    if made and isinstance(made[0], keras.layers.Activation | keras.layers.Softmax):
        output = made[1]
        made = flattening.made_by(output)
        if made and activation_of_layer(made[0]) != "linear":
            made = None
    if made and isinstance(made[0], keras.layers.Dense):
        kernel, bias = _weights_of(made[0])
        output = made[1]
    elif foreign.activated and made and activation_of_layer(made[0]) != "linear":
        raise PackageError(
            f"The network ends with the layer {made[0].name!r}, which has an activation of "
            "its own. End it with a Dense layer."
        )
    if kernel is None and order is not None:
        kernel, bias = np.eye(foreign.outputs), np.zeros(foreign.outputs)
    if kernel is None or bias is None:
        logits = keras.layers.Activation("linear", name="logits")(output)
    else:
        if order is not None:
            kernel, bias = _ordered(kernel, bias, order)
        last = keras.layers.Dense(kernel.shape[1], name="logits")
        logits = last(output)
        last.set_weights([kernel, bias])
    return keras.layers.Activation(foreign.head, name="probabilities", dtype="float32")(logits)


def _weights_of(dense: Any) -> tuple[Any, Any]:
    kernel, *bias = dense.get_weights()
    return kernel, bias[0] if bias else np.zeros(kernel.shape[1], dtype=kernel.dtype)


def _ordered(kernel: Any, bias: Any, order: tuple[int, ...]) -> tuple[Any, Any]:
    if kernel.shape[1] == 1:  # one sigmoid is for the second class
        sign = 1 if tuple(order) == (0, 1) else -1
        return sign * kernel, sign * bias
    return kernel[:, list(order)], bias[list(order)]


def scalings_for(model: Any) -> tuple[Scaling, ...]:
    """Scalings that a flat network can be given: blue first only where a convolution is first."""
    return tuple(scaling for scaling in SCALINGS if scaling != "caffe" or _first_convolution(model))


def _reverse_colours(model: Any) -> None:
    """Have the first convolution take red first, for weights that were trained on blue first."""
    first = _first_convolution(model)
    if first is None:
        raise PackageError(
            "Colours with blue first are for networks that begin with a convolution, as VGG and "
            "ResNet50 do, and this one does not. Choose another scaling."
        )
    kernel, *bias = first.get_weights()
    first.set_weights([kernel[:, :, ::-1, :], *bias])


def _first_convolution(model: Any) -> Any:
    """The convolution that colours come to first, all scaled alike; None where there is none."""
    import keras  # noqa: PLC0415

    for layer in model.layers[1:]:
        if isinstance(layer, keras.layers.Conv2D) and layer.groups == 1:
            return layer
        passes = type(layer).__name__ in _PASSES_COLOURS or layer.name == "scaling"
        if not passes and not _scales_all_alike(layer):
            break
    return None


def _scales_all_alike(layer: Any) -> bool:
    """Whether it multiplies all colours by one number and adds one."""
    return (
        type(layer).__name__ == "Rescaling" and np.ndim(layer.scale) == np.ndim(layer.offset) == 0
    )


def _refuse_another(
    model: Any, foreign: Foreign, scaling: Scaling, order: tuple[int, ...] | None, side: int
) -> None:
    """Compare both networks on noise of several contrasts: they must answer the same."""
    random = np.random.default_rng(0)
    spread = np.linspace(30, 255, _TRIED)[:, None, None, None]
    tried = (random.random((_TRIED, side, side, 3)) * spread).astype(np.uint8)
    wanted = foreign.probabilities(tried, scaling, None if order is None else list(order))
    answers = in_batches(lambda part: model(part.astype(np.float32), training=False), tried)
    if foreign.head == "sigmoid":
        answers = np.hstack([1 - answers, answers])
    away = float(np.abs(answers - wanted).max())
    if not away <= TOLERANCE:
        raise PackageError(
            f"Flattened, the network would answer differently, by up to {away:.2g}, so it is "
            "refused. Perhaps a layer is random or gives NaN: check its answers where it was "
            "made."
        )


def _changes(foreign: Foreign, flattening: Flattening, scaling: Scaling) -> tuple[str, ...]:
    changes = []
    if not foreign.activated:
        many = "one output" if foreign.outputs == 1 else f"{foreign.outputs} outputs"
        changes.append(
            f"It ends without an activation: a {foreign.head} was added, as it has {many}."
        )
    if foreign.outputs == 1:
        changes.append("Its one output is the probability of the second class.")
    if flattening.left_out:
        names = ", ".join(flattening.left_out)
        changes.append(f"Layers that only act in training were left out: {names}.")
    if scaling == "caffe":
        changes.append("Its first convolution now takes red first; its answers are the same.")
    return tuple(changes)


def _layers_of(model: Any) -> tuple[Layer, ...]:
    return tuple(
        Layer(
            layer.name,
            type(layer).__name__,
            " × ".join(str(size) for size in layer.output.shape[1:]),
            layer.count_params(),
        )
        for layer in model.layers
    )
