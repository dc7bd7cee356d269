"""What `encoders pretrain` asks for, and what it says where it is stopped."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import Stopped
from core.training.pretraining import run as module
from core.training.pretraining.run import PretrainResult


def test_ctrl_c_stops_it_and_it_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def stopped(request: Any, watch: Any) -> None:
        asked.append(request)
        watch.epoch({"epoch": 1, "loss": 312.5, "auroc": 0.91, "seconds": 4.2})
        assert not watch.cancelled()
        os.kill(os.getpid(), signal.SIGINT)
        assert watch.cancelled()
        raise Stopped

    monkeypatch.setattr(module, "pretrain", stopped)
    words = ["--data", str(tmp_path), "--name", "mine", "--slide-scale", "0.5", "--so-far"]
    before = signal.getsignal(signal.SIGINT)
    result = CliRunner().invoke(app, ["encoders", "pretrain", *words, "--set", "epochs=3"])
    assert result.exit_code == 130
    assert "Epoch 1: loss 312.50, AUROC 0.910, 4 s" in result.output
    assert "The same command goes on from the last finished epoch" in result.output
    (request,) = asked
    assert (request.slide_scale, request.no_further, request.settings.epochs) == (0.5, True, 3)
    assert signal.getsignal(signal.SIGINT) == before


START = {"epoch": 0, "seconds": 1.0}
JUDGED = [{**START, "auroc": 0.8}, {"epoch": 1, "seconds": 1.0, "loss": 2.0, "auroc": 0.7}]


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([START], "No epoch was finished yet: there is no encoder to keep."),
        (JUDGED[:1], "No epoch was finished yet: there is no encoder to keep."),
        (JUDGED, "No epoch of 1 beat the ImageNet start"),
    ],
)
def test_nothing_to_keep_so_far_is_said_and_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, history: list[Any], words: str
) -> None:
    monkeypatch.setattr(module, "pretrain", lambda *_: PretrainResult(None, history))
    asked = ["--data", str(tmp_path), "--name", "mine", "--so-far"]
    result = CliRunner().invoke(app, ["encoders", "pretrain", *asked])
    assert result.exit_code == 1
    assert words in result.output
    assert "The same command without --so-far goes on." in result.output
