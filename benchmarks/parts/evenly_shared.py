"""Something that its users share evenly, over time: a link, a storage, a node's cores."""

import heapq
import math
from dataclasses import dataclass, field


@dataclass
class EvenlyShared:
    """Whoever wants some of it gets as much a second as everybody else.

    What each user has had since the beginning is kept, so that one number tells for all of them
    how far they are.

    Attributes
    ----------
    capacity : float
        A second, for all users together.
    most : float
        A second, for one.
    version : int
        Counts what was foreseen, for whoever foresees.
    """

    capacity: float
    most: float = math.inf
    version: int = 0
    _had: float = 0.0
    _at: float = 0.0
    _waiting: list[tuple[float, int]] = field(default_factory=list)
    _users: set[int] = field(default_factory=set)

    def want(self, now: float, amount: float, user: int) -> None:
        """Begin to serve a user."""
        self._until(now)
        self._users.add(user)
        heapq.heappush(self._waiting, (self._had + amount, user))

    def leave(self, now: float, user: int) -> bool:
        """Serve a user no more; tell whether it was one."""
        if user not in self._users:
            return False
        self._until(now)
        self._users.discard(user)
        return True

    def first(self) -> int:
        """The user who has all it wants next."""
        return self._waiting[0][1]

    def ends(self) -> float | None:
        """When that is, if nobody comes or leaves; None without users."""
        while self._waiting and self._waiting[0][1] not in self._users:
            heapq.heappop(self._waiting)
        if not self._waiting:
            return None
        return self._at + max(0.0, self._waiting[0][0] - self._had) / self._rate()

    def _rate(self) -> float:
        return min(self.most, self.capacity / len(self._users))

    def _until(self, now: float) -> None:
        if self._users and now > self._at:
            self._had += (now - self._at) * self._rate()
        self._at = now
