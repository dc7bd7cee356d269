"""Tables that somebody wrote: CSV and Parquet files, with every cell as text."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from core.counts import counted
from core.datasets.listing import quoted
from core.datasets.spelling import label_key
from core.errors import DatasetError

Row = dict[str, str]
_SEPARATORS = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r'\s*"?sep= ?(.)"?[ ;,\t]*\r?(?:\n|$)', re.IGNORECASE)


def read_text_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """Read a table with a header, every cell as text without spaces around it.

    A CSV is UTF-8, or UTF-16 as spreadsheets write it, separated by commas, semicolons, tabs or
    bars; a first line `sep=…` of Excel says by which. In a Parquet file missing cells become empty
    and whole numbers lose their fraction.

    Returns
    -------
    list of dict
        One a row, with every required and every optional column that the table has; at least one.

    Raises
    ------
    DatasetError
        If the file cannot be read, has no rows, or lacks or exceeds the columns.
    """
    try:
        header, rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path, required)
    except (OSError, ValueError, NotImplementedError, ImportError, csv.Error) as error:
        raise DatasetError(
            f"The table {path} cannot be read ({error}). It must be a CSV in UTF-8 or UTF-16 "
            "(in Excel, save as “CSV UTF-8”), or a Parquet file (.parquet)."
        ) from error
    # Headers are written in any case: "Path", "LABEL", "Patient ".
    known = {label_key(name): name for name in (*required, *optional)}
    header = [known.get(label_key(name), name) for name in header]
    missing = [name for name in required if name not in header]
    unknown = [name for name in header if name not in {*required, *optional}]
    repeated = sorted({name for name in header if header.count(name) > 1})
    for wrong, words in ((missing, "lacks"), (unknown, "has unknown"), (repeated, "repeats")):
        if wrong:
            accepted = f"; it may have {', '.join(optional)}" if optional else ""
            raise DatasetError(
                f"The table {path} {words} {counted(len(wrong), 'column')}: {quoted(wrong)}. Its "
                f"header is {quoted(header, 12)}. It must have {', '.join(required)}{accepted}."
            )
    uneven = [row for row, cells in enumerate(rows) if len(cells) != len(header)]
    if uneven:
        raise DatasetError(
            f"The table {path} has {len(header)} columns but another number of cells in "
            f"{row_names(uneven)}. Fill in the row, or put quotation marks around text with "
            "commas."
        )
    if not rows:
        raise DatasetError(f"The table {path} has a header but no rows. Add one row per image.")
    return [dict(zip(header, cells, strict=True)) for cells in rows]


def row_names(rows: Iterable[int], most: int = 5) -> str:
    """Name rows given by index, for people: row 1 is the first below the header."""
    rows = list(rows)
    shown = ", ".join(str(row + 1) for row in rows[:most])
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more} (row 1 is the first below the header)"


def _csv(path: Path, required: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    text = _decoded(path.read_bytes())
    separator_line = _SEPARATOR_LINE.match(text)
    if separator_line:
        text = text[separator_line.end() :]
    # The file may have been written by any program; empty lines hold no row.
    separator = _separator(text, required, separator_line[1] if separator_line else "")
    file = io.StringIO(text, newline="")
    lines = [[cell.strip() for cell in line] for line in csv.reader(file, delimiter=separator)]
    lines = [line for line in lines if any(line)]
    return (lines[0], lines[1:]) if lines else ([], [])


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    # The first character of a header is a plain letter or quotation mark.
    if data[1:2] == b"\0" and data[:1] != b"\0":
        return data.decode("utf-16-le")
    if data[:1] == b"\0" and data[1:2] != b"\0" and len(data) > 1:
        return data.decode("utf-16-be")
    return data.decode("utf-8-sig")


def _separator(text: str, required: Sequence[str], declared: str) -> str:
    """The one by which the header has the required columns; else what is said, or most frequent."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    for separator in (*declared, *_SEPARATORS):
        cells = next(csv.reader([header], delimiter=separator), [])
        if {*map(label_key, required)} <= {*map(label_key, cells)}:
            return separator
    return declared or max(_SEPARATORS, key=header.count)


def _parquet(path: Path) -> tuple[list[str], list[list[str]]]:
    frame = pd.read_parquet(path)
    columns = [[_text(value) for value in frame[name].tolist()] for name in frame.columns]
    rows = [list(cells) for cells in zip(*columns, strict=True)]
    return [str(name) for name in frame.columns], rows


def _text(value: object) -> str:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - true of NaN only
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
