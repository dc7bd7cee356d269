"""Loading the model in the background."""

import gc

import pytest

import core.diagnosis
import core.registry.shelf
from pages.shared import warm_up as module
from pages.shared.warm_up import WarmUp


def test_what_was_loaded_is_left_out_when_garbage_is_collected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[list[int]] = []
    monkeypatch.setattr(core.registry.shelf, "find", lambda _: None)
    monkeypatch.setattr(module, "HEAD_START_SECONDS", 0.0)
    monkeypatch.setattr(core.diagnosis, "warm_up", lambda _: loaded.append([1]))
    before = gc.get_freeze_count()
    try:
        WarmUp().work()
        assert gc.get_freeze_count() > before
        assert len(loaded) == 1
    finally:
        gc.unfreeze()
