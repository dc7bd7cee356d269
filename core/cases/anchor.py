"""The trail's head, kept in a file elsewhere: it shows a trail that was cut off or rewritten."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.atomic import write_whole
from core.cases.check import Break, Check
from core.cases.database import reading
from core.cases.schema import StoreRow, TrailRow
from core.cases.store import Store
from core.errors import CaseError


def check_anchor(store: Store, file: Path) -> tuple[Break, ...]:
    """Look whether every head in a file still stands in the trail.

    Parameters
    ----------
    store
        Where the trail is.
    file
        As `write_anchor` writes it; one that is not there yet holds no heads.

    Raises
    ------
    CaseError
        If the file cannot be read, is none of `write_anchor`'s or another worklist's, or the
        database cannot be used.
    """
    heads = _read(file)
    with reading(store.engine) as session:
        store_id = session.scalars(select(StoreRow.id)).one()
        breaks = []
        for head in heads:
            if head["worklist"] != store_id:
                raise CaseError(
                    f"{file} holds heads of another worklist ({head['worklist'][:8]}); this one is "
                    f"{store_id[:8]}. Give its own file."
                )
            digest = session.scalar(select(TrailRow.sha256).where(TrailRow.id == head["entry"]))
            if digest != head["sha256"]:
                fault = "is gone: the trail was cut off" if digest is None else "is another now"
                words = f"Entry {head['entry']}, which was the last on {head['at']}, {fault}."
                breaks.append(Break(None, head["entry"], words))
    return tuple(breaks)


def write_anchor(store: Store, check: Check, file: Path) -> None:
    """Add the head of a trail that holds to a file, a line of JSON each.

    Raises
    ------
    CaseError
        If the file cannot be written, or the database cannot be used.
    """
    if not check.entries:
        return
    with reading(store.engine) as session:
        store_id = session.scalars(select(StoreRow.id)).one()
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    line = {"worklist": store_id, "entry": check.head.entry, "sha256": check.head.sha256, "at": at}
    try:
        lines = file.read_text("utf-8") if file.exists() else ""
        write_whole(file, lines + json.dumps(line) + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(file, error) from error


def _read(file: Path) -> list[dict[str, Any]]:
    if not file.parent.is_dir():
        raise CaseError(
            f"The folder {file.parent} of the anchor is not there, so nothing was compared. See "
            "that what it lies on is mounted, or make the folder."
        )
    try:
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        heads = [json.loads(line) for line in lines if line.strip()]
        return [
            {**head, "sha256": str(head["sha256"]), "worklist": str(head["worklist"])}
            for head in heads
            if isinstance(head["entry"], int) and isinstance(head["at"], str)
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable(file, error) from error


def _unusable(file: Path, error: Exception) -> CaseError:
    reason = error.strerror if isinstance(error, OSError) else "it is no file of heads"
    return CaseError(
        f"The anchor {file} cannot be used: {reason}. Give the file that "
        "`python -m core cases verify --anchor` wrote, or a new name."
    )
