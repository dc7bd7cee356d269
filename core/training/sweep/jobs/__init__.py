"""Sweeps as folders and processes, as training runs are.

Importing this loads no TensorFlow.
"""

from core.training.sweep.jobs.start import cancel, resume, resume_here, start, sweep_here, work_on
from core.training.sweep.jobs.state import (
    SweepState,
    list_sweeps,
    read_result,
    read_sweep,
)
from core.training.sweep.jobs.story import PieceState

__all__ = [
    "PieceState",
    "SweepState",
    "cancel",
    "list_sweeps",
    "read_result",
    "read_sweep",
    "resume",
    "resume_here",
    "start",
    "sweep_here",
    "work_on",
]
