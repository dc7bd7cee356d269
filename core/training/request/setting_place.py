"""Where in a recipe's file a setting stands."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?$")
_KEY = re.compile(r"\s*([\w\"'.\- ]+?)\s*=")


def line_of(text: str, setting: Sequence[str]) -> int | None:
    """Find the line of a setting, or of the table that it should be in.

    Parameters
    ----------
    text : str
        Valid TOML, one setting a line.
    setting : sequence of str
        The names of its tables and its own: `("train", "epochs")`.

    Returns
    -------
    int or None
        Counted from 1; None if the file has neither.
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _names(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            names = table + _names(key[1])
            for length in range(len(table) + 1, len(names) + 1):
                lines.setdefault(names[:length], number)
    wanted = tuple(setting)
    while wanted and wanted not in lines:
        wanted = wanted[:-1]
    return lines.get(wanted)


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("\"'") for name in dotted.split("."))
