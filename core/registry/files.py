"""The files of a package folder against the hashes on its card."""

from pathlib import Path

from core.errors import PackageError
from core.hashing import sha256_of
from core.registry.archive import inspect_archive
from core.registry.card import CARD_FILE, Card

MODEL_FILE = "model.keras"
GRAPH_FILE = "graph.npz"
HEAD_FILE = "head.npz"
SCOPE_FILE = "scope.json"


def check_files(folder: Path, card: Card) -> None:
    """Compare a folder with its card; hidden files, which systems strew about, do not count.

    Raises
    ------
    PackageError
        Names each file that is missing, changed or not on the card, or the parts of the network
        that are not Keras's own layers.
    """
    present = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    faults = [
        f"{name} is {fault}"
        for name in sorted(card.files)
        if (fault := _fault(folder / name, card.files[name]))
    ]
    faults += [f"{name} is not on the card" for name in sorted(present - {*card.files, CARD_FILE})]
    if card.members and MODEL_FILE in card.files:
        faults.append(f"an ensemble has no {MODEL_FILE} of its own")
    if card.encoder and MODEL_FILE in card.files:
        faults.append(f"a model on an encoder has no {MODEL_FILE} of its own")
    needed = [] if card.members else [HEAD_FILE if card.encoder else MODEL_FILE]
    needed += [card.scope.file] if card.scope else []
    faults += [f"the card does not list {name}" for name in needed if name not in card.files]
    if faults:
        raise PackageError(
            f"The package in {folder} has changed since it was saved: {'; '.join(faults)}. "
            "Restore it from its source, or remove it."
        )
    if not card.members and not card.encoder:
        inspect_archive(folder / MODEL_FILE)


def _fault(path: Path, sha256: str) -> str | None:
    try:
        if path.is_symlink():
            return "a link, not a file"
        if not path.is_file():
            return "missing"
        return None if sha256_of(path) == sha256 else "changed"
    except OSError as error:
        return f"unreadable ({error.strerror})"
