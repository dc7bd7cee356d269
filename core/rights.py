"""Who may do what: four roles, asked for where the deed is done.

Without `LOBULE_ROLES` everybody who gets in may do everything; so may whoever owns the account that
Lobule runs as, on the command line.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from core.errors import NotAllowedError, SettingsError

_EXPECTED = (
    "LOBULE_ROLES must name a TOML file with lists for reader, pathologist, researcher, "
    'administrator, such as pathologist = ["anna@hospital.example", "@lab.example", "group"].'
)
EVERYBODY = "everybody"
"""In the list of those whom a case is shared with."""


class Role(StrEnum):
    """What somebody is here for; the later ones count where several fit."""

    READER = "reader"
    PATHOLOGIST = "pathologist"
    RESEARCHER = "researcher"
    ADMINISTRATOR = "administrator"


class Deed(StrEnum):
    """What not everybody may do, as the end of a sentence."""

    SAVE = "save or delete cases"
    JUDGE = "give verdicts"
    ANSWER_SLIDES = "bring in or answer whole slides"
    REMOVE_SLIDES = "delete slides"
    OPEN_DATA = "open data sets on the server"
    TRAIN = "train"
    CHANGE_MODELS = "add, rename or delete models"
    SEE_ALL = "open cases of others that are not shared with them"


MAY = {
    Role.READER: frozenset[Deed](),
    Role.PATHOLOGIST: frozenset({Deed.SAVE, Deed.JUDGE, Deed.ANSWER_SLIDES}),
    Role.RESEARCHER: frozenset(Deed) - {Deed.JUDGE, Deed.SEE_ALL, Deed.REMOVE_SLIDES},
    Role.ADMINISTRATOR: frozenset(Deed),
}
"""What each role may do. All may have images answered, and read cases that are shared with them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does something here."""

    name: str
    """As the trail names them; empty for whoever owns the account."""
    role: Role = Role.ADMINISTRATOR
    names: frozenset[str] = frozenset()
    """Address, domain and groups in small letters, by which cases are shared with them."""

    def may(self, deed: Deed) -> bool:
        """Tell whether their role allows it."""
        return deed in MAY[self.role]


OWNER = Person("")
_acting: ContextVar[Person | None] = ContextVar("acting", default=None)
_ask: Callable[[], Person] = lambda: OWNER  # noqa: E731 - replaced by the server


def ask_by(who: Callable[[], Person]) -> None:
    """Have `who_acts` ask the server who is signed in."""
    global _ask  # noqa: PLW0603 - one server a process
    _ask = who


def who_acts() -> Person:
    """Return who does what is being done: of this thread, else by the server."""
    return _acting.get() or _ask()


@contextmanager
def acting(person: Person) -> Iterator[None]:
    """Do what follows in this thread as somebody."""
    token = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(token)


def require(deed: Deed) -> None:
    """Refuse what the role of whoever acts does not allow.

    Raises
    ------
    NotAllowedError
        If it does not.
    """
    person = who_acts()
    if not person.may(deed):
        able = [f"{role}s" for role in Role if deed in MAY[role]]
        raise NotAllowedError(
            f"{person.name or 'You'} came in as {person.role}, who may not {deed}: "
            f"{' and '.join(able)} may. Ask whoever runs this Lobule."
        )


def role_of(names: frozenset[str], lists: Mapping[Role, frozenset[str]]) -> Role | None:
    """Return the last role whose list holds an address, domain or group; None if none does."""
    fitting = [role for role in Role if not names.isdisjoint(lists.get(role, ()))]
    return fitting[-1] if fitting else None


def read_roles(path: Path) -> Mapping[Role, frozenset[str]]:
    """Read who has which role: a TOML file with a list for each; again only once it has changed.

    Raises
    ------
    SettingsError
        If the file cannot be read, or holds something else.
    """
    try:
        state = path.stat()
        return _roles_as_of(path, state.st_mtime_ns, state.st_size, state.st_ino)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read ({error}). {_EXPECTED}") from error


@lru_cache(maxsize=1)
def _roles_as_of(path: Path, *_changes: int) -> Mapping[Role, frozenset[str]]:
    """Read the file as it was at a time, of a size and an inode."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, entries in content.items():
        texts = isinstance(entries, list) and all(isinstance(entry, str) for entry in entries)
        if name not in set(Role) or not texts:
            raise SettingsError(f"{path} holds {name!r}, which is no list of a role. {_EXPECTED}")
    return {
        Role(name): frozenset(entry.strip().casefold() for entry in entries) - {""}
        for name, entries in content.items()
    }
