"""Many files as few pieces of work."""

from collections.abc import Iterable, Iterator


def portions(sizes: Iterable[int], most: int, most_bytes: int) -> Iterator[range]:
    """Yield which of some files go together: one after the other, neither many nor large.

    Parameters
    ----------
    sizes : iterable of int
        Of the files, in bytes.
    most, most_bytes : int
        Files of a portion, and their bytes; a larger file goes alone.
    """
    start = at = total = 0
    for at, size in enumerate(sizes, start=1):
        if at - 1 > start and (at - 1 - start == most or total + size > most_bytes):
            yield range(start, at - 1)
            start, total = at - 1, 0
        total += size
    if at > start:
        yield range(start, at)
