"""Training runs as folders and processes: started, watched, cancelled and resumed by anyone.

Importing this loads no TensorFlow.
"""

from core.training.jobs.runs import (
    UnreadableRun,
    cancel,
    list_runs,
    list_unreadable,
    read_log,
    read_run,
)
from core.training.jobs.shelve import shelve
from core.training.jobs.start import resume, resume_here, run_here, start, work_on
from core.training.jobs.state import RunState

__all__ = [
    "RunState",
    "UnreadableRun",
    "cancel",
    "list_runs",
    "list_unreadable",
    "read_log",
    "read_run",
    "resume",
    "resume_here",
    "run_here",
    "shelve",
    "start",
    "work_on",
]
