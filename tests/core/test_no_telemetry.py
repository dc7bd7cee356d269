"""Nothing that Lobule imports reports to anybody."""

import os
import subprocess
import sys
from pathlib import Path

ASKED = """
import core.processor, openvino, sys
openvino.Core().read_model
from openvino.tools.ovc import convert_model
assert sys.modules["openvino_telemetry"] is None
"""


def test_openvino_keeps_no_identity_and_sends_no_events(tmp_path: Path) -> None:
    """Its telemetry writes who one is into the home folder as soon as it is imported."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASKED],
        env=environment | {"HOME": str(tmp_path)},
        check=True,
        timeout=120,
    )
    assert not (tmp_path / "intel").exists()
