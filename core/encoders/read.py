"""Read the graph of an encoder for the first time; runs in a process that may take only so much.

What is written are operations and constants that OpenVINO made of the file, so that nothing of the
file itself, which may be anybody's, is opened by Lobule again.
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.batch import batch_of
from core.encoders.card import Features, Maps, Preparation
from core.encoders.graph import FEATURES, with_preparation
from core.encoders.shelf import GRAPH_FILE
from core.errors import EncoderError
from core.fields import CardPart
from core.processor import compiled, reason_of

GIVEN = "given"
"""Folder of the file and of what belongs to it."""
REQUEST_FILE, FOUND_FILE, IMAGES_FILE = "request.json", "found.json", "images.npy"
_CLOSE = 1e-3


class EncoderRequest(CardPart):
    """Which file, and what was stated about it."""

    file: str
    input: Preparation
    features: Features | None
    tensor: str | None


class EncoderFound(CardPart):
    """What the graph turned out to be."""

    features: Features
    dimension: Annotated[int, Field(ge=1, le=16_384)]
    grid: tuple[int, int] | None
    maps: Maps


def read_given(work: Path) -> None:
    """Write the graph of the file that `request.json` in a folder names, and what it gives.

    Raises
    ------
    EncoderError
        If it is no graph, gives nothing to learn from, or other features for an image by itself
        than among others.
    """
    import openvino  # noqa: PLC0415 - a third of a second

    request = EncoderRequest.model_validate_json((work / REQUEST_FILE).read_bytes())
    try:
        original = openvino.Core().read_model(work / GIVEN / request.file)
        graph, facts = with_preparation(original, request.input, request.features, request.tensor)
        _try(graph, np.load(work / IMAGES_FILE, allow_pickle=False))
        openvino.save_model(graph, work / GRAPH_FILE, compress_to_fp16=False)
    except RuntimeError as error:
        raise EncoderError(
            f"{Path(request.file).name} cannot be read as ONNX or OpenVINO's format "
            f"({reason_of(error)}). Export it again."
        ) from error
    answer = EncoderFound(**facts._asdict())
    (work / FOUND_FILE).write_text(json.dumps(answer.model_dump(mode="json")), encoding="utf-8")


def _try(graph: object, images: NDArray[np.uint8]) -> None:
    """Have it describe two images, together and by themselves, and as many as it ever will."""
    request = compiled(graph, keep=False).create_infer_request()

    def features(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        request.infer([np.ascontiguousarray(pixels)])
        described: NDArray[np.float32] = request.get_tensor(FEATURES).data.copy()
        return described

    together = features(images)
    # As many as will be answered at once: what that takes is found out here.
    features(np.resize(images, (batch_of(*images.shape[1:3]), *images.shape[1:])))
    if not np.isfinite(together).all():
        raise EncoderError(
            "The features of a picture are no finite numbers. Check mean and deviation, or export "
            "the network in 32 bit."
        )
    scale = float(np.abs(together).max())
    if scale == 0 or np.abs(together[0] - together[1]).max() <= _CLOSE * scale / 100:
        raise EncoderError(
            "Two different pictures get the same features. Check mean, deviation and which output "
            "was named."
        )
    for number in range(len(images)):
        alone = features(images[number : number + 1])
        if np.abs(alone - together[number]).max() > _CLOSE * scale:
            raise EncoderError(
                "A picture gets other features by itself than beside another. Export the network "
                "for inference, its batch normalisation fixed."
            )
