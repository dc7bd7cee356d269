"""Unpack a zip file that somebody gave: a zip is data, and nothing of it leaves its folder."""

import shutil
import stat
import struct
import zipfile
from pathlib import Path, PurePosixPath

from core.errors import PackageError
from core.registry.archive import DAMAGE
from core.registry.exchange import MOST_BYTES, MOST_ENTRIES, MOST_SHRINKAGE
from core.zip_files import open_zip

_SMALL = 1_000_000  # bytes; text of a network shrinks to a hundredth, and fills no disk
_CHUNK = 1 << 20
_ENCRYPTED = 1


def unpack(source: Path, folder: Path) -> list[Path]:
    """Unpack a zip file into an empty folder.

    Returns
    -------
    list of Path
        Its files, relative to the folder; what systems strew about is left out.

    Raises
    ------
    PackageError
        If it is damaged, encrypted, too large, or a place in it lies outside the folder.
    """
    try:
        with open_zip(source, MOST_ENTRIES) as archive:
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
            places = [_place(member) for member in members]
            _check_sizes(members, shutil.disk_usage(folder).free)
            for member, place in zip(members, places, strict=True):
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("xb") as sink:
                    shutil.copyfileobj(packed, sink, _CHUNK)
    except (*DAMAGE, ValueError, struct.error) as error:
        raise PackageError(
            f"The file is not a valid zip file ({error}). Pack or download it again."
        ) from error
    except FileExistsError as error:
        raise PackageError("The file is refused: it holds a file twice. Pack it again.") from error
    except OSError as error:
        raise PackageError(
            f"The file could not be unpacked: {error.strerror or error}. Free some disk "
            "space, or give the model as .keras or .h5."
        ) from error
    return [
        Path(place)
        for place in places
        if not any(part.startswith((".", "__MACOSX")) for part in place.parts)
    ]


def _place(member: zipfile.ZipInfo) -> PurePosixPath:
    name, place = member.filename, PurePosixPath(member.filename)
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG}:
        raise PackageError(f"The file is refused: {name!r} in it is a link.")
    if member.flag_bits & _ENCRYPTED:
        raise PackageError("The file is encrypted. Pack the model without a password.")
    outside = place.is_absolute() or ".." in place.parts or not place.parts
    if outside or "\\" in name or ":" in name or not name.isprintable():
        raise PackageError(f"The file is refused: {name!r} in it lies outside the model's folder.")
    return place


def _check_sizes(members: list[zipfile.ZipInfo], free: int) -> None:
    """Refuse too much; `zipfile` itself gives no more bytes of a file than were stated."""
    total = sum(member.file_size for member in members)
    if not members:
        raise PackageError("The file holds no files. Pack the model again.")
    if total > min(MOST_BYTES, free):
        raise PackageError(
            f"The model is too large: {total / 1e6:,.0f} MB, at most "
            f"{min(MOST_BYTES, free) / 1e6:,.0f} MB."
        )
    for member in members:
        most = max(MOST_SHRINKAGE * member.compress_size, _SMALL)
        if member.file_size > most:
            raise PackageError(
                f"The file is refused: {member.filename!r} in it unpacks to more than "
                f"{MOST_SHRINKAGE} times its size."
            )
