"""A slide fetched from the archive, file by file, by WADO-RS (DICOM PS3.18).

Each file is streamed to the disk; what is whole is not fetched again when a download that broke
off goes on. Pictures of the label and of the whole glass, which carry names, are not fetched. The
folder takes its place among the slides once all is there and opens.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from core.atomic import flush, whole_file
from core.errors import SlideError
from core.rights import Deed, require
from core.settings import get_settings
from core.slides.dicomweb.client import TIMEOUT, ImageArchive, archive, check_uid
from core.slides.dicomweb.search import find, value_of
from core.slides.slide import open_slide
from core.slides.uploads import safe_name

if TYPE_CHECKING:
    import requests

Told = Callable[[int, int, int], None]
"""Files that are here, files in all, bytes that came; may raise to stop."""

_INSTANCE, _IMAGE_TYPE = "00080018", "00080008"
_FLAVOUR = 2
_NAMED = {"LABEL", "OVERVIEW"}
_PAGE = 100
_CHUNK = 1 << 20
_LONGEST_START = 1 << 14
_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


def download(series: str, progress: Told | None = None) -> Path:
    """Fetch a slide into LOBULE_HOME/slides/downloads; one that is there is not fetched again.

    Parameters
    ----------
    series
        UID, as `search` gives it.
    progress
        Is told how it goes on.

    Returns
    -------
    Path
        Its folder, which is a slide, called by what the archive says of it.

    Raises
    ------
    SlideError
        If the archive does not give it, it is fetched elsewhere at this moment, it does not open,
        or the disk is full.
    """
    require(Deed.ANSWER_SLIDES)
    folder = get_settings().slide_downloads / check_uid(series)
    if folder.is_dir():
        return next(folder.iterdir())
    aside = folder.with_name(f".{series}.coming")
    try:
        aside.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{series}.lock"), timeout=0):
            came = _fetch(series, aside, progress or (lambda *_: None))
            open_slide(came).close()
            aside.rename(folder)
            flush(folder.parent)
            folder.with_name(f".{series}.lock").unlink(missing_ok=True)
    except Timeout as error:
        raise SlideError("This slide is being fetched already. Wait until it is here.") from error
    except OSError as error:
        raise SlideError(
            f"The slide cannot be written to {folder.parent} ({error.strerror or error}). What "
            "arrived is kept: make room and try again."
        ) from error
    return folder / came.name


def _fetch(series: str, aside: Path, progress: Told) -> Path:
    """Bring all files into a folder in another one; returns it."""
    slide = find(series)
    if slide is None:
        raise SlideError(f"The image archive has no slide with the series UID {series}.")
    study = check_uid(slide.study)
    words = (slide.description or "DICOM slide", slide.date, slide.accession)
    inner = next(aside.iterdir(), aside / safe_name(" ".join(word for word in words if word)))
    inner.mkdir(exist_ok=True)
    for broken in inner.glob(".*"):  # of a process that was killed
        broken.unlink()
    with archive() as known:
        instances = _instances(known, study, series)
        if not instances:
            raise SlideError(f"The image archive has no files of the series {series}.")
        came = 0
        for number, instance in enumerate(instances):
            progress(number, len(instances), came)
            file = inner / f"{instance}.dcm"
            if not file.exists():
                address = f"{known.address}/studies/{study}/series/{series}/instances/{instance}"
                for size in _stream(known, address, file):
                    progress(number, len(instances), came + size)
            came += file.stat().st_size
        progress(len(instances), len(instances), came)
    return inner


def _instances(known: ImageArchive, study: str, series: str) -> list[str]:
    """UIDs of the files of the scan."""
    flavours: dict[str, str] = {}
    while True:  # page by page, also where the archive always gives the same one
        page = known.client.search_for_instances(
            study, series, fields=["ImageType"], limit=_PAGE, offset=len(flavours)
        )
        new = {
            value_of(instance, _INSTANCE): value_of(instance, _IMAGE_TYPE, _FLAVOUR)
            for instance in page
        }
        if new.keys() <= flavours.keys():
            return sorted(
                check_uid(uid) for uid, flavour in flavours.items() if flavour not in _NAMED
            )
        flavours |= new


def _stream(known: ImageArchive, address: str, file: Path) -> Iterator[int]:
    """Write what the archive sends to a file, which appears once whole; yield bytes so far."""
    with (
        known.session.get(
            address, headers={"Accept": _ACCEPT}, stream=True, timeout=TIMEOUT
        ) as answer,
        whole_file(file) as target,
    ):
        answer.raise_for_status()
        for piece in _content(answer):
            target.write(piece)
            yield target.tell()


def _content(answer: "requests.Response") -> Iterator[bytes]:
    """The one part of an answer of several parts, piece by piece."""
    pieces = answer.iter_content(_CHUNK)
    kind = answer.headers.get("Content-Type", "")
    if not kind.lower().startswith("multipart/"):
        yield from pieces
        return
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        raise ValueError("its answer of several parts does not say where they end")
    end = b"\r\n--" + boundary[1].encode()
    held = b""
    for piece in pieces:  # the part's own headers come first
        held += piece
        if b"\r\n\r\n" in held or len(held) > _LONGEST_START:
            break
    start = held.find(b"\r\n\r\n")
    if start < 0:
        raise ValueError("its answer has no content")
    held = held[start + 4 :]
    for piece in pieces:
        if end in held:
            break
        yield held[: -len(end)]
        held = held[-len(end) :] + piece
    content, whole, _ = held.partition(end)
    if not whole:
        raise ConnectionError("the answer broke off")
    yield content
