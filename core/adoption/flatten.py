"""Nested and Sequential networks as one graph of layers, so that every layer can be explained."""

from typing import Any

from core.errors import PackageError

# What they do in training only; in a flat network their maps would stand among those to explain.
_ONLY_IN_TRAINING = frozenset(
    {
        *("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomContrast"),
        *("RandomBrightness", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomShear"),
        *("RandomColorJitter", "RandomColorDegeneration", "RandomGrayscale", "RandomPerspective"),
        *("RandomPosterization", "RandomInvert", "RandomErasing", "RandomGaussianBlur"),
        *("GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization"),
    }
)
_TENSOR = "__keras_tensor__"


class Flattening:
    """Calls clones of a network's layers on new tensors, whatever they are nested in.

    Parameters
    ----------
    reserved
        Names that no layer may have.

    Attributes
    ----------
    left_out : list of str
        Layers that only do something in training.
    """

    def __init__(self, reserved: frozenset[str]) -> None:
        self.left_out: list[str] = []
        self._names = set(reserved)
        self._clones: dict[int, tuple[Any, Any]] = {}
        self._made: dict[int, tuple[Any, Any]] = {}

    def call(self, model: Any, tensor: Any) -> Any:
        """Call a Functional or Sequential network of one input and one output on a Keras tensor."""
        outputs = self._network(model, [tensor], "")
        for layer, clone in self._clones.values():
            clone.set_weights(layer.get_weights())
        return outputs[0]

    def made_by(self, tensor: Any) -> tuple[Any, Any] | None:
        """The layer that gave a tensor, and what it was given; None where no layer did."""
        return self._made.get(id(tensor))

    def _network(self, model: Any, tensors: list[Any], within: str) -> list[Any]:
        import keras  # noqa: PLC0415 - takes seconds

        if isinstance(model, keras.Sequential):
            (tensor,) = tensors
            for layer in model.layers:
                tensor = self._layer(layer, (tensor,), {}, within)
            return [tensor]
        return self._functional(model, tensors, within)

    def _functional(self, model: Any, tensors: list[Any], within: str) -> list[Any]:
        """Follow the graph by its description: which layer is called on what of which layers."""
        import keras  # noqa: PLC0415

        config = model.get_config()
        known: dict[tuple[str, int, int], Any] = dict(
            zip(_places(config["input_layers"]), tensors, strict=True)
        )
        calls = [
            (entry["name"], number, node)
            for entry in config["layers"]
            for number, node in enumerate(entry["inbound_nodes"])
        ]
        while calls:
            left = []
            for name, number, node in calls:
                if not set(_inputs(node)) <= known.keys():
                    left.append((name, number, node))
                    continue
                args, kwargs = (_filled(node[part], known) for part in ("args", "kwargs"))
                outputs = self._layer(model.get_layer(name), tuple(args), kwargs, within)
                for at, output in enumerate(keras.tree.flatten(outputs)):
                    known[name, number, at] = output
            if len(left) == len(calls):
                raise PackageError("The network's graph has no order. Save it again.")
            calls = left
        return [known[place] for place in _places(config["output_layers"])]

    def _layer(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], within: str) -> Any:
        import keras  # noqa: PLC0415

        if kwargs.pop("training", None):
            raise PackageError(
                f"The layer {layer.name!r} was called with training=True, so that it answers "
                "differently each time. Call it without, and save the network again."
            )
        kwargs = {key: value for key, value in kwargs.items() if value is not None}
        if isinstance(layer, keras.Sequential | keras.Model):
            outputs = self._network(layer, keras.tree.flatten(args), layer.name)
            return outputs if len(outputs) > 1 else outputs[0]
        if type(layer).__name__ in _ONLY_IN_TRAINING:
            self.left_out.append(layer.name)
            return args[0]
        if id(layer) not in self._clones:
            described = {**layer.get_config(), "name": self._name(layer.name, within)}
            self._clones[id(layer)] = layer, type(layer).from_config(described)
        clone = self._clones[id(layer)][1]
        output = clone(*args, **kwargs)
        self._made[id(output)] = clone, args[0] if args else None
        return output

    def _name(self, name: str, within: str) -> str:
        """The layer's name; one that two networks have gets that of its network before it."""
        chosen, number = name, 1
        if chosen in self._names and within:
            chosen = f"{within}_{name}"
        while chosen in self._names:
            number += 1
            chosen = f"{name}_{number}"
        self._names.add(chosen)
        return chosen


def _places(described: Any) -> list[tuple[str, int, int]]:
    """Of `["layer", 0, 0]` or a list of such, the layer, the call and the output."""
    if isinstance(described, dict):
        described = list(described.values())
    if described and isinstance(described[0], str):
        described = [described]
    return [(str(name), int(call), int(output)) for name, call, output in described]


def _inputs(node: Any) -> list[tuple[str, int, int]]:
    if isinstance(node, dict):
        if node.get("class_name") == _TENSOR:
            return _places(node["config"]["keras_history"])
        return [place for value in node.values() for place in _inputs(value)]
    if isinstance(node, list | tuple):
        return [place for value in node for place in _inputs(value)]
    return []


def _filled(node: Any, known: dict[tuple[str, int, int], Any]) -> Any:
    """What a layer is called with, tensors in the place of their descriptions."""
    if isinstance(node, dict):
        if node.get("class_name") == _TENSOR:
            return known[_places(node["config"]["keras_history"])[0]]
        if "class_name" in node:
            raise PackageError(f"A layer of the network is called with {node['class_name']}.")
        return {key: _filled(value, known) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_filled(value, known) for value in node]
    return node
