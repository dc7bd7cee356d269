"""What a run trains on, on machines that have it and on those that only look so."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.training.fitting import device
from core.training.fitting.device import Device, describe_device
from core.training.fitting.fit import logits_of
from tests.core.training.small_fits import EVEN, PIXELS, STILL, fit, network

ROOT = Path(__file__).resolve().parents[4]
SMI = "#!/bin/sh\necho 'NVIDIA L4, 23034'\necho 'NVIDIA L4, 23034'\n"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Device("gpu", "NVIDIA L4", 1, 24.15), "NVIDIA L4, 24 GB"),
        (Device("gpu", "NVIDIA L4", 2, 24.15), "2 × NVIDIA L4, 24 GB each"),
        (Device("gpu", "Other", 1, None), "Other"),
        (Device("cpu", "AMD EPYC", 8, None), "processor, 8 cores (AMD EPYC)"),
        (Device("cpu", "AMD", 1, None, "no driver"), "processor, 1 core (AMD); no driver"),
    ],
)
def test_it_is_put_in_words(found: Device, text: str) -> None:
    assert str(found) == text


@pytest.fixture
def without_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_cards", list)


@pytest.mark.usefixtures("without_cards")
def test_a_processor_is_described_by_its_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = describe_device()
    assert (found.kind, found.memory_gb, found.note) == ("cpu", None, "")
    assert 1 <= found.count <= (os.cpu_count() or 1)
    assert found.name
    assert device.half_precision_kind() is None
    assert 50 < device.memory_mb() < 100_000


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "nvidia-smi"
    path.write_text(SMI)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return path


@pytest.mark.usefixtures("without_cards", "smi")
def test_a_card_that_the_backend_cannot_use_is_named() -> None:
    found = describe_device()
    assert found.kind == "cpu"
    assert "NVIDIA L4 is there, but" in found.note
    assert "requirements-gpu.txt" in found.note


@pytest.mark.usefixtures("without_cards")
@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 9\n", "#!/bin/sh\necho 'No devices found'\n"])
def test_a_broken_driver_is_no_card(smi: Path, script: str) -> None:
    smi.write_text(script)
    assert describe_device().note == ""


@pytest.mark.usefixtures("smi")
@pytest.mark.parametrize(
    ("capability", "kind"),
    [((8, 9), "mixed_bfloat16"), ((7, 5), "mixed_float16"), ((6, 1), None)],
)
def test_cards_are_described_with_the_precision_they_gain_by(
    capability: tuple[int, int], kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = [SimpleNamespace(name="GPU:0"), SimpleNamespace(name="GPU:1")]
    details = {"device_name": "NVIDIA L4", "compute_capability": capability}
    monkeypatch.setattr(device, "_cards", lambda: cards)
    monkeypatch.setattr(device, "_details", lambda _: details)
    assert str(describe_device()) == "2 × NVIDIA L4, 24 GB each"
    assert device.half_precision_kind() == kind


def elsewhere(folder: Path, devices: int, backend: str) -> Any:
    """Fit in a new interpreter; see `elsewhere.py`."""
    done = subprocess.run(
        [sys.executable, "tests/core/training/fitting/elsewhere.py", str(folder), str(devices)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": ".", "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize(("devices", "backend"), [(2, "tensorflow"), (1, "jax")])
def test_two_devices_and_another_backend_learn_the_same(
    devices: int, backend: str, tmp_path: Path
) -> None:
    given = network(dropout=0.0)
    np.savez(tmp_path / "weights.npz", *given.get_weights())
    here = fit(given, STILL, split=EVEN)
    told = elsewhere(tmp_path, devices, backend)
    assert told["backend"] == backend
    assert told["replicas"] == (devices if backend == "tensorflow" else None)
    for column in ("loss", "val_loss", "val_accuracy", "val_auroc", "learning_rate"):
        np.testing.assert_allclose(told["still"][column], here[column], rtol=1e-4)
    logits = logits_of(given)(PIXELS[EVEN.test])
    np.testing.assert_allclose(told["logits"], logits, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(told["loaded"], told["logits"], rtol=1e-5, atol=1e-6)
    # With all that is random, two phases and a cosine, it learns, and goes on where it was killed.
    assert told["lively"]["phase"] == ["head", "head", "fine-tuning", "fine-tuning"]
    assert told["lively"]["val_loss"][-1] < told["lively"]["val_loss"][0]
    assert told["resumed"] == told["lively"]
    assert told["cancelled"]["epoch"] == [1]
    for image, placed in zip(PIXELS, told["placed"], strict=False):
        turned = [np.rot90(side, turns) for side in (image, image[:, ::-1]) for turns in range(4)]
        assert any(np.allclose(placed, way, atol=0.01) for way in turned)
    assert str(told["device"]).startswith("processor, ")
