"""Pieces of work that do not need each other, computed on this machine or on several by Ray."""

from core.cluster.compute import compute, require_reachable
from core.cluster.portions import portions
from core.cluster.share import Share
from core.cluster.work import Came, Files, Note, Task

__all__ = ["Came", "Files", "Note", "Share", "Task", "compute", "portions", "require_reachable"]
