"""What is made of cases whose trail does not hold: said in words, however much was overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.cases.check import Check
from core.errors import CaseError, LobuleError


@contextmanager
def in_words_where_broken(check: Check, name: str) -> Iterator[None]:
    """Say that something cannot be made of rows that somebody overwrote.

    What stands in such rows may fail anywhere. Where the trail holds, a failure is Lobule's own.

    Raises
    ------
    CaseError
        In place of any other error, if the trail does not hold.
    """
    try:
        yield
    except LobuleError:
        raise
    except Exception as error:
        if not check.breaks:
            raise
        raise CaseError(
            f"{name} cannot be made. {check.words} Bring the worklist back from a backup."
        ) from error
