"""One piece of work, what it reads, what is heard of it, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from core.errors import ClusterError, LobuleError
from core.hashing import sha256_of


@dataclass(frozen=True)
class Files:
    """Files in one folder that work reads, wherever it is done.

    Attributes
    ----------
    folder : Path
        On the machine that asks.
    names : tuple of str
        Of the files in it.
    """

    folder: Path
    names: tuple[str, ...]

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The sha256 of each, by name; each file is read once.

        Raises
        ------
        ClusterError
            If one cannot be read.
        """
        try:
            return {name: sha256_of(self.folder / name) for name in self.names}
        except OSError as error:
            raise ClusterError(
                f"{error.filename} cannot be read ({error.strerror}), so it cannot be sent. Put it "
                "back, or allow reading it."
            ) from error


@dataclass(frozen=True)
class Task:
    """Something that can be computed anywhere.

    Attributes
    ----------
    key : str
        Its name, which no other work has.
    function : callable
        At the top of a module. It is called with `progress`, a function that takes the share
        done in [0, 1]; with `arguments`; and with the folder of each of `files`. What it returns
        travels back, so it is small.
    arguments : dict
    files : dict of str to Files
        What many pieces of work read: it travels ahead to every machine, and stays there.
    content : callable, optional
        Reads what this piece alone needs, when it is about to begin; the function is given it as
        `content`. Few pieces are read at a time, however many there are.
    """

    key: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Files] = field(default_factory=dict)
    content: Callable[[], Any] | None = None

    def ready(self) -> "Task":
        """The work with its content read, which can travel."""
        if self.content is None:
            return self
        return replace(self, arguments={**self.arguments, "content": self.content()}, content=None)


class Note(NamedTuple):
    """Something heard of a piece of work: that it began, again where it was lost, or how far it is.

    `where` is for people: the machine and what of it is used. `done` is in [0, 1].
    """

    key: str
    kind: Literal["began", "doing", "lost"]
    where: str
    done: float = 0.0


class Came(NamedTuple):
    """What came of a piece of work: a result, or an error for people."""

    key: str
    result: Any
    error: LobuleError | None = None
    seconds: float = 0.0


def in_words(error: BaseException) -> LobuleError:
    """The error to show for whatever a piece of work raised."""
    if isinstance(error, LobuleError):
        return error
    if isinstance(error, MemoryError):
        return LobuleError("There is not enough memory for it. Give each piece of work more cores.")
    return LobuleError(f"Program error: {error!r}.")
