"""Tables that somebody wrote: CSV and Parquet files, with every cell as text."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from core.datasets.listing import counted, quoted
from core.errors import DatasetError

Row = dict[str, str]


def read_text_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """Read a table with a header, every cell as text without spaces around it.

    A CSV is UTF-8, separated by commas, or by semicolons where its header has no comma. In a
    Parquet file missing cells become empty and whole numbers lose their fraction.

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
        header, rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except (OSError, ValueError, NotImplementedError, ImportError, csv.Error) as error:
        raise DatasetError(
            f"The table {path} cannot be read ({error}). It must be a CSV in UTF-8, or a Parquet "
            "file (.parquet)."
        ) from error
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
            f"The table {path} has {len(header)} columns and another number of cells in "
            f"{row_names(uneven)}. Fill in the row, or put quotation marks around text with commas."
        )
    if not rows:
        raise DatasetError(f"The table {path} has a header and no rows. Add one row an image.")
    return [dict(zip(header, cells, strict=True)) for cells in rows]


def row_names(rows: Iterable[int], most: int = 5) -> str:
    """Name rows given by index, for people: row 1 is the first below the header."""
    rows = list(rows)
    shown = ", ".join(str(row + 1) for row in rows[:most])
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more} (row 1 is the first below the header)"


def _csv(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        separator = ";" if ";" in first and "," not in first else ","
        # The file may have been written by any program; empty lines hold no row.
        lines = [[cell.strip() for cell in line] for line in csv.reader(file, delimiter=separator)]
    lines = [line for line in lines if any(line)]
    return (lines[0], lines[1:]) if lines else ([], [])


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
