"""What was measured before, in one file a dataset, so that the next audit reads only what changed.

The file is a NumPy archive: `paths`, UTF-8 text divided by NUL; `facts`, one record a path, in the
same order; `reasons`, a JSON object from path to what is wrong with the file; `version`.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.atomic import write_whole
from core.datasets.audit.facts import FACTS
from core.errors import DatasetError
from core.imaging.read import PIXELS_VERSION

VERSION = f"5-r{PIXELS_VERSION}"
"""Its number is raised whenever what is measured changes; it also follows what `read_image` makes
of files. What was kept under another one is measured anew."""


def recall(file: Path, paths: list[str]) -> tuple[NDArray[np.void], dict[str, str]]:
    """Read what is known of these paths; nothing if the file is absent, damaged or outdated.

    Returns
    -------
    facts : array of dtype FACTS, shape (paths,)
        Of size -1 where nothing is known.
    reasons : dict
        What is wrong with unreadable files, by path.
    """
    facts = np.zeros(len(paths), FACTS)
    facts["size"] = -1
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if archive["version"] != VERSION:
                return facts, {}
            text = archive["paths"].tobytes().decode()
            known = archive["facts"]
            reasons = json.loads(archive["reasons"].tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return facts, {}
    if known.dtype != FACTS:
        return facts, {}
    if text == "\0".join(paths):
        return known, reasons
    rows = {path: row for row, path in enumerate(text.split("\0"))}
    known_rows = np.array([rows.get(path, -1) for path in paths])
    facts[known_rows >= 0] = known[known_rows[known_rows >= 0]]
    return facts, reasons


def remember(
    file: Path, paths: list[str], facts: NDArray[np.void], reasons: dict[str, str]
) -> None:
    """Write what is known, aside and then renamed.

    Raises
    ------
    DatasetError
        If the disk is full or the folder cannot be written to.
    """
    content = io.BytesIO()
    np.savez(
        content,
        version=np.str_(VERSION),
        paths=np.frombuffer("\0".join(paths).encode(), np.uint8),
        facts=facts,
        reasons=np.frombuffer(json.dumps(reasons).encode(), np.uint8),
    )
    write_aside(file, content.getbuffer())


def write_aside(file: Path, content: bytes | memoryview) -> None:
    """Write a file that appears whole or not at all.

    Raises
    ------
    DatasetError
        If the disk is full or the folder cannot be written to.
    """
    try:
        write_whole(file, content)
    except OSError as error:
        raise DatasetError(
            f"{file.name} could not be written to {file.parent} ({error.strerror}). Free some "
            "space, or set LOBULE_HOME to a writable folder."
        ) from error
