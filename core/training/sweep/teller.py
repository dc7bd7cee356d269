"""What a sweep tells whoever watches it, and asks of them."""

from core.cluster import Note


class Teller:
    """Told what a sweep does; this one listens to nothing."""

    def check(self) -> None:
        """Raise `Stopped` where the sweep is to stop."""

    def begins(self, on: str) -> None:
        """Hear on which machines it computes."""

    def dataset(self, fingerprint: str) -> None:
        """Hear the dataset's fingerprint before it is used; may refuse it."""

    def stage(self, name: str, done: float) -> None:
        """Hear what is being done, and the share of it that is done, in [0, 1]."""

    def planned(self, tasks: int, known: int) -> None:
        """Hear how many pieces of work there are, and how many were done before."""

    def heard(self, note: Note, name: str) -> None:
        """Hear of a piece of work, and its name for people."""

    def came(self, key: str, name: str, seconds: float, message: str | None) -> None:
        """Hear that a piece is done, or why it gave no answer."""
