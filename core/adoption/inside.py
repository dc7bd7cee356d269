"""Whether a network scales its colours itself, as EfficientNet and many others do."""

from typing import Any

_PASSES = ("InputLayer", "ZeroPadding2D", "Dropout", "Activation", "Resizing", "CenterCrop")


def scales_itself(model: Any) -> str | None:
    """Say which layer scales colours, in words; None where the network leaves that to others.

    Parameters
    ----------
    model : keras.Model
        A flat network without a scaling of Lobule's.
    """
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Rescaling":
            added = "" if layer.offset == 0 else f", then + {_number(layer.offset)}"
            return f"{layer.name}: × {_number(layer.scale)}{added}"
        if kind == "Normalization":
            return f"{layer.name}: minus a mean, over a deviation"
        if kind not in _PASSES:
            return None
    return None


def _number(value: Any) -> str:
    parts = value if isinstance(value, list | tuple) else [value]
    return ", ".join(f"{float(part):.3g}" for part in parts)
