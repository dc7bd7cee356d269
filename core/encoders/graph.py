"""An encoder's graph: from RGB pixels to features, and to what each place of the image gave.

It is put together once, when an encoder is added, around the graph that was given; what stands in
the encoder's folder takes pixels as everything in Lobule does.
"""

from typing import Any, NamedTuple

import numpy as np

from core.encoders.card import Features, Maps, Preparation
from core.encoders.places import (
    MAP,
    MOST_PREFIX,
    TOKENS,
    VECTOR,
    Places,
    of_map,
    of_tokens,
    places_behind,
    static,
)
from core.errors import EncoderError
from core.processor import reason_of

PIXELS, FEATURES, PLACES = "pixels", "features", "places"
"""Names of the input, (N, h, w, 3) uint8, and of the outputs: (N, F) and (N, rows, columns, C)."""
MOST_FEATURES = 16_384


class Found(NamedTuple):
    """What a graph turned out to give."""

    features: Features
    dimension: int
    grid: tuple[int, int] | None
    maps: Maps


def with_preparation(
    original: Any, preparation: Preparation, features: Features | None, tensor: str | None
) -> tuple[Any, Found]:
    """Put the preparation before a graph, and features and places behind it.

    Parameters
    ----------
    original : openvino.Model
        With one input, (N, 3, h, w) or (N, h, w, 3); it is changed.
    preparation : Preparation
    features : str or None
        None takes the class token of tokens, and anything else as it comes.
    tensor : str or None
        Which output, by name; None where there is one.

    Raises
    ------
    EncoderError
        If the graph has other inputs or outputs, or another size.
    """
    import openvino  # noqa: PLC0415 - a third of a second
    from openvino import opset13 as operations  # noqa: PLC0415

    first = _image_layout(original, preparation)
    output = _output(original, tensor)
    rank = len(output.get_partial_shape())
    features = features or ("class token" if rank == TOKENS else "as they come")
    vector, places, maps = _described(original, output, features, operations)
    results = [operations.result(vector)]
    if places:
        results.append(operations.result(_laid_out(places, operations)))
    graph = openvino.Model(results, original.get_parameters(), "encoder")
    pixels = openvino.preprocess.PrePostProcessor(graph)
    pixels.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    pixels.input().model().set_layout(openvino.Layout(first))
    steps = pixels.input().preprocess().convert_element_type(openvino.Type.f32)
    steps.mean([255 * value for value in preparation.mean])
    steps.scale([255 * value for value in preparation.deviation])
    for number in range(len(results)):
        pixels.output(number).tensor().set_element_type(openvino.Type.f32)
    graph = pixels.build()
    graph.inputs[0].get_tensor().set_names({PIXELS})
    for named, made in zip((FEATURES, PLACES), graph.outputs, strict=False):
        made.get_tensor().set_names({named})
    dimension = _length(vector.get_partial_shape()[1], "features")
    return graph, Found(features, dimension, places.grid if places else None, maps)


def _image_layout(graph: Any, preparation: Preparation) -> str:
    """Give the graph's one input its size and any number of images; return how its axes lie."""
    inputs = graph.inputs
    if len(inputs) != 1 or len(inputs[0].get_partial_shape()) != MAP:
        raise EncoderError(
            f"The graph takes {len(inputs)} inputs"
            + (f" of {len(inputs[0].get_partial_shape())} axes" if inputs else "")
            + "; an encoder takes one image, (N, 3, height, width) or (N, height, width, 3). "
            "Export it so."
        )
    shape = inputs[0].get_partial_shape()
    at = [axis for axis in (1, 3) if shape[axis].is_static and shape[axis].get_length() == 3]  # noqa: PLR2004 - colours
    first = "NCHW" if 1 in at or (not at and shape[1].is_dynamic) else "NHWC"
    size = (preparation.height, preparation.width)
    for axis, wanted in zip((2, 3) if first == "NCHW" else (1, 2), size, strict=True):
        if shape[axis].is_static and shape[axis].get_length() != wanted:
            raise EncoderError(
                f"The graph takes images {shape[axis].get_length()} px wide or tall, and {wanted} "
                f"was stated. State that size (on the command line by --size "
                f"{shape[axis].get_length()})."
            )
    wanted_shape = [-1, 3, *size] if first == "NCHW" else [-1, *size, 3]
    try:
        graph.reshape(wanted_shape)
    except RuntimeError as error:
        raise EncoderError(
            f"The graph cannot take any number of images of {size[1]}×{size[0]} px "
            f"({reason_of(error)}). Export it with a batch of any size."
        ) from error
    return first


def _output(graph: Any, tensor: str | None) -> Any:
    outputs = graph.outputs
    named = {name: output for output in outputs for name in output.get_names()}
    if tensor is None and len(outputs) == 1:
        chosen = outputs[0]
    elif tensor is not None and tensor in named:
        chosen = named[tensor]
    else:
        listed = ", ".join(
            f"{'/'.join(sorted(output.get_names())) or '(unnamed)'} {output.get_partial_shape()}"
            for output in outputs[:10]
        )
        fault = "none of that name" if tensor else "several"
        raise EncoderError(
            f"Of the graph's outputs there are {fault}: {listed}. Name one (on the command line by "
            "--tensor)."
        )
    return chosen.get_node().input_value(0)


def _described(
    graph: Any, output: Any, features: Features, operations: Any
) -> tuple[Any, Places | None, Maps]:
    """The features of an image, where its places are told of, and what those say of a class."""
    shape = output.get_partial_shape()
    if len(shape) == VECTOR and features == "as they come":
        places, maps = places_behind(graph, output)
        return output.get_node().outputs()[output.get_index()], places, maps
    if len(shape) == MAP and features == "as they come":
        places = of_map(output)
        if places is None:
            raise EncoderError(
                f"The graph gives {shape}, which is no map of places. Export it with its pooled "
                "features."
            )
        axes = [2, 3] if places.channels_first else [1, 2]
        return _mean(output, axes, operations), places, "exact"
    if len(shape) == TOKENS and features != "as they come":
        places = of_tokens(output)
        if places is None:
            raise EncoderError(
                f"The graph gives tokens of shape {shape}, whose number is no square of places "
                f"with up to {MOST_PREFIX} tokens before. Export it with its pooled features."
            )
        return _of_kind(output, places, features, operations)
    raise EncoderError(
        f"The graph gives {shape}, and {features!r} was asked for. Vectors (N, F) and maps "
        '(N, C, h, w) are taken "as they come"; of tokens (N, T, C) the "class token", the "mean '
        'of tokens" or both.'
    )


def _of_kind(
    output: Any, places: Places, features: Features, operations: Any
) -> tuple[Any, Places, Maps]:
    mean = _mean(_after_prefix(output, places.prefix, operations).output(0), [1], operations)
    if features == "mean of tokens":
        return mean, places, "exact"
    if not places.prefix:
        raise EncoderError(
            f"The graph gives {places.grid[0]}×{places.grid[1]} tokens, one for each place, and no "
            "class token. Choose the mean of tokens (on the command line by --features "
            "mean-of-tokens)."
        )
    token = operations.gather(output, np.int64(0), np.int64(1)).output(0)
    if features == "class token":
        return token, places, "approximate"
    return operations.concat([token, mean], 1).output(0), places, "approximate"


def _mean(output: Any, axes: list[int], operations: Any) -> Any:
    return operations.reduce_mean(output, np.array(axes, np.int64), False).output(0)  # noqa: FBT003 - no axis is kept


def _after_prefix(output: Any, prefix: int, operations: Any) -> Any:
    """Tokens of places alone."""
    far = np.iinfo(np.int64).max
    step = np.array([1], np.int64)
    return operations.slice(output, np.array([prefix], np.int64), np.array([far]), step, step)


def _laid_out(places: Places, operations: Any) -> Any:
    """Places as (N, rows, columns, C)."""
    if places.channels_first:
        return operations.transpose(places.output, np.array([0, 2, 3, 1], np.int64)).output(0)
    if len(places.output.get_partial_shape()) == MAP:
        return places.output
    tokens = _after_prefix(places.output, places.prefix, operations)
    shape = np.array([0, *places.grid, -1], np.int64)
    return operations.reshape(tokens, shape, True).output(0)  # noqa: FBT003 - 0 keeps the batch


def _length(side: Any, quantity: str) -> int:
    length = static(side)
    if length is None or not 1 <= length <= MOST_FEATURES:
        raise EncoderError(
            f"The graph gives {length or 'an unknown number of'} {quantity}; 1 to "
            f"{MOST_FEATURES:,} can be learnt from. Export it with its pooled features."
        )
    return length
