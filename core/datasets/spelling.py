"""When two spellings stand for the same: of a label, of a patient, of a magnification, of a path.

Text that people and programs write differs in what nobody sees: Unicode form, case, blanks, marks
without width. What is compared is a key; what is shown is the spelling.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

MISSING = frozenset(
    {
        *(
            "",
            "na",
            "n/a",
            "n.a.",
            "#n/a",
            "nan",
            "none",
            "null",
            "nil",
            "unknown",
            "unk",
            "missing",
        ),
        *("-", "--", "---", ".", "?", "??", "???", "not available", "not known", "anonymous"),
        *("<na>", "(none)", "(null)", "(unknown)", "(missing)", "[unknown]", "nat", "#n/d", "n/d"),
        *("unbekannt", "inconnu", "desconocido", "sconosciuto", "k.a."),
    }
)
"""Keys that say that nothing is known."""
_LEADING_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
_FRACTION_OF_ZERO = re.compile(r"(\d+)\.0+")
_MAGNIFICATION = re.compile(r"(?:x ?)?(\d+)(?:[.,](\d+))?(?: ?x)?")


def label_key(text: str) -> str:
    """What labels are compared by: NFKC, case folded, without marks of no width; blanks count once.

    All dashes are one, and a whole number may be written with a fraction of zero.
    """
    text = unicodedata.normalize("NFKC", text).replace("−", "-")
    text = "".join(
        "-" if unicodedata.category(c) == "Pd" else c for c in text if not _without_width(c)
    )
    # Folding may bring forth what NFKC would take together.
    text = unicodedata.normalize("NFKC", " ".join(text.casefold().split()))
    number = _FRACTION_OF_ZERO.fullmatch(text)
    return number[1] if number else text


def patient_key(text: str) -> str:
    """What patients are compared by: as labels, and leading zeros of a number do not count."""
    return _LEADING_ZEROS.sub("", label_key(text))


def is_missing(text: str) -> bool:
    """Whether a cell says that nothing is known: nothing, NA, nan, unknown, -, ? or the like."""
    return label_key(text) in MISSING


def people_in(patients: Iterable[str]) -> int:
    """How many patients there are, whatever their spelling."""
    return len({patient_key(name) for name in set(patients)})


def path_key(path: str) -> str:
    """What paths are compared by: NFC, as names on a Mac are NFD and others mostly NFC."""
    return unicodedata.normalize("NFC", path)


def magnification_name(text: str) -> str:
    """Write a magnification as records do: "100", "100.0", "100x" and "100×" are "100X"."""
    match = _MAGNIFICATION.fullmatch(label_key(text).replace("×", "x"))
    if not match:
        return text.strip()
    fraction = (match[2] or "").rstrip("0")
    return f"{int(match[1])}{'.' if fraction else ''}{fraction}X"


def one_spelling(names: Sequence[str], key: Callable[[str], str] = label_key) -> dict[str, str]:
    """The spelling that stands for each name: of those with one key the most frequent.

    Of spellings that are equally frequent the one without marks of no width stands, and then the
    first in the order of text.
    """
    numbers = Counter(names)
    keys = {name: key(name) for name in numbers}
    chosen: dict[str, str] = {}
    for name in sorted(
        numbers, key=lambda name: (-numbers[name], any(map(_without_width, name)), name)
    ):
        chosen.setdefault(keys[name], name)
    return {name: chosen[key] for name, key in keys.items()}


def _without_width(character: str) -> bool:
    # Format characters: zero-width space and joiners, byte order mark, soft hyphen, directions.
    return unicodedata.category(character) == "Cf"
