"""A model on an encoder as the explanations see it: no gradients, but what each place gave.

Grad-CAM of a network that averages its places and adds up is what each place adds to the class, so
that is its map here, too (class activation map, Zhou et al. 2016); of a class token it is what the
token's weights make of each place.
"""

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from core.batch import batch_of
from core.encoders.features import class_rows
from core.encoders.graph import FEATURES, PLACES
from core.encoders.shelf import CONSTANTS_FILE, GRAPH_FILE, Encoder
from core.processor import compiled
from core.registry.head import LinearHead

_LEAST_VALUES = 64  # of a constant that was learnt; fewer are shapes, scales and the like
_TYPES = {"f32": np.float32, "f16": np.float16, "f64": np.float64}


class EncoderNetwork:
    """An encoder and a head; `lock` must be held by whoever runs it.

    See `core.explain.methods.network.Network`, whose methods it has.

    Parameters
    ----------
    encoder
    head
        Of the model.
    """

    def __init__(self, encoder: Encoder, head: LinearHead) -> None:
        self.lock = Lock()
        self.outputs = head.kernel.shape[1]
        self._card = encoder.card
        self.batch = batch_of(self._card.input.height, self._card.input.width)
        self._xml = (encoder.path / GRAPH_FILE).read_bytes()
        self._constants = np.fromfile(encoder.path / CONSTANTS_FILE, np.uint8)
        self._learnt = _learnt_constants(self._xml)
        self._trained = head
        self._head = head
        self._use(self._constants)

    def scores(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Return (N, K) logits of one batch; of a sigmoid head minus the logit, and the logit."""
        features = self._run(inputs, FEATURES)
        logits: NDArray[np.float32] = features @ self._head.kernel + self._head.bias
        return logits if self.outputs > 1 else np.concatenate([-logits, logits], axis=1)

    def features(self, layer: str, inputs: NDArray[np.uint8]) -> NDArray[np.float32]:  # noqa: ARG002 - it has one
        """Return what the places give for one batch, (N, h, w, c)."""
        return self._run(inputs, PLACES)

    def gradcam(self, layer: str) -> Callable[..., tuple[NDArray[np.float32], ...]]:  # noqa: ARG002 - it has one
        """The class activation map; gives logits (N, K) and maps (N, h, w), 0 or above."""

        def run(
            inputs: NDArray[np.uint8], class_index: int
        ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            scores, places = self.scores(inputs), self._run(inputs, PLACES)
            row = class_rows(self._head.kernel, places.shape[-1])[:, class_index]
            return scores, np.maximum(places @ row, 0)

        return run

    @property
    def learnt(self) -> int:
        """How many parts hold something learnt: the head, and the encoder's constants."""
        return 1 + len(self._learnt)

    def cascade(
        self, stops: Sequence[int], inputs: NDArray[np.uint8], generator: np.random.Generator
    ) -> Iterator[int]:
        """Shuffle the values within ever more of what was learnt, the head first.

        Shuffled values keep their spread, so that signals neither die nor explode, and lose all
        that was learnt. See `core.explain.randomise.cascade`.
        """
        del inputs  # nothing here has statistics of its own
        constants, done = self._constants.copy(), 0
        for stop in stops:
            for part in range(done, stop):
                if part == 0:
                    kernel = generator.permuted(self._trained.kernel.ravel())
                    shape = self._trained.kernel.shape
                    self._head = LinearHead(kernel.reshape(shape), self._trained.bias)
                    continue
                start, size, kind = self._learnt[-part]
                values = constants[start : start + size].view(kind)
                values[:] = generator.permuted(values)
            self._use(constants)
            done = stop
            yield stop

    def restore(self) -> None:
        """Give everything that was learnt back."""
        self._head = self._trained
        self._use(self._constants)

    def _use(self, constants: NDArray[np.uint8]) -> None:
        import openvino  # noqa: PLC0415 - a third of a second

        graph = openvino.Core().read_model(self._xml, openvino.Tensor(constants.copy()))
        self._request: Any = compiled(graph, keep=False).create_infer_request()

    def _run(self, inputs: NDArray[Any], output: str) -> NDArray[np.float32]:
        shown = np.clip(np.rint(inputs), 0, 255).astype(np.uint8)
        self._request.infer([np.ascontiguousarray(shown)])
        values: NDArray[np.float32] = self._request.get_tensor(output).data.copy()
        return values


def _learnt_constants(xml: bytes) -> list[tuple[int, int, Any]]:
    """Start, size in bytes and type of each constant with enough values, in the graph's order."""
    constants: list[tuple[int, int, Any]] = []
    for layer in ET.fromstring(xml).iter("layer"):  # noqa: S314 - OpenVINO wrote it, its hash is known
        data = layer.find("data")
        if layer.get("type") != "Const" or data is None:
            continue
        kind = _TYPES.get(data.get("element_type", ""))
        size = int(data.get("size", 0))
        if kind is not None and size >= _LEAST_VALUES * np.dtype(kind).itemsize:
            constants.append((int(data.get("offset", 0)), size, kind))
    return constants
