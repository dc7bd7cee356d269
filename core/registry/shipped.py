"""The manifest that vouches for the models that ship with Lobule, and what may not look like them.

`manifest.json` lies beside the shipped packages. It holds the SHA-256 of every file of each, of
the card too, which vouches for the other files but not for itself; and one of each of the card's
fields, so that it can be said which was changed.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.atomic import write_whole
from core.errors import PackageError
from core.hashing import sha256_of
from core.registry.card import CARD_FILE
from core.registry.package import load_package
from core.settings import ROOT

MANIFEST = "manifest.json"
_OWN_FOLDER = ROOT / "models"
# Cyrillic and Greek letters that look like Latin ones, digits that look like letters: the common
# ones of Unicode's table of confusables (UTS 39), which has thousands.
_LOOKS_LIKE = str.maketrans(
    "аеорсухіјѕԁһԛԝвкмнтαεικνορτυχ01|lı", "aeopcyxijsdhqwbkmhtaeikvoptuxoiiii"
)


def vouch(package: Path) -> None:
    """Write down the hashes of a shipped package as it is now; those of the others stay.

    Raises
    ------
    PackageError
        If the package is damaged, or the manifest cannot be written.
    """
    files = (CARD_FILE, *load_package(package).card.files)
    content = json.loads((package / CARD_FILE).read_bytes())
    file = package.parent / MANIFEST
    models = (_read(package.parent) or {}) if file.exists() else {}
    models[package.name] = {
        "files": {name: sha256_of(package / name) for name in sorted(files)},
        "card": {field: _hash(value) for field, value in sorted(content.items())},
    }
    whole = {"schema_version": 1, "models": dict(sorted(models.items()))}
    try:
        write_whole(file, json.dumps(whole, indent=1) + "\n")
    except OSError as error:
        raise PackageError(
            f"{file} cannot be written ({error.strerror}). Allow writing there."
        ) from error


def vouch_again(package: Path) -> None:
    """Vouch for a package whose card Lobule itself has just changed, if anything did before."""
    if (package.parent / MANIFEST).exists():
        vouch(package)


def package_folders(parent: Path) -> list[Path]:
    """List package folders; hidden ones are saves under way or left by a crash."""
    if not parent.is_dir():
        return []
    return sorted(
        path for path in parent.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))
    )


def check_vouched(package: Path, *, every_file: bool = False) -> None:
    """Compare a shipped package with the manifest beside it; another folder's may have none.

    Parameters
    ----------
    package
        Its folder.
    every_file
        Whether to hash all files, and not only the card, which vouches for the others.

    Raises
    ------
    PackageError
        Names each file, and each field of the card, that is not as it was shipped.
    """
    vouched = _read(package.parent)
    if vouched is None:
        return
    if package.name not in vouched:
        raise PackageError(
            f"The package in {package} is not one that ships with Lobule: {MANIFEST} does not name "
            "it. Import it as a model of your own, or remove it."
        )
    known = vouched[package.name]
    names = known["files"] if every_file else [CARD_FILE]
    faults = []
    for name in names:
        try:
            if sha256_of(package / name) != known["files"][name]:
                faults.append(f"{name} is changed{_fields(package, known) * (name == CARD_FILE)}")
        except OSError as error:
            faults.append(f"{name} cannot be read ({error.strerror})")
    if faults:
        raise PackageError(
            f"The package in {package} is not as it was shipped: {'; '.join(faults)}. Restore it "
            "from its source."
        )


def missing(folder: Path) -> list[str]:
    """Names of the models that ship with Lobule and are not there."""
    return sorted(name for name in _read(folder) or {} if not (folder / name).is_dir())


def marked_as_own(title: str, shipped: Iterable[str]) -> str:
    """Return a title for a model of one's own: marked where it looks like one of a shipped model.

    Parameters
    ----------
    title
        The wish.
    shipped
        Titles and names of the shipped models.
    """
    taken = {_appearance(text) for text in shipped}
    return f"{title} (own)" if _appearance(title) in taken else title


def looks_alike(name: str, shipped: Iterable[str]) -> bool:
    """Tell whether a name is one of a shipped model to the eye."""
    return _appearance(name) in {_appearance(text) for text in shipped}


def _appearance(text: str) -> str:
    """What is left of a text at a glance: no case, marks, spaces or signs; look-alikes as one."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LOOKS_LIKE)
    return "".join(letter for letter in plain if letter.isalnum())


def _fields(package: Path, known: dict[str, Any]) -> str:
    """Which fields of a card differ, in brackets."""
    try:
        content = json.loads((package / CARD_FILE).read_bytes())
        now = {field: _hash(value) for field, value in content.items()}
    except (OSError, ValueError, AttributeError):
        return ""
    fields = sorted({*now, *known["card"]})
    differing = [field for field in fields if now.get(field) != known["card"].get(field)]
    return f" ({', '.join(differing)})" if differing else ""


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(folder: Path) -> dict[str, Any] | None:
    """What is vouched for, by package; None where there is no manifest and need not be one."""
    file = folder / MANIFEST
    try:
        models = json.loads(file.read_bytes())["models"]
        return {
            name: {"files": each["files"], "card": each["card"]} for name, each in models.items()
        }
    except FileNotFoundError:
        if folder.resolve() != _OWN_FOLDER:
            return None
        reason = "is missing"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        reason = "is damaged"
    raise PackageError(
        f"{file}, which vouches for the shipped models, {reason}. Restore it from Lobule's source."
    )
