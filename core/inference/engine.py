"""The engine: a package's graph, compiled by OpenVINO for this processor."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import PackageError
from core.processor import compiled, reason_of
from core.registry.files import GRAPH_FILE
from core.registry.graph import CLASS_MAPS, FEATURES, LOGITS, Graph
from core.registry.package import Package
from core.settings import get_settings

NAME = "OpenVINO"


class Pass(NamedTuple):
    """What one pass of the graph gives for N inputs; see `core.registry.graph`."""

    logits: NDArray[np.float32]
    features: NDArray[np.float32]
    class_maps: NDArray[np.float32] | None


class Engine:
    """A compiled graph, in 32 bit; not to be run from two threads at once.

    What was compiled is kept under `LOBULE_HOME` by the graph's hash, so that the next start
    compiles nothing; unless `keep` is false.

    Raises
    ------
    PackageError
        If OpenVINO refuses the graph.
    """

    def __init__(self, graph: Graph, *, keep: bool = True) -> None:
        self.layer = graph.layer
        self.layers = graph.layers
        self.bytes = graph.bytes
        try:
            network = compiled(graph.read(), keep=keep)
        except RuntimeError as error:
            raise PackageError(
                f"OpenVINO refuses the model's graph: {reason_of(error)}. Restore the package, "
                "or set LOBULE_ENGINE=tensorflow where it has a network of its own."
            ) from error
        self._request = network.create_infer_request()
        shapes = {
            name: output.get_partial_shape()
            for output in network.outputs
            for name in output.get_names()
        }
        self._maps = CLASS_MAPS in shapes
        self.features = int(shapes[FEATURES][1].get_length())

    def run(self, inputs: NDArray[np.uint8]) -> Pass:
        """Answer (N, h, w, 3) RGB of the network's size."""
        self._request.infer([np.ascontiguousarray(inputs)])
        held = [LOGITS, FEATURES, *([CLASS_MAPS] if self._maps else [])]
        # Copies: the next run writes into the same memory.
        outputs = [self._request.get_tensor(name).data.copy() for name in held]
        return Pass(outputs[0], outputs[1], outputs[2] if self._maps else None)


def uses_engine(package: Package) -> bool:
    """Whether a package answers through the engine: it carries a graph, and no GPU is there.

    `LOBULE_ENGINE` decides otherwise, save of a model on an encoder, which has nothing else.
    """
    if package.card.encoder:
        return True
    engine = get_settings().engine
    if engine == "tensorflow" or GRAPH_FILE not in package.card.files:
        return False
    return engine == "openvino" or not gpu_at_hand()


def gpu_at_hand() -> bool:
    """Whether an NVIDIA GPU is there, without asking TensorFlow, which takes seconds."""
    return Path("/dev/nvidiactl").exists() and find_spec("nvidia") is not None
