"""Turn published weights for PyTorch into a graph; runs in a process that may take only so much.

Only tensors are read of the weights, never a program: `.safetensors`, or `weights_only`; and no
code of the repository.
"""

import json
import os
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.encoders.catalogue import Loader
from core.encoders.read import GIVEN
from core.errors import EncoderError
from core.extras import how_to_install
from core.fields import CardPart, Side

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
            expected = network(torch.from_numpy(images)).numpy()
            shape = openvino.PartialShape([-1, 3, request.height, request.width])
            graph = openvino.convert_model(
                network, example_input=torch.from_numpy(images), input=[shape]
            )
    except EncoderError:
        raise
    except ImportError as error:
        raise EncoderError(
            f"What converts networks cannot start ({error}). {how_to_install('encoders')}"
        ) from error
    except pickle.UnpicklingError as error:
        raise EncoderError(
            "The published weights hold more than numbers: a program, which is not run. Nothing "
            "was added."
        ) from error
    except Exception as error:
        raise EncoderError(
            f"The published weights could not be converted ({_first_line(error)}). They may have "
            "changed since Lobule learnt of them: look for a newer Lobule."
        ) from error
    difference = difference_of(graph, images, expected)
    if not difference <= MOST_DIFFERENCE:
        raise EncoderError(
            f"The converted graph's features are {difference:.2g} from PyTorch's, of the largest; "
            f"at most {MOST_DIFFERENCE:g} is accepted. Nothing was added."
        )
    try:
        openvino.save_model(graph, work / GRAPH, compress_to_fp16=False)
    except RuntimeError as error:
        raise EncoderError(
            f"The converted graph could not be written ({_first_line(error)}). Make room on the "
            "disk of LOBULE_HOME, and add the encoder again."
        ) from error
    converted = Converted(by=_versions(), difference=difference)
    (work / CONVERTED_FILE).write_text(json.dumps(converted.model_dump(mode="json")), "utf-8")


def _by_timm(file: Path, request: ConversionRequest) -> Any:
    import timm  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from timm.layers import SwiGLUPacked  # noqa: PLC0415

    arguments: dict[str, Any] = dict(request.arguments)
    if arguments.pop("swiglu", False):
        arguments |= {"mlp_layer": SwiGLUPacked, "act_layer": torch.nn.SiLU}
    if arguments.pop("convolutional_stem", False):
        arguments["embed_layer"] = convolutional_stem()
    network = timm.create_model(
        str(request.architecture), pretrained=False, num_classes=0, **arguments
    )
    tensors = _tensors(file)
    if str(request.architecture).startswith("swin"):
        from timm.models.swin_transformer import checkpoint_filter_fn  # noqa: PLC0415

        # The authors' names of where a stage is halved are not timm's.
        tensors = checkpoint_filter_fn(dict(tensors), network)
    network.load_state_dict(tensors, strict=True)
    return network.eval()


def convolutional_stem() -> Any:
    """What CTransPath begins with in place of a patch embedding (Wang et al. 2022)."""
    from torch import nn  # noqa: PLC0415

    class ConvolutionalStem(nn.Module):
        def __init__(
            self,
            img_size: int | tuple[int, int] = 224,
            patch_size: int = 4,
            in_chans: int = 3,
            embed_dim: int = 96,
            norm_layer: Any = None,
            **_: Any,
        ) -> None:
            super().__init__()
            self.img_size, self.patch_size = img_size, patch_size
            height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
            self.grid_size = (height // patch_size, width // patch_size)
            steps: list[Any] = []
            before, behind = in_chans, embed_dim // 8
            for _step in range(2):
                steps += [
                    nn.Conv2d(before, behind, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(behind),
                    nn.ReLU(inplace=True),
                ]
                before, behind = behind, 2 * behind
            self.proj = nn.Sequential(*steps, nn.Conv2d(before, embed_dim, 1))
            self.norm = norm_layer(embed_dim) if norm_layer else nn.Identity()

        def forward(self, images: Any) -> Any:
            return self.norm(self.proj(images).permute(0, 2, 3, 1))

    return ConvolutionalStem


def _by_transformers(file: Path, request: ConversionRequest) -> Any:  # noqa: ARG001 - one signature
    import torch  # noqa: PLC0415
    from transformers import AutoModel  # noqa: PLC0415

    network, loading = AutoModel.from_pretrained(
        file.parent,
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
        dtype=torch.float32,
    )
    # A pooler behind the tokens is not used here, and not always published.
    if missing := [name for name in loading["missing_keys"] if not name.startswith("pooler.")]:
        raise EncoderError(
            f"The published weights lack {len(missing)} parts, such as {missing[0]}."
        )

    class Tokens(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: Any) -> Any:
            return self.network(pixel_values=images).last_hidden_state

    return Tokens().eval()


def _as_it_is(file: Path, request: ConversionRequest) -> Any:
    raise EncoderError(f"{file.name} is a {request.loader} already; it is added as it is.")


_LOADERS = {
    "timm": _by_timm,
    "transformers": _by_transformers,
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


def difference_of(graph: Any, images: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Largest difference of a graph's features to expected ones, of the largest; infinite with NaN.

    Of two images together, and of the second by itself.
    """
    import openvino  # noqa: PLC0415

    # The processor would choose 16 bit by itself where it can.
    request = openvino.compile_model(
        graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    ).create_infer_request()
    worst, scale = 0.0, max(float(np.abs(expected).max()), 1e-12)
    for rows in (slice(0, 2), slice(1, 2)):
        request.infer([images[rows]])
        off = np.abs(request.get_output_tensor(0).data - expected[rows])
        worst = max(worst, float(off.max()) / scale) if np.isfinite(off).all() else np.inf
    return worst


def _versions() -> str:
    names = ("openvino", "torch", "timm", "transformers")
    return ", ".join(
        f"{name} {sys.modules[name].__version__.split('-')[0]}"
        for name in names
        if name in sys.modules
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])[:300] or type(error).__name__
