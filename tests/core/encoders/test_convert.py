"""Weights for PyTorch become a graph with the same features; no program among them is run."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as operations
from pydantic import TypeAdapter

from core.encoders import catalogue, convert, hub
from core.encoders.catalogue import Loader
from core.encoders.features import FeatureNetwork
from core.encoders.given import made_from
from core.errors import PackageError
from tests import made_encoders as made
from tests.core.encoders.test_hub import known
from tests.made_hub import serving

SIDE = 56
MEAN, DEVIATION = made.MEAN, made.DEVIATION
# A ViT as the field has them: registers, layer scale, a gated MLP.
TIMM = """
import sys, numpy as np, timm, torch
from timm.layers import SwiGLUPacked
torch.manual_seed(0)
network = timm.create_model("vit_huge_patch14_224", num_classes=0, img_size=56,
    depth=2, embed_dim=32, num_heads=4, global_pool="", reg_tokens=4, init_values=0.5,
    mlp_ratio=4, mlp_layer=SwiGLUPacked, act_layer=torch.nn.SiLU).eval()
folder = sys.argv[1]
torch.save(network.state_dict(), f"{folder}/pytorch_model.bin")
with torch.no_grad():
    tokens = network(torch.from_numpy(np.load(f"{folder}/images.npy"))).numpy()
np.save(f"{folder}/tokens.npy", tokens)
"""
ARGUMENTS = {
    "img_size": SIDE,
    "depth": 2,
    "embed_dim": 32,
    "num_heads": 4,
    "global_pool": "",
    "reg_tokens": 4,
    "init_values": 0.5,
    "mlp_ratio": 4,
    "swiglu": True,
}
TRANSFORMERS = """
import sys, numpy as np, torch
from transformers import Dinov2Config, Dinov2Model
torch.manual_seed(0)
network = Dinov2Model(Dinov2Config(hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
    image_size=84, patch_size=14)).eval()
folder = sys.argv[1]
network.save_pretrained(folder)
with torch.no_grad():
    images = torch.from_numpy(np.load(f"{folder}/images.npy"))
    tokens = network(pixel_values=images).last_hidden_state.numpy()
np.save(f"{folder}/tokens.npy", tokens)
"""


def by_pytorch(program: str, folder: Path, path: str, images: np.ndarray) -> np.ndarray:
    """Save weights, and what PyTorch makes of images."""
    np.save(folder / "images.npy", images)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(folder)],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        timeout=180,
    )
    return np.load(folder / "tokens.npy")


@pytest.mark.exhaustive
@pytest.mark.usefixtures("each_in_a_child")
@pytest.mark.parametrize(
    ("loader", "program", "prefix"), [("timm", TIMM, 5), ("transformers", TRANSFORMERS, 1)]
)
def test_a_vit_of_random_weights_comes_through_with_its_features(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pytorch: Path,
    loader: Loader,
    program: str,
    prefix: int,
) -> None:
    squares = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    ready = ((squares / 255 - np.array(MEAN)) / np.array(DEVIATION)).transpose(0, 3, 1, 2)
    path = str(pytorch) if loader == "timm" else ""
    tokens = by_pytorch(program, tmp_path, path, ready.astype(np.float32))
    monkeypatch.setenv("PYTHONPATH", path)
    known(
        monkeypatch,
        loader=loader,
        weights=("model.safetensors", "pytorch_model.bin"),
        beside=("config.json",) if loader == "transformers" else (),
        architecture="vit_huge_patch14_224" if loader == "timm" else None,
        arguments=ARGUMENTS if loader == "timm" else {},
        input=made.preparation(height=SIDE, width=SIDE),
        features="class token and mean",
        dimension=64,
    )
    names = ("model.safetensors", "pytorch_model.bin", "config.json")
    with serving() as local:
        monkeypatch.setenv("HF_ENDPOINT", local.address)
        local.files = {
            f"somebody/toy/{name}": (tmp_path / name).read_bytes()
            for name in names
            if (tmp_path / name).exists()
        }
        encoder = hub.add_known("toy", agreed=True)
    card = encoder.card
    assert card.conversion
    assert card.conversion.difference < 1e-5
    assert f"{loader} " in card.conversion.by
    assert card.made_from == card.conversion.weights
    # The weights alone do not tell which network it is.
    assert card.made_from != made_from([next(path for path in tmp_path.glob("*model.*"))])
    assert (card.grid, card.maps) == ((4, 4), "approximate")
    expected = np.concatenate([tokens[:, 0], tokens[:, prefix:].mean(axis=1)], axis=1)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        FeatureNetwork(encoder)(squares) / scale, expected / scale, atol=1e-4
    )


class Hostile:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.mark,)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("each_in_a_child")
def test_weights_that_are_a_program_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytorch: Path
) -> None:
    mark = tmp_path / "mark"
    monkeypatch.setenv("PYTHONPATH", str(pytorch))
    known(
        monkeypatch,
        loader="timm",
        weights=("pytorch_model.bin",),
        architecture="resnet18",
        input=made.preparation(),
    )
    with serving() as local:
        monkeypatch.setenv("HF_ENDPOINT", local.address)
        local.files = {"somebody/toy/pytorch_model.bin": pickle.dumps({"fc.weight": Hostile(mark)})}
        with pytest.raises(PackageError, match="could not be converted"):
            hub.add_known("toy", agreed=True)
    assert not mark.exists()


def test_no_number_and_far_off_are_no_agreement() -> None:
    pixels = operations.parameter([-1, 3, 2, 2], np.float32, name="x")
    mean = operations.reduce_mean(pixels, np.array([2, 3], np.int64), False)  # noqa: FBT003
    images = np.random.default_rng(0).normal(size=(2, 3, 2, 2)).astype(np.float32)
    expected = images.mean(axis=(2, 3))
    graph = openvino.Model([mean], [pixels], "mean")
    assert convert.difference_of(graph, images, expected) < 1e-6
    assert convert.difference_of(graph, images, expected + 1) > 0.1
    assert convert.difference_of(graph, images, expected * np.nan) == np.inf
    root = operations.sqrt(operations.negative(operations.abs(mean)))
    nothing = openvino.Model([root], [pixels], "nan")
    assert convert.difference_of(nothing, images, expected) == np.inf


def test_every_way_to_publish_has_a_loader() -> None:
    loaders = TypeAdapter(Loader).core_schema["expected"]
    assert set(loaders) == set(convert._LOADERS)
    assert {known.loader for known in catalogue.known_encoders()} <= set(loaders)
