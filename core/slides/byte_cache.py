"""A cache that is bounded by the bytes it holds."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")


class ByteCache(Generic[ValueT]):
    """Values by key; those unused for longest make room. Safe from several threads.

    Parameters
    ----------
    most_bytes : int
        Held at most; a value larger than that is not kept.
    size : callable
        Bytes of a value.
    """

    def __init__(self, most_bytes: int, size: Callable[[ValueT], int]) -> None:
        self._most_bytes = most_bytes
        self._size = size
        self._values: OrderedDict[Hashable, ValueT] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Of all values."""
        return self._bytes

    def get(self, key: Hashable) -> ValueT | None:
        """Return a value, which is then the last to go; None where there is none."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: ValueT) -> ValueT:
        """Keep a value and return it."""
        with self._lock:
            old = self._values.pop(key, None)
            if old is not None:
                self._bytes -= self._size(old)
            self._values[key] = value
            self._bytes += self._size(value)
            while self._bytes > self._most_bytes:
                _, gone = self._values.popitem(last=False)
                self._bytes -= self._size(gone)
        return value
