"""Features of squares by an encoder, and the graph that answers once a head is put on it."""

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.encoders.graph import FEATURES, PLACES
from core.encoders.shelf import CONSTANTS_FILE, GRAPH_FILE, Encoder, read_card
from core.errors import EncoderError
from core.processor import compiled, reason_of


class FeatureNetwork:
    """An encoder that is ready; it may be called from any thread, one call at a time.

    Raises
    ------
    EncoderError
        If OpenVINO refuses its graph.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.card = encoder.card
        self._lock = Lock()
        try:
            self._request = compiled(read(encoder)).create_infer_request()
        except RuntimeError as error:
            raise EncoderError(refusal(encoder, error)) from error
        if read_card(encoder.path).sha256 != encoder.card.sha256:
            raise EncoderError(
                f"The encoder {encoder.card.name!r} was replaced by another one meanwhile. Begin "
                "again."
            )

    def __call__(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Describe (N, h, w, 3) RGB of the encoder's size, (N, F)."""
        with self._lock:
            self._request.infer([np.ascontiguousarray(squares)])
            # A copy: the next call writes into the same memory.
            described: NDArray[np.float32] = self._request.get_tensor(FEATURES).data.copy()
        return described


def read(encoder: Encoder) -> Any:
    """Read an encoder's graph, an openvino.Model.

    Raises
    ------
    RuntimeError
        If OpenVINO refuses it.
    """
    import openvino  # noqa: PLC0415 - a third of a second

    return openvino.Core().read_model(encoder.path / GRAPH_FILE, encoder.path / CONSTANTS_FILE)


def refusal(encoder: Encoder, error: RuntimeError) -> str:
    """Say that OpenVINO refuses an encoder's graph."""
    return (
        f"OpenVINO refuses the encoder {encoder.card.name!r} ({reason_of(error)}). Add it again: "
        "python -m core encoders add."
    )


def with_head(
    encoder: Encoder,
    kernel: NDArray[np.float32],
    bias: NDArray[np.float32],
    names: tuple[str, str, str],
) -> Any:
    """An encoder's graph with one linear layer on its features, an openvino.Model.

    Where the encoder tells of places, so does the graph: what each adds to each class.

    Parameters
    ----------
    encoder : Encoder
    kernel : float32 array, shape (F, K) or (F, 1)
        With one column it is for the second of two classes.
    bias : float32 array, shape (K,) or (1,)
    names : tuple of str
        What its outputs are called: logits (N, K), features (N, F), class maps (N, h, w, K).

    Raises
    ------
    EncoderError
        If OpenVINO refuses the encoder, or the layer is not of its features.
    """
    import openvino  # noqa: PLC0415
    from openvino import opset13 as operations  # noqa: PLC0415

    card = encoder.card
    if kernel.shape[0] != card.dimension or kernel.shape[1:] != bias.shape:
        raise EncoderError(
            f"The head takes {kernel.shape[0]} features and {card.name!r} gives {card.dimension}. "
            "Train the model again."
        )
    try:
        graph = read(encoder)
        outputs = {name: output for output in graph.outputs for name in output.get_names()}
        features = outputs[FEATURES].get_node().input_value(0)
        logits = operations.add(_times(features, kernel, operations), bias.reshape(1, -1))
        named = [(names[0], logits.output(0)), (names[1], features)]
        if card.grid:
            places = outputs[PLACES].get_node().input_value(0)
            width = places.get_partial_shape()[3].get_length()
            rows = class_rows(kernel, width) / np.float32(card.grid[0] * card.grid[1])
            named.append((names[2], _times(places, rows, operations).output(0)))
        else:
            # One place: the whole image, so that nothing stands out.
            values = _times(features, class_rows(kernel, len(kernel)), operations)
            shape = np.array([0, 1, 1, -1], np.int64)
            whole = operations.reshape(values, shape, True)  # noqa: FBT003 - 0 keeps the batch
            named.append((names[2], whole.output(0)))
        results = []
        for name, output in named:
            results.append(operations.result(output))
            results[-1].output(0).get_tensor().set_names({name})
        return openvino.Model(results, graph.get_parameters(), card.name)
    except (RuntimeError, KeyError) as error:
        raise EncoderError(refusal(encoder, RuntimeError(str(error)))) from error


def class_rows(kernel: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """What a head makes of a place's numbers, (width, K): a column for each class.

    Of a class token beside the mean of places, the last of the kernel's rows are of the mean; of a
    sigmoid's one column the classes have minus it, and it.
    """
    rows = kernel[-width:]
    return np.concatenate([-rows, rows], axis=1) if rows.shape[1] == 1 else rows


def _times(values: Any, kernel: NDArray[np.float32], operations: Any) -> Any:
    return operations.matmul(values, kernel.astype(np.float32), False, False)  # noqa: FBT003 - neither is transposed
