"""Model packages as zip files, to give to others and to take from them."""

import re
import shutil
import stat
import struct
import zipfile
from pathlib import Path
from typing import IO

from core import limited
from core.atomic import flush, hidden_folder, tidy
from core.errors import PackageError
from core.registry.archive import DAMAGE, MAX_BYTES
from core.registry.card import CARD_FILE, FILE_NAME
from core.registry.card_text import MOST_BYTES as MOST_CARD_BYTES
from core.registry.files import GRAPH_FILE
from core.registry.manage import own_title, refuse_name, write_card
from core.registry.package import (
    MODEL_FILE,
    Package,
    load_model,
    load_package,
    read_card,
    with_graph,
)
from core.rights import Deed, require
from core.settings import get_settings
from core.zip_files import open_zip

MOST_FILES = 32
MOST_ENTRIES = 500
"""Files and folders that a zip file of a network lists, at most."""
MOST_BYTES = MAX_BYTES + 200_000_000
# Tables of predictions shrink to a tenth; what shrinks to a hundredth is made to fill a disk.
MOST_SHRINKAGE = 100
# What is parsed as a whole takes many times its size in memory.
_MOST_TEXT = {".json": MOST_CARD_BYTES, ".csv": 32_000_000}
# Zip files hold a time of each file; a fixed one makes the same package the same file.
_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_PLACE = re.compile(r"(?:([^/]*)/)?([^/]*)")
_ENCRYPTED = 1


def export_package(package: Package, target: Path | IO[bytes]) -> None:
    """Write a package as a zip file with one folder in it; the same package, the same bytes.

    Raises
    ------
    PackageError
        If a file of the package changed since it was checked, or the zip file cannot be written.
    """
    load_package(package.path)
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in (CARD_FILE, *package.card.files):
                member = zipfile.ZipInfo(f"{package.path.name}/{name}", _TIME)
                # A network is a zip file already.
                shrinks = not name.endswith(".keras")
                member.compress_type = zipfile.ZIP_DEFLATED if shrinks else zipfile.ZIP_STORED
                member.external_attr = (stat.S_IFREG | 0o644) << 16
                with (package.path / name).open("rb") as source, archive.open(member, "w") as sink:
                    shutil.copyfileobj(source, sink, _CHUNK)
    except OSError as error:
        raise PackageError(
            f"{package.card.name} could not be written as a zip file: "
            f"{error.strerror or error}. Free some space, or choose another place."
        ) from error


def holds_package(source: IO[bytes]) -> bool:
    """Whether a zip file is meant to be a model that Lobule exported; what is no zip file, is."""
    try:
        with open_zip(source, MOST_ENTRIES) as archive:
            return any(name.rpartition("/")[2] == CARD_FILE for name in archive.namelist())
    except (*DAMAGE, ValueError, struct.error, OSError):
        return True
    finally:
        source.seek(0)


def import_package(source: Path | IO[bytes], name: str | None = None) -> Package:
    """Put the model of a zip file on the shelf of own models; all of it appears, or nothing.

    Parameters
    ----------
    source
        The zip file, or a stream of it that can be sought in.
    name
        What the model shall be called here; None leaves it the name on its card.

    Raises
    ------
    PackageError
        If the file is no zip file, is unsafe or too large, holds anything but one sound package
        whose network is what its card says, or the name is taken.
    """
    require(Deed.CHANGE_MODELS)
    parent = get_settings().own_models
    try:
        parent.mkdir(parents=True, exist_ok=True)
        tidy(parent)
        with hidden_folder(parent / "import", "saving") as temporary:
            unpacked = temporary / "package"
            unpacked.mkdir()
            _unpack(source, unpacked, free=shutil.disk_usage(parent).free)
            try:
                return _shelve(unpacked, parent, name)
            except PackageError as error:
                reason = str(error).replace(f"{temporary}/", "")
                raise PackageError(f"The file is refused. {reason}") from error
    except (*DAMAGE, ValueError, struct.error) as error:
        raise PackageError(
            f"The file is not a valid zip file ({error}). Export the model again."
        ) from error
    except OSError as error:
        raise PackageError(
            f"The model could not be written to {parent}: {error.strerror or error}. Make "
            "room or allow writing there."
        ) from error


def _shelve(unpacked: Path, parent: Path, name: str | None) -> Package:
    """Check an unpacked package, network and all, and put it into its place."""
    card = read_card(unpacked)
    named = card.model_copy(update={"name": name or card.name, "title": own_title(card.title)})
    refuse_name(named.name)
    checked = unpacked.rename(unpacked.parent / card.name)
    package = load_package(checked)
    if (checked / MODEL_FILE).is_file():
        limited.try_in_a_child("core.inference.first_answer:answer_package", checked)
        model = load_model(package)
        if GRAPH_FILE in card.files:
            # Made anew from the network: nobody has to believe that one is the other's.
            named = with_graph(checked, named, model)
    elif card.encoder:
        from core.registry.head import read_head  # noqa: PLC0415 - NumPy

        read_head(checked, card)
    write_card(checked, named)
    target = parent / named.name
    checked.rename(target)  # fails where another one came in between
    flush(parent)
    return load_package(target)


def _unpack(source: Path | IO[bytes], folder: Path, *, free: int) -> None:
    with open_zip(source, MOST_ENTRIES) as archive:
        members = [member for member in archive.infolist() if not member.filename.endswith("/")]
        names = _names(members)
        _check_sizes(members, free)
        for member, name in zip(members, names, strict=True):
            with archive.open(member) as packed, (folder / name).open("xb") as sink:
                shutil.copyfileobj(packed, sink, _CHUNK)


def _names(members: list[zipfile.ZipInfo]) -> list[str]:
    """Names of the files inside the package; refuses what does not lie in one plain folder."""
    if not 0 < len(members) <= MOST_FILES:
        raise PackageError(
            f"The file holds {len(members):,} files; a model has at most {MOST_FILES}. Choose the "
            "zip file that Lobule exported."
        )
    names, folders = [], set()
    for member in members:
        place = _PLACE.fullmatch(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            raise PackageError(f"The file is refused: {member.filename!r} in it is a link.")
        if member.flag_bits & _ENCRYPTED:
            raise PackageError("The file is encrypted. Export the model without a password.")
        folder = place[1] if place else None
        if not place or not FILE_NAME.fullmatch(place[2]) or folder in {"", ".", ".."}:
            raise PackageError(
                f"The file is refused: {member.filename!r} in it does not belong to a model "
                "package. Choose the zip file that Lobule exported."
            )
        names.append(place[2])
        folders.add(folder)
    if CARD_FILE not in names:
        raise PackageError(
            f"The file holds no model: there is no {CARD_FILE} in it. Choose the zip file that "
            "Lobule exported."
        )
    if len(folders) > 1 or len({name.casefold() for name in names}) < len(names):
        raise PackageError("The file is refused: it holds more than one model, or a file twice.")
    return names


def _check_sizes(members: list[zipfile.ZipInfo], free: int) -> None:
    """Refuse too much; `zipfile` itself gives no more bytes of a file than were stated."""
    total = sum(member.file_size for member in members)
    if total > MOST_BYTES:
        raise PackageError(
            f"The model is too large: {total / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f} MB."
        )
    for member in members:
        most = _MOST_TEXT.get(Path(member.filename).suffix, MOST_BYTES)
        if member.file_size > most:
            raise PackageError(
                f"The file is refused: {member.filename!r} in it has {member.file_size / 1e6:,.1f} "
                f"MB, at most {most / 1e6:,.0f} MB."
            )
        if member.file_size > MOST_SHRINKAGE * max(member.compress_size, 1):
            raise PackageError(
                f"The file is refused: {member.filename!r} in it unpacks to more than "
                f"{MOST_SHRINKAGE} times its size."
            )
    if total > free:
        raise PackageError(
            f"Not enough disk space for the model: it needs {total / 1e6:,.0f} MB, "
            f"{free / 1e6:,.0f} MB are free."
        )
