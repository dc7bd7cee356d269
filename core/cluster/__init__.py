"""Work that does not depend on other work: computed on this machine, or on several by Ray."""

from core.cluster.compute import compute
from core.cluster.work import Files, Note, Outcome, Work

__all__ = ["Files", "Note", "Outcome", "Work", "compute"]
