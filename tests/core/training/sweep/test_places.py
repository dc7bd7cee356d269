"""A sweep on this machine and on a Ray cluster that loses a node: the same to the bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.extras import is_installed
from core.training.sweep.jobs import read_result, sweep_here
from core.training.sweep.jobs.folder import find_sweep
from core.training.sweep.jobs.state import SweepState
from tests.core.cluster.two_nodes import two_nodes
from tests.core.training.sweep import made_sweeps

pytestmark = [
    pytest.mark.slow,
    pytest.mark.exhaustive,
    pytest.mark.skipif(not is_installed("cluster"), reason="Ray is not installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def answers(state: SweepState) -> dict[str, dict[str, np.ndarray]]:
    found = {}
    for path in find_sweep(state.id).answers.iterdir():
        with np.load(path) as kept:
            found[path.stem] = {name: kept[name] for name in kept if name != "seconds"}
    return found


def test_here_and_on_ray_with_a_node_killed(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_WEIGHTS", str(weights))
    data = made_sweeps.write_twenty(tmp_path / "idc")
    probe = {
        "recipe": "breakhis-binary",
        "set": {"architecture": "mobilenetv2", "input_size": 32, "fit": "squash"},
    }
    sweep = made_sweeps.sweep(data, made_sweeps.SMALL, probe)
    here = sweep_here(sweep, lambda _: None)
    with two_nodes(tmp_path / "nodes") as nodes:
        monkeypatch.setenv("LOBULE_RAY", nodes.address)
        killed = False

        def kill_once(state: SweepState) -> None:
            nonlocal killed
            if not killed and len(state.running) > 1:
                killed = True
                nodes.kill_second()

        there = sweep_here(sweep, kill_once)
    assert killed
    assert any(piece.times > 1 for piece in there.each.values())
    assert all(piece.state == "done" for piece in there.each.values())
    assert {piece.where.partition(" (")[0] for piece in here.each.values()} == {
        "this machine, 1 core"
    }
    assert all("(node " in piece.where for piece in there.each.values())
    first, second = answers(here), answers(there)
    assert first.keys() == second.keys()
    assert len(first) == 6
    for key, values in first.items():
        for name, value in values.items():
            np.testing.assert_array_equal(second[key][name], value, err_msg=f"{key} {name}")
    assert plain(here) == plain(there)


def plain(state: SweepState) -> dict[str, Any]:
    """Its result without what the clock says."""
    result = read_result(state.id)
    assert result is not None
    content = result.model_dump()
    for each in content["candidates"]:
        del each["minutes"]
    return content
