"""A network's description as today's Keras understands it, with operations as layers.

It is a dictionary out of JSON: nothing is built, nothing is run. Code of others divides and
subtracts colours by plain operations (`x / 127.5 - 1`, `preprocess_input`), which Keras 2 stored as
`TFOpLambda` and Keras 3 as `TrueDivide`; in a flat network of layers they are `Rescaling`.
"""

from copy import deepcopy
from typing import Any

from core.errors import PackageError

NESTING = frozenset({"Functional", "Sequential", "Model"})
# What Keras 2 wrote and Keras 3 has no more; the second is the value that changed nothing.
_GONE: dict[str, tuple[str, Any]] = {
    "DepthwiseConv2D": ("groups", 1),
    "SeparableConv2D": ("groups", 1),
    "Conv2DTranspose": ("groups", 1),
}
_OPERATIONS = {
    "Divide": ("TrueDivide", "Divide", "math.truediv", "math.divide", "__operators__.truediv"),
    "Multiply": ("Multiply", "math.multiply", "__operators__.mul"),
    "Subtract": ("Subtract", "math.subtract", "__operators__.sub"),
    "Add": ("Add", "math.add", "__operators__.add", "nn.bias_add"),
    "relu": ("Relu", "ReLU", "nn.relu"),
    "softmax": ("Softmax", "nn.softmax"),
    "sigmoid": ("Sigmoid", "nn.sigmoid", "math.sigmoid"),
    "linear": ("Cast", "cast", "Identity", "identity"),
}
_MEANS = {name: meaning for meaning, names in _OPERATIONS.items() for name in names}
_OF_KERAS_3 = ("keras.src.ops", "keras.src.activations")
_OF_KERAS_2 = frozenset({"TFOpLambda", "SlicingOpLambda"})
_MODULES = {"Functional": "keras.src.models.functional", "Sequential": "keras"}


def modern(config: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a network in today's words.

    Raises
    ------
    PackageError
        If it holds an operation that is no layer; it is named.
    """
    return _layer(_without_slashes(deepcopy(config)))


def _without_slashes(value: Any) -> Any:
    """Names such as "conv1/relu", which Keras 3 has no more; nothing else holds a slash."""
    if isinstance(value, dict):
        return {key: _without_slashes(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_slashes(part) for part in value]
    return value.replace("/", "_") if isinstance(value, str) else value


def _layer(entry: dict[str, Any]) -> dict[str, Any]:
    name = str(entry.get("class_name"))
    config = entry.get("config")
    if not isinstance(config, dict):
        return entry
    if name in NESTING:
        name = "Functional" if name == "Model" else name
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise PackageError("The file does not describe a Functional or Sequential network.")
        config["layers"] = [_layer(layer) for layer in layers if isinstance(layer, dict)]
        if name == "Functional":
            _modern_graph(config)
        known: dict[str, Any] = {
            key: entry[key] for key in ("name", "inbound_nodes") if key in entry
        }
        return {
            "module": _MODULES[name],
            "class_name": name,
            "config": config,
            "registered_name": name if name == "Functional" else None,
            **known,
        }
    if _is_operation(entry):
        return _as_layer(entry)
    gone = _GONE.get(name)
    if gone and config.get(gone[0]) == gone[1]:
        del config[gone[0]]
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        (config["axis"],) = config["axis"]
    config.pop("rng_type", None)
    config["dtype"] = "float32"
    if name == "InputLayer" and "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    return entry


def _modern_graph(config: dict[str, Any]) -> None:
    """Put right what Keras 2 counted and wrapped in another way than Keras 3."""
    for end in ("input_layers", "output_layers"):
        places = config.get(end)
        if isinstance(places, list) and len(places) == 1 and isinstance(places[0], list):
            config[end] = places[0]  # one tensor, and no list of one
    nested = {layer.get("name") for layer in config["layers"] if layer["class_name"] in NESTING}
    places = [place for layer in config["layers"] for place in _legacy_places(layer)]
    places.append(config.get("output_layers"))
    for name in nested:
        # Keras 2 counted the making of a nested network as its first call.
        of_it = [place for place in places if isinstance(place, list) and place[0] == name]
        first = min((place[1] for place in of_it), default=0)
        for place in of_it:
            place[1] -= first


def _legacy_places(layer: dict[str, Any]) -> list[Any]:
    """Where a layer's inputs come from, as Keras 2 wrote it: `["layer", 0, 0, {}]`."""
    places: list[Any] = []
    pending: list[Any] = [layer.get("inbound_nodes")]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            is_place = len(node) > 2 and isinstance(node[0], str)  # noqa: PLR2004 - and two numbers
            places += [node] if is_place else []
            pending.extend(node)
    return places


def _is_operation(entry: dict[str, Any]) -> bool:
    if entry["class_name"] in _OF_KERAS_2:
        return True
    module = entry.get("module")
    if module:
        return str(module).startswith(_OF_KERAS_3)
    # An `.h5` names no modules; but only layers are trainable or not.
    config = entry["config"]
    return bool(entry.get("inbound_nodes")) and "trainable" not in config


def _as_layer(entry: dict[str, Any]) -> dict[str, Any]:
    config, keras_2 = entry["config"], entry["class_name"] in _OF_KERAS_2
    function = str(config.get("function") if keras_2 else entry["class_name"])
    meaning = _MEANS.get(function)
    nodes = entry.get("inbound_nodes")
    if meaning is None or not isinstance(nodes, list) or len(nodes) != 1:
        raise PackageError(
            f"The network holds the operation {function}, which is not a Keras layer. If it "
            "prepares the image, save the network without it and choose the scaling here; "
            "otherwise build it from layers."
        )
    operands = _keras_2_operands(nodes[0]) if keras_2 else _operands(nodes[0])
    name = str(entry.get("name") or config.get("name"))
    tensors = [operand for operand in operands if _is_tensor(operand)]
    others = [operand for operand in operands if not _is_tensor(operand)]
    if meaning in {"relu", "softmax", "sigmoid", "linear"}:
        most = config.get("max_value")
        if meaning == "relu" and (config.get("negative_slope") or config.get("threshold")):
            raise PackageError("The network holds a non-standard relu. Use the ReLU layer instead.")
        meaning = "relu6" if meaning == "relu" and most == 6 else meaning  # noqa: PLR2004
        return _entry("Activation", name, {"activation": meaning}, tensors[:1])
    if len(tensors) == 2 and meaning != "Divide":  # noqa: PLR2004 - of both operands
        return _entry(meaning, name, {}, tensors)
    if len(tensors) != 1 or len(others) != 1:
        raise PackageError(f"The operation {function} of the network has unsupported operands.")
    factor, offset = _scaling(meaning, _number(others[0]), first=_is_tensor(operands[0]))
    return _entry("Rescaling", name, {"scale": factor, "offset": offset}, tensors)


def _scaling(meaning: str, number: Any, *, first: bool) -> tuple[Any, Any]:
    """Factor and summand that do what the operation does with a number."""

    def each(change: Any) -> Any:
        return [change(part) for part in number] if isinstance(number, list) else change(number)

    if (
        meaning == "Divide"
        and first
        and 0 not in (number if isinstance(number, list) else [number])
    ):
        return each(lambda part: 1 / part), 0.0
    if meaning == "Multiply":
        return number, 0.0
    if meaning == "Add":
        return 1.0, number
    if meaning == "Subtract":
        return (1.0, each(lambda part: -part)) if first else (-1.0, number)
    raise PackageError("The network divides by an image, or by 0, which is not a scaling.")


def _number(value: Any) -> Any:
    """A number, or a list of three, one a colour."""
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner.get("value") if isinstance(inner, dict) else None
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    parts = value if isinstance(value, list) else [value]
    usable = all(isinstance(part, int | float) and part == part for part in parts)  # noqa: PLR0124
    if not usable or len(parts) not in {1, 3}:
        raise PackageError("The network scales by something other than one number per colour.")
    return [float(part) for part in parts] if isinstance(value, list) else float(value)


def _entry(name: str, called: str, config: dict[str, Any], tensors: list[Any]) -> dict[str, Any]:
    inputs: Any = tensors if len(tensors) > 1 else tensors[0]
    legacy = isinstance(tensors[0], list)
    nodes = (
        [[[*tensor, {}] for tensor in tensors]] if legacy else [{"args": [inputs], "kwargs": {}}]
    )
    return {
        "module": "keras.layers",
        "class_name": name,
        "config": {"name": called, "trainable": True, "dtype": "float32", **config},
        "registered_name": None,
        "name": called,
        "inbound_nodes": nodes,
    }


def _operands(node: Any) -> list[Any]:
    if not isinstance(node, dict):
        raise PackageError("The network's description is damaged. Save it again.")
    return [*node.get("args", ()), *node.get("kwargs", {}).values()]


def _keras_2_operands(node: Any) -> list[Any]:
    """Of `["layer", 0, 0, {"y": 127.5, "name": null}]`; tensors are `["layer", 0, 0]`."""
    while isinstance(node, list) and node and isinstance(node[0], list):
        node = node[0]
    if not isinstance(node, list) or len(node) < 3:  # noqa: PLR2004 - name and two numbers
        raise PackageError("The network's description is damaged. Save it again.")
    named = node[3] if len(node) > 3 and isinstance(node[3], dict) else {}  # noqa: PLR2004
    constants = [named[key] for key in ("y", "bias") if key in named]
    return [node[:3], *constants]


def _is_tensor(operand: Any) -> bool:
    if isinstance(operand, dict):
        return operand.get("class_name") == "__keras_tensor__"
    return isinstance(operand, list) and len(operand) == 3 and isinstance(operand[0], str)  # noqa: PLR2004
