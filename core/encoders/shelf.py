"""The encoders at hand: list, find, verify, remove."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from core.atomic import hidden_folder
from core.encoders.card import SCHEMA_VERSION, EncoderCard
from core.errors import EncoderError
from core.hashing import sha256_of
from core.rights import Deed, require
from core.settings import get_settings
from core.wrong_values import in_words

CARD_FILE, GRAPH_FILE, CONSTANTS_FILE = "card.json", "graph.xml", "graph.bin"
_MOST_CARD = 2_000_000  # bytes; patients that it was pretrained on are named
# Hashing gigabytes takes seconds: a folder that is as it was when it was checked is not read again.
_checked: dict[tuple[object, ...], str | None] = {}


@dataclass(frozen=True)
class Encoder:
    """An encoder in its folder, its files those of its card."""

    path: Path
    card: EncoderCard

    @property
    def constants_bytes(self) -> int:
        """Of its weights."""
        return (self.path / CONSTANTS_FILE).stat().st_size


@dataclass(frozen=True)
class EncoderEntry:
    """One folder of the encoders: a sound encoder, or why it is refused."""

    name: str
    encoder: Encoder | None
    error: str | None


def encoders() -> list[EncoderEntry]:
    """List every encoder by name; broken ones carry their error."""
    folder = get_settings().encoders
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    return [_entry(folder / name) for name in sorted(names) if not name.startswith(".")]


def find_encoder(name: str) -> Encoder:
    """Return a sound encoder by name.

    Raises
    ------
    EncoderError
        If there is none of that name, or it is refused.
    """
    entries = {entry.name: entry for entry in encoders()}
    entry = entries.get(name)
    if entry is None:
        known = ", ".join(entries) or "none"
        raise EncoderError(
            f"There is no encoder called {name!r}. Encoders at hand: {known}. "
            "`python -m core encoders add FILE` adds one."
        )
    if entry.encoder is None:
        raise EncoderError(str(entry.error))
    return entry.encoder


def encoder_of(sha256: str) -> Encoder | None:
    """The encoder of that hash, whatever it is called here; None if there is none."""
    sound = (entry.encoder for entry in encoders() if entry.encoder)
    return next((encoder for encoder in sound if encoder.card.sha256 == sha256), None)


def verify_encoder(path: Path) -> None:
    """Compute every hash of an encoder anew.

    Raises
    ------
    EncoderError
        Names each file that is missing, changed or not on the card.
    """
    _check_files(path, read_card(path))


def remove_encoder(name: str) -> None:
    """Delete an encoder for good, sound or broken.

    Raises
    ------
    EncoderError
        If there is none of that name, or it cannot be deleted.
    """
    require(Deed.CHANGE_MODELS)
    if name not in {entry.name for entry in encoders()}:
        raise EncoderError(f"There is no encoder called {name!r}. Nothing was deleted.")
    path = get_settings().encoders / name
    try:
        # Renamed first: what is half deleted must not pass for an encoder.
        with hidden_folder(path, "deleted") as aside:
            path.rename(aside / name)
    except OSError as error:
        raise EncoderError(
            f"{name} could not be deleted: {error.strerror or error}. Allow writing in "
            f"{path.parent}."
        ) from error


def _entry(path: Path) -> EncoderEntry:
    try:
        card = read_card(path)
        key = (path, card.sha256, *_signature(path))
        if key not in _checked:
            _checked[key] = _fault(path, card)
        fault = _checked[key]
    except EncoderError as error:
        return EncoderEntry(path.name, None, str(error))
    except OSError as error:
        return EncoderEntry(path.name, None, f"{path} cannot be read ({error}).")
    return EncoderEntry(path.name, None if fault else Encoder(path, card), fault)


def _fault(path: Path, card: EncoderCard) -> str | None:
    try:
        _check_files(path, card)
    except EncoderError as error:
        return str(error)
    return None


def _signature(path: Path) -> list[tuple[str, int, int, int]]:
    stats = [(file.name, file.lstat()) for file in sorted(path.iterdir())]
    return [(name, at.st_size, at.st_mtime_ns, at.st_ctime_ns) for name, at in stats]


def read_card(path: Path) -> EncoderCard:
    """Read the card in an encoder's folder; its files are not looked at.

    Raises
    ------
    EncoderError
        If it is missing, damaged or of another version.
    """
    file = path / CARD_FILE
    try:
        if file.stat().st_size > _MOST_CARD:
            raise EncoderError(f"{file} is too large for a card. Add the encoder again.")
        card = EncoderCard.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise EncoderError(
            f"{file} is no card of an encoder that this Lobule reads (version {SCHEMA_VERSION}): "
            f"{in_words(error, 'card')}. Add the encoder again."
        ) from error
    except OSError as error:
        raise EncoderError(
            f"{file} cannot be read ({error.strerror}). Add the encoder again, or delete {path}."
        ) from error
    if card.name != path.name:
        raise EncoderError(f"The encoder in {path} calls itself {card.name!r}: rename the folder.")
    return card


def _check_files(path: Path, card: EncoderCard) -> None:
    present = {file.name for file in path.iterdir() if not file.name.startswith(".")}
    faults = [f"{name} is not on the card" for name in sorted(present - {*card.files, CARD_FILE})]
    for name, sha256 in card.files.items():
        file = path / name
        if name not in present or file.is_symlink() or not file.is_file():
            faults.append(f"{name} is missing")
        elif sha256_of(file) != sha256:
            faults.append(f"{name} is changed")
    if faults:
        raise EncoderError(
            f"The encoder in {path} has changed since it was added: {'; '.join(faults)}. "
            "Add it again."
        )
