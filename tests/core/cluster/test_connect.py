"""What travels to the machines of a cluster besides the program."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from core.cluster import connect


def test_images_are_answered_there_by_the_settings_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, Any] = {}
    stub = SimpleNamespace(init=lambda **options: told.update(options))
    monkeypatch.setitem(sys.modules, "ray", stub)
    monkeypatch.setattr(connect, "head_of", lambda _: ("10.0.0.1", 6379))
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        monkeypatch.setenv(name, "0")  # so that what is set is undone
    monkeypatch.setenv("LOBULE_MAX_IMAGE_MEGABYTES", "512.5")
    monkeypatch.setenv("LOBULE_MAX_IMAGE_MEGAPIXELS", "900")
    monkeypatch.setenv("LOBULE_ENGINE", "openvino")
    connect.connect("10.0.0.1:6379", 1)
    there = told["runtime_env"]["env_vars"]
    assert float(there["LOBULE_MAX_IMAGE_MEGABYTES"]) == 512.5
    assert float(there["LOBULE_MAX_IMAGE_MEGAPIXELS"]) == 900
    assert there["LOBULE_ENGINE"] == "openvino"
