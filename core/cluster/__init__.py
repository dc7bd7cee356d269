"""Pieces of work that do not need each other, computed on this machine or on several by Ray."""

from core.cluster.compute import compute, require_reachable
from core.cluster.portions import portions
from core.cluster.share import compute_answers
from core.cluster.work import Came, Files, Note, Task

__all__ = [
    "Came",
    "Files",
    "Note",
    "Task",
    "compute",
    "compute_answers",
    "portions",
    "require_reachable",
]
