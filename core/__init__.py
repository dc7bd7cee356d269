"""Lobule's core: images and datasets in, honest answers out. Imports no Streamlit."""

import sys

# OpenVINO reports its imports and conversions to its makers where this can be imported; it does
# without where it cannot. Before any module of ours, so that every process has it.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
