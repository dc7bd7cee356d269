"""What a `.keras` file may hold, looked at before Keras sees it, and what the model must be."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import PackageError
from core.registry.card import Card
from core.zip_files import open_zip

CONFIG = "config.json"
TEXTS = (CONFIG, "metadata.json")
"""What Keras parses as a whole."""
MEMBERS = frozenset({*TEXTS, "model.weights.h5"})
_MOST_LISTED = 100
# DenseNet121 needs 0.4 MB.
MAX_CONFIG_BYTES = 4_000_000
# VGG19 with large layers of its own takes 0.6 GB; far beyond that a file is made to fill memory.
MAX_BYTES = 1_000_000_000
# Everything that Keras's own layers are described by; anything else could bring code with it.
TRUSTED_MODULES = frozenset(
    {
        "keras",
        "keras.layers",
        "keras.initializers",
        "keras.regularizers",
        "keras.constraints",
        "keras.src.models.functional",
    }
)
# Plain values that Keras writes as objects without a module.
PLAIN = frozenset({"__tuple__", "__keras_tensor__"})
# Keras's own, but they run code of the package's author, or read files outside the package.
UNSAFE = frozenset(
    {
        *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
        *("StringLookup", "IntegerLookup", "TextVectorization"),
    }
)
# What reading a damaged or hostile zip file can raise.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RecursionError, RuntimeError)
IMAGE_RANK = 4


def inspect_archive(path: Path) -> None:
    """Refuse a `.keras` file that holds anything but one flat network of Keras's own layers.

    Raises
    ------
    PackageError
        Says which part is not acceptable.
    """
    try:
        with open_zip(path, _MOST_LISTED) as archive:
            names = archive.namelist()
            if len(names) != len(MEMBERS) or set(names) != MEMBERS:
                raise PackageError(
                    f"{path} is not a Keras 3 model: it holds {', '.join(sorted(names)[:8])}, "
                    f"expected {', '.join(sorted(MEMBERS))}."
                )
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > MAX_BYTES or any(
                archive.getinfo(name).file_size > MAX_CONFIG_BYTES for name in TEXTS
            ):
                raise PackageError(f"{path} describes a network that is too large to be real.")
            root = json.loads(archive.read(CONFIG))
        faults = list(_unsafe_parts(root))
    except FileNotFoundError as error:
        raise PackageError(f"{path} is missing. Restore the package.") from error
    except (*DAMAGE, OSError, ValueError) as error:
        raise PackageError(f"{path} is damaged ({error}). Restore the package.") from error
    if faults:
        raise PackageError(
            f"{path} is refused: it holds {', '.join(sorted(set(faults)))}. Lobule loads only flat "
            "functional networks of Keras's own layers, because others can run foreign code."
        )


def _unsafe_parts(root: Any) -> Iterator[str]:
    """Yield the name of every object in a model's description that is not trusted."""
    if not isinstance(root, dict) or root.get("class_name") != "Functional":
        yield "no functional network at its root"
        return
    # The state of training is never restored (compile=False), so what it names does not matter.
    pending: list[Any] = [{key: value for key, value in root.items() if key != "compile_config"}]
    first = True
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            if "class_name" in node and (fault := _fault(node, is_root=first)):
                yield fault
            first = False
            pending.extend(node.values())


def _fault(node: dict[str, Any], *, is_root: bool) -> str | None:
    name, module = str(node["class_name"]), node.get("module")
    if name in PLAIN and module is None:
        return None
    if name in UNSAFE or name == "__lambda__":
        return f"the layer {name}, which can run code or read files"
    foreign = module not in TRUSTED_MODULES or (module == "keras" and name != "DTypePolicy")
    if foreign or node.get("registered_name") not in {None, name}:
        return f"the custom object {name} of {module or 'an unknown module'}"
    if not is_root and name in {"Functional", "Sequential", "Model"}:
        return "a model nested as a layer"
    return None


def check_model(model: Any, card: Card) -> None:
    """Check that a loaded model takes and gives what its card says.

    The graph must end with a dense layer `logits` and an activation `probabilities`.

    Raises
    ------
    PackageError
        Says what the model has and what the card says.
    """
    size = (card.input.height, card.input.width, 3)
    _expect(card, "inputs", [tuple(part.shape)[1:] for part in model.inputs], [size])
    outputs = 1 if card.head == "sigmoid" else len(card.classes)
    _expect(card, "outputs", [tuple(part.shape)[1:] for part in model.outputs], [(outputs,)])
    layers = {layer.name: layer for layer in model.layers}
    if "logits" not in layers or model.layers[-1].name != "probabilities":
        raise PackageError(
            f"The network of {card.name!r} must end with a layer 'logits' and an activation "
            f"'probabilities'; it ends with {model.layers[-1].name!r}."
        )
    activation = getattr(layers["probabilities"], "activation", None)
    _expect(card, "head", getattr(activation, "__name__", None), card.head)
    heatmap = layers.get(card.heatmap_layer)
    if heatmap is None or len(heatmap.output.shape) != IMAGE_RANK:
        raise PackageError(
            f"The card of {card.name!r} names the heatmap layer {card.heatmap_layer!r}, "
            "which the network does not have or which is not convolutional."
        )


def _expect(card: Card, quantity: str, actual: Any, stated: Any) -> None:
    if actual != stated:
        raise PackageError(
            f"The network of {card.name!r} does not fit its card: its {quantity} are {actual}, "
            f"the card says {stated}."
        )
