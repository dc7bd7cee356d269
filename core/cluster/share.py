"""How much of some pieces of work is done."""

from collections.abc import Mapping

from core.cluster.work import Note


class Share:
    """What is heard of pieces, added up; a piece that begins again, or a late note, takes nothing.

    Parameters
    ----------
    weights : mapping of str to float
        What each piece counts, by its key.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._done = dict.fromkeys(weights, 0.0)

    def hear(self, note: Note) -> None:
        """Take a note of a piece."""
        self._done[note.key] = max(self._done[note.key], note.done)

    def finish(self, key: str) -> None:
        """Count a piece as done."""
        self._done[key] = 1.0

    @property
    def value(self) -> float:
        """In [0, 1]."""
        done = sum(part * self._weights[key] for key, part in self._done.items())
        return done / max(sum(self._weights.values()), 1)
