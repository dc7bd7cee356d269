"""Sweeps as folders and processes, as training runs are.

Importing this loads no TensorFlow.
"""

from core.training.sweep.jobs.start import cancel, resume, resume_here, start, sweep_here, work_on
from core.training.sweep.jobs.state import (
    SweepState,
    TaskState,
    list_sweeps,
    read_result,
    read_sweep,
)

__all__ = [
    "SweepState",
    "TaskState",
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
