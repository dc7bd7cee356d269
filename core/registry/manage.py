"""Rename and delete models that were trained or imported here; shipped ones stay as they are."""

import os
import shutil
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.atomic import flush, hidden_folder, put_in_place, write_whole
from core.errors import PackageError
from core.fields import NAME
from core.registry.card import CARD_FILE, Card
from core.registry.package import Package, load_package, read_card
from core.registry.shelf import OWN, ShelfEntry, activate, forget_activation, is_active, shelf
from core.registry.shipped import looks_alike, marked_as_own
from core.rights import Deed, require
from core.settings import get_settings
from core.wrong_values import faults_of

NAMES_ARE = (
    "small letters a to z, digits, - and _, beginning with a letter or digit, at most 64 of them"
)


def rename(name: str, new: str, title: str | None = None) -> Package:
    """Give an own model another name, and another title if one is given.

    It stays the one that answers, if it was.

    Parameters
    ----------
    name
        As the shelf lists it.
    new
        The new name; the same one if only the title is to change.
    title
        What pages call it; None keeps it.

    Raises
    ------
    PackageError
        If there is no own model of that name, it is refused, or the new name is taken or unfit;
        then everything stays as it was.
    """
    require(Deed.CHANGE_MODELS)
    package = _own(name).package
    if package is None:
        raise PackageError(
            f"{name} is refused, so it cannot be renamed. {_own(name).error} Mend that, or delete "
            "it."
        )
    folder = package.path.parent / new
    if new != package.path.name:
        refuse_name(new)
    was_active = is_active(name)
    try:
        with hidden_folder(folder, "saving") as temporary:
            for file in package.card.files:
                _link(package.path / file, temporary / file)
            write_card(temporary, _changed(package.card, new, title))
            if new == package.path.name:
                put_in_place(temporary, folder)
            else:
                temporary.rename(folder)  # fails where another one came in between
        renamed = load_package(folder)
        if new != package.path.name:
            _remove(package.path)
    except OSError as error:
        raise PackageError(
            f"{name} could not be renamed: {error.strerror or error}. Allow writing in "
            f"{folder.parent} and make room there."
        ) from error
    if was_active:
        activate(new if new != package.path.name else name)
    return renamed


def delete(name: str) -> None:
    """Delete an own model for good, sound or broken; if it was the active one, no other is chosen.

    Raises
    ------
    PackageError
        If there is no own model of that name, an ensemble needs it, or it cannot be deleted.
    """
    require(Deed.CHANGE_MODELS)
    entry = _own(name)
    if needed := needed_by(entry):
        raise PackageError(f"{name} is a member of {', '.join(needed)}; delete that first.")
    try:
        _remove(get_settings().own_models / name.removeprefix(OWN))
    except OSError as error:
        raise PackageError(
            f"{name} could not be deleted: {error.strerror or error}. Allow writing in "
            f"{get_settings().own_models}."
        ) from error
    forget_activation(name)


def needed_by(entry: ShelfEntry) -> list[str]:
    """Names of the ensembles that would miss a model."""
    if entry.package is None:
        return []
    sound = [other for other in shelf() if other.package and other.name != entry.name]
    model_sha256 = entry.package.model_sha256
    if any(other.package and other.package.model_sha256 == model_sha256 for other in sound):
        return []  # the same network is at hand under another name
    return [
        other.name
        for other in sound
        if other.package
        and model_sha256 in {part.model_sha256 for part in other.package.card.members}
    ]


def refuse_name(name: str) -> None:
    """Refuse a name for a new model.

    Raises
    ------
    PackageError
        If it is unfit, a model at hand has it, or it looks like that of a shipped one.
    """
    if not NAME.fullmatch(name):
        raise PackageError(f"A model cannot be called {name!r}: a name is {NAMES_ARE}.")
    if (get_settings().own_models / name).exists() or name in {entry.name for entry in shelf()}:
        raise PackageError(f"There is already a model called {name!r}. Choose another name.")
    if looks_alike(name, (entry.name for entry in shelf() if entry.shipped)):
        raise PackageError(
            f"The name {name!r} looks like one of a model that ships with Lobule. Choose another."
        )


def own_title(title: str) -> str:
    """Return a title for a model of one's own, marked if it looks like one of a shipped model."""
    shipped = [entry for entry in shelf() if entry.shipped]
    titles = [entry.package.card.title for entry in shipped if entry.package]
    return marked_as_own(title, [*titles, *(entry.name for entry in shipped)])


def write_card(folder: Path, card: Card) -> None:
    """Write a package's card and see that everything in the folder survives a power cut."""
    (folder / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    for path in (*folder.iterdir(), folder):
        flush(path)
    folder.chmod(0o755)


def _changed(card: Card, name: str, title: str | None) -> Card:
    words = {"name": name} if title is None else {"name": name, "title": own_title(title.strip())}
    try:
        return Card.model_validate({**card.model_dump(), **words})
    except ValidationError as error:
        raise PackageError("A model's title cannot be empty. Give it one.") from error


def _own(name: str) -> ShelfEntry:
    entries = [entry for entry in shelf() if entry.name == name]
    if not entries:
        known = ", ".join(entry.name for entry in shelf() if not entry.shipped) or "none"
        raise PackageError(f"There is no model called {name!r}. Own models: {known}.")
    if entries[0].shipped:
        raise PackageError(
            f"{name} ships with Lobule and stays as it is. Choose one of your own models."
        )
    return entries[0]


def _link(source: Path, target: Path) -> None:
    """Have a file in two places without copying it, where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _remove(folder: Path) -> None:
    """Take a package off the shelf in one step, then clear it away."""
    if folder.is_symlink():
        folder.unlink()
        return
    with hidden_folder(folder, "deleted") as aside:
        folder.rename(aside / folder.name)
    flush(folder.parent)


def rewrite_card(package: Package, **changes: Any) -> Package:
    """Change fields of a package's card, in one step.

    Parameters
    ----------
    package
        As the shelf gave it.
    changes
        Fields of the card and their new values.

    Raises
    ------
    PackageError
        If the package is another by now, a value breaks the card's schema, or the folder cannot
        be written; then the card stays as it was.
    """
    if read_card(package.path) != package.card:
        raise PackageError(
            f"The package in {package.path} was replaced in the meantime, so its card was not "
            "changed. Do it again with the new one."
        )
    try:
        card = Card.model_validate({**package.card.model_dump(), **changes})
        write_whole(package.path / CARD_FILE, card.to_json())
    except ValidationError as error:
        raise PackageError(
            f"The card of {package.card.name!r} cannot take this: {faults_of(error)[0]['msg']}."
        ) from error
    except OSError as error:
        raise PackageError(
            f"The card in {package.path} cannot be written ({error.strerror or error}). Allow "
            "writing there and make room."
        ) from error
    return load_package(package.path)
