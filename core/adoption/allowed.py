"""Which parts a network made elsewhere may have: Keras's own, and nothing that runs code."""

from collections.abc import Iterator
from typing import Any

from core.adoption.modern import NESTING
from core.errors import PackageError
from core.registry.archive import PLAIN, TRUSTED_MODULES, UNSAFE

_PLAIN = PLAIN | {"__ellipsis__", "__tensor__"}


def refuse_unsafe(config: dict[str, Any]) -> None:
    """Refuse a network that holds anything but Keras's own layers, nested or not.

    Parameters
    ----------
    config
        As `core.adoption.modern.modern` gives it.

    Raises
    ------
    PackageError
        Names what is not acceptable.
    """
    faults = sorted(set(_faults(config)))
    if faults:
        raise PackageError(
            f"The network is refused: it holds {', '.join(faults[:6])}. Lobule loads only "
            "Functional and Sequential networks of Keras's own layers, because others can run "
            "foreign code. Build the network without it, copy the weights and save it again."
        )


def _faults(config: dict[str, Any]) -> Iterator[str]:
    if config.get("class_name") not in NESTING:
        yield (
            f"{config.get('class_name')} at its root, which is not a Functional or Sequential "
            "network"
        )
    pending: list[Any] = [config]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            if "class_name" in node and (fault := _fault(node)):
                yield fault
            # How it was trained is never restored, so what it names does not matter.
            pending.extend(value for key, value in node.items() if key != "compile_config")


def _fault(node: dict[str, Any]) -> str | None:
    name, module = str(node["class_name"]), node.get("module")
    if name in _PLAIN and module is None:
        return None
    if name in UNSAFE or name == "__lambda__":
        return f"the layer {name}, which can run code or read files"
    registered = node.get("registered_name")
    # Where no module is named, as in an `.h5`, Keras looks among its own.
    named = registered in {None, name} and (module is None or module in TRUSTED_MODULES)
    if named and (name in NESTING or name in _known()):
        return None
    return f"the custom object {name} of {module or registered or 'an unknown module'}"


def _known() -> frozenset[str]:
    """Names of Keras's layers, and of what they are described by."""
    import keras  # noqa: PLC0415 - takes seconds

    rooms = (keras.layers, keras.initializers, keras.regularizers, keras.constraints)
    names = {name for room in rooms for name in dir(room) if name[0].isupper()}
    return frozenset(names | {"DTypePolicy", "Policy"}) - {"Layer", "Wrapper", "Initializer"}
