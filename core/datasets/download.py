"""Get a public dataset from its authors: fetched, checked against its record, unpacked.

A folder of downloads holds the archive, `<archive>.sha256.json` with the checksum that the first
one had, and `images/`, which appears only when all is unpacked.
"""

import errno
import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.atomic import write_whole
from core.datasets.extract import ArchiveError, clear_remains, extract
from core.datasets.fetch import CHUNK, Progress, UnavailableError, fetch, forget
from core.datasets.sources import Archive
from core.errors import DatasetError

IMAGES = "images"
SPARE_BYTES = 100_000_000  # a disk is not filled to the last byte


def download(
    archive: Archive, folder: Path, progress: Progress = lambda _stage, _done, _total: None
) -> Path:
    """Bring a dataset into a folder; what is there already is not done again.

    An archive that already lies in the folder is used as it is.

    Parameters
    ----------
    archive : Archive
    folder : Path
        Made if it is missing.
    progress : callable
        Told a stage ("Downloading", "Checking", "Unpacking"), the bytes done, and all if known.

    Returns
    -------
    Path
        Folder of the unpacked images, for `open_dataset`.

    Raises
    ------
    DatasetError
        If the file cannot be had (with how to get it by hand), is not the one recorded, is damaged
        or hostile, or the disk is too small. An unfinished download is kept and gone on with.
    """
    file, images = folder / archive.file_name, folder / IMAGES
    with _alone_in(folder):
        if images.exists():
            return images
        clear_remains(folder)
        record = _read_record(file)
        if file.exists():
            description = _describe(file, progress, address=None)
            _compare(record, description, f"{file} is not the file", "put the right file there")
        else:
            part = _fetch(archive, file, record, progress)
            description = _describe(part, progress, address=archive.address)
            try:
                _compare(
                    record, description, "The downloaded file is not the one", "try again later"
                )
            except DatasetError:
                forget(file)
                raise
            part.replace(file)
            forget(file)
        _require_space(folder, archive.image_bytes, "unpack the images")
        try:
            extract(
                file,
                images,
                max_files=archive.max_files,
                max_bytes=archive.max_bytes,
                progress=progress,
            )
        except ArchiveError as error:
            raise DatasetError(f"{error} Delete it, then run the same command again.") from error
        if record is None:  # a first archive is trusted once it has proved whole
            _write_record(file, description)
    return images


def by_hand(archive: Archive, folder: Path) -> str:
    """How a person gets the file with a browser, and where it is found."""
    return (
        f"To get it by hand: download {archive.file_name} (about {archive.archive_bytes / 1e9:.1f} "
        f"GB) from {archive.address} (the authors' page: {archive.page}), put it into {folder} and "
        "run the same command again."
    )


def _fetch(archive: Archive, file: Path, record: dict[str, Any] | None, progress: Progress) -> Path:
    def announced(size: int | None, have: int) -> None:
        if record is not None and size not in {None, record["bytes"]}:
            raise DatasetError(
                f"{archive.address} offers {size:,} bytes, but the file recorded on "
                f"{record['date'][:10]} had {record['bytes']:,}. If the authors have published a "
                f"new version that you want, delete {_record_path(file)}, then try again."
            )
        to_come = (size or archive.archive_bytes) - have
        _require_space(
            file.parent,
            max(to_come, 0) + archive.image_bytes,
            f"download {archive.file_name} and unpack its images",
        )

    try:
        return fetch(
            archive.address,
            file,
            max_bytes=archive.max_bytes,
            announced=announced,
            progress=progress,
        )
    except UnavailableError as error:
        raise DatasetError(f"{error} {by_hand(archive, file.parent)}") from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep a second download out of the folder, and say what the disk refuses in words."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DatasetError(
                    f"Another download into {folder} is running. Wait for it, or stop it."
                ) from error
            yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        problem = "The disk is full" if full else f"It cannot be written to: {error.strerror}"
        raise DatasetError(
            f"{problem} ({folder}). Free some space, or choose another folder with --to; then "
            "run the same command again: an unfinished download is continued."
        ) from error


def _require_space(folder: Path, needed: int, purpose: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise DatasetError(
            f"The disk of {folder} has {free / 1e9:.1f} GB free; about "
            f"{(needed + SPARE_BYTES) / 1e9:.1f} GB are needed to {purpose}. Free some space, "
            "or choose another folder with --to."
        )


def _describe(file: Path, progress: Progress, *, address: str | None) -> dict[str, Any]:
    digest, done, size = hashlib.sha256(), 0, file.stat().st_size
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress("Checking", done, size)
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return {"sha256": digest.hexdigest(), "bytes": done, "address": address, "date": date}


def _compare(
    record: dict[str, Any] | None, received: dict[str, Any], problem: str, advice: str
) -> None:
    if record is not None and record["sha256"] != received["sha256"]:
        raise DatasetError(
            f"{problem} that was recorded on {record['date'][:10]}: its SHA-256 is "
            f"{received['sha256']}, expected {record['sha256']}. It was altered or damaged, or the "
            f"authors have published a new version: {advice}, or delete the record (.sha256.json) "
            "to accept the new file."
        )


def _record_path(file: Path) -> Path:
    return file.with_name(file.name + ".sha256.json")


def _read_record(file: Path) -> dict[str, Any] | None:
    path = _record_path(file)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {"sha256": str(record["sha256"]), "bytes": int(record["bytes"])} | {
            "date": str(record["date"])
        }
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"The record {path} is damaged. Restore it, or delete it to accept the file as it is."
        ) from error


def _write_record(file: Path, facts: dict[str, Any]) -> None:
    write_whole(_record_path(file), json.dumps(facts, indent=2) + "\n")
