"""Graphs compiled for this machine's processor by OpenVINO."""

import os
from pathlib import Path
from typing import Any

from core.settings import get_settings


def compiled(graph: Any, *, keep: bool = True) -> Any:
    """Compile an openvino.Model in 32 bit.

    What was compiled is kept under `LOBULE_HOME` by the graph's hash, so that the next start
    compiles nothing; unless `keep` is false.

    Raises
    ------
    RuntimeError
        If OpenVINO refuses the graph.
    """
    import openvino  # noqa: PLC0415 - a third of a second, and pages are drawn without it

    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    # OpenVINO has threads of its own kind, and does not look at what all others are kept to.
    if (threads := os.environ.get("OMP_NUM_THREADS", "")).isdecimal() and int(threads):
        settings["INFERENCE_NUM_THREADS"] = int(threads)
    if keep and (cache := _cache()):
        settings["CACHE_DIR"] = str(cache)
    return openvino.Core().compile_model(graph, "CPU", settings)


def reason_of(error: RuntimeError) -> str:
    """The last line of what OpenVINO says, which names what is wrong."""
    return str(error).strip().rpartition("\n")[2][:300]


def _cache() -> Path | None:
    """Where compiled graphs are kept; None where nothing can be written."""
    folder = get_settings().cache / "engine"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
