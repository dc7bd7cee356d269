"""Turn published weights for PyTorch into a graph; runs in a process that may take only so much.

Only tensors are read of the weights, no program: `weights_only`, and no code of the repository.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.encoders.catalogue import Loader
from core.encoders.read import GIVEN
from core.errors import EncoderError
from core.fields import CardPart, Positive, Side

CONVERSION_FILE, CONVERTED_FILE = "conversion.json", "converted.json"
GRAPH = "converted.xml"
MOST_DIFFERENCE = 1e-3
"""Between PyTorch's features and the graph's, of the largest feature."""


class ConversionRequest(CardPart):
    """What to convert: a file of the folder `given`, and how it is put together."""

    weights: str
    loader: Loader
    architecture: str | None
    arguments: dict[str, bool | int | float | str]
    height: Side
    width: Side


class Converted(CardPart):
    """What converted it, and how far the graph's features are from PyTorch's at most."""

    by: str
    difference: float
    tolerance: Positive = MOST_DIFFERENCE


def convert_given(work: Path) -> None:
    """Write the graph of the weights that `conversion.json` in a folder names.

    Raises
    ------
    EncoderError
        If the weights are not those of the network, or the graph's features differ from PyTorch's.
    """
    request = ConversionRequest.model_validate_json((work / CONVERSION_FILE).read_bytes())
    # Nothing is fetched from here on; where a library would ask, it is told that it cannot.
    os.environ["HF_HUB_OFFLINE"] = "1"
    import openvino  # noqa: PLC0415 - seconds, and only here
    import torch  # noqa: PLC0415

    file = work / GIVEN / request.weights
    try:
        network = _LOADERS[request.loader](file, request)
        images = _images(request)
        with torch.no_grad():
            if request.loader == "exported":
                expected = network.module()(torch.from_numpy(images)).numpy()
                graph = openvino.convert_model(network)
            else:
                expected = network(torch.from_numpy(images)).numpy()
                shape = openvino.PartialShape([-1, 3, request.height, request.width])
                graph = openvino.convert_model(
                    network, example_input=torch.from_numpy(images), input=[shape]
                )
    except EncoderError:
        raise
    except Exception as error:
        raise EncoderError(
            f"The published weights could not be converted ({_first_line(error)}). They may have "
            "changed since Lobule learnt of them: look for a newer Lobule."
        ) from error
    difference = _difference(graph, images, expected)
    if not difference <= MOST_DIFFERENCE:
        raise EncoderError(
            f"The converted graph's features are {difference:.2g} from PyTorch's, of the largest; "
            f"at most {MOST_DIFFERENCE:g} is accepted. Nothing was added."
        )
    openvino.save_model(graph, work / GRAPH, compress_to_fp16=False)
    converted = Converted(by=_versions(), difference=difference)
    (work / CONVERTED_FILE).write_text(json.dumps(converted.model_dump(mode="json")), "utf-8")


def _by_timm(file: Path, request: ConversionRequest) -> Any:
    import timm  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from timm.layers import SwiGLUPacked  # noqa: PLC0415

    arguments: dict[str, Any] = dict(request.arguments)
    if arguments.pop("swiglu", False):
        arguments |= {"mlp_layer": SwiGLUPacked, "act_layer": torch.nn.SiLU}
    network = timm.create_model(
        str(request.architecture), pretrained=False, num_classes=0, **arguments
    )
    network.load_state_dict(_tensors(file), strict=True)
    return network.eval()


def _by_transformers(file: Path, request: ConversionRequest) -> Any:  # noqa: ARG001 - one signature
    import torch  # noqa: PLC0415
    from transformers import AutoModel  # noqa: PLC0415

    found, told = AutoModel.from_pretrained(
        file.parent,
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
        dtype=torch.float32,
    )
    # A pooler behind the tokens is not used here, and not always published.
    if missing := [name for name in told["missing_keys"] if not name.startswith("pooler.")]:
        raise EncoderError(
            f"The published weights lack {len(missing)} parts, such as {missing[0]}."
        )

    class Tokens(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = found

        def forward(self, images: Any) -> Any:
            return self.network(pixel_values=images).last_hidden_state

    return Tokens().eval()


def _exported(file: Path, request: ConversionRequest) -> Any:  # noqa: ARG001
    import torch  # noqa: PLC0415

    return torch.export.load(file)


def _as_it_is(file: Path, request: ConversionRequest) -> Any:
    raise EncoderError(f"{file.name} is a {request.loader} already; it is added as it is.")


_LOADERS = {
    "timm": _by_timm,
    "transformers": _by_transformers,
    "exported": _exported,
    "graph": _as_it_is,
}


def _tensors(file: Path) -> Mapping[str, Any]:
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file  # noqa: PLC0415

        tensors: Mapping[str, Any] = load_file(file)
        return tensors
    import torch  # noqa: PLC0415

    # Only tensors: `weights_only` runs no program that a file may hold.
    loaded: Mapping[str, Any] = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    return loaded


def _images(request: ConversionRequest) -> NDArray[np.float32]:
    """Two prepared images of noise, which no region of a network is blind to."""
    shape = (2, 3, request.height, request.width)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _difference(graph: Any, images: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Largest difference, of the largest feature; by itself and beside another image."""
    import openvino  # noqa: PLC0415

    # The processor would choose 16 bit by itself where it can.
    request = openvino.compile_model(
        graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    ).create_infer_request()
    worst = 0.0
    for rows in (slice(0, 2), slice(1, 2)):
        request.infer([images[rows]])
        found = request.get_output_tensor(0).data
        scale = max(float(np.abs(expected).max()), 1e-12)
        worst = max(worst, float(np.abs(found - expected[rows]).max()) / scale)
    return worst


def _versions() -> str:
    names = ("openvino", "torch", "timm", "transformers")
    return ", ".join(
        f"{name} {sys.modules[name].__version__.split('-')[0]}"
        for name in names
        if name in sys.modules
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
