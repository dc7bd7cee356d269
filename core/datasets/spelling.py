"""When two spellings stand for the same: of a label, of a patient, of a magnification, of a path.

Text that people and programs write differs in what nobody sees: Unicode form, case, blanks, marks
without width. What is compared is a key; what is shown is the spelling.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

JOIN = "+"
"""Between the ids of one patient of a grouped dataset."""
_NOTHING_KNOWN = """
na nan none nonegiven null nil nat nodata noid undefined unknown unk unkown unknownpatient
patientunknown unknownid missing missingvalue notavailable notknown notrecorded notgiven
notspecified notapplicable notreported notprovided notstated notassigned notentered notdone
unspecified unidentified unassigned unavailable unrecorded anonymous anon anonymized
anonymised deidentified withheld redacted removed hidden blank empty tbd nd pdna unbekannt
keineangabe inconnu nonrenseigné desconocido desconhecido sconosciuto onbekend okänd ukendt
ukjent tuntematon nieznany brak neznámý ismeretlen necunoscut bilinmiyor неизвестно
неизвестный нет нетданных невідомо άγνωστο άγνωστος 不明 未知 未詳 無 无 空 なし
미상 없음 알수없음 desconocida desconhecida sconosciuta неизвестна неизвестное sindatos sd
ohneangabe noname unknown1 nn xxx tba pending ukjente غيرمعروف ناشناخته לאידוע अज्ञात ไม่ทราบ khôngrõ
"""
"""What is left of cells that say that nothing is known, without signs and blanks."""
_MISSING_KEYS = frozenset(
    {
        "#n/d",
        "n/d",
        "н/д",
        "\\n",
        "k.a.",
        "k. a.",
        "#ref!",
        "#value!",
        "#name?",
        "#num!",
        "#null!",
        "#div/0!",
    }
)
_NOT_LETTERS = re.compile(r"[\W_]+")
_NO_ID = re.compile(r"-9+|-1")
_SIGNS = frozenset("+-() ")
_QUOTES = "'\"`´‘’“”„«»"
# Marks that draw nothing and are no format characters: fillers, joiners, variation selectors.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_LEADING_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
_FRACTION_OF_ZERO = re.compile(r"(\d+)[.,]0+")
_POWER_OF_TEN = re.compile(r"\d(?:\.\d+)?e\+\d{1,2}|\d\.\d+e\d{1,2}")
_FILE_ENDING = re.compile(r"(?<=.)\.(?:png|jpe?g|tiff?|bmp|webp|svs|ndpi|dcm|csv|txt)$")
_BRACKETS = "[](){}<>"
# Small letters that look alike as capitals or as they are, after folding.
_LOOK_ALIKE = str.maketrans("авекмнорстухіјѕԁαβεηικμνορτυχ", "abekmhopctyxijsdabehikmnoptyx")
_FRACTION_AT_END = re.compile(r"([^.,]*\d)[.,]0*")
_SEPARATORS = re.compile(r"(?:[ _;:#/\\|-]|(?<!\d)[.,]|[.,](?!\d))+")
_SEPARATED = re.compile(r"(?<=[^\W\d])-(?=\d)")
_BETWEEN_WORDS = re.compile(r"(?<=\w)[ _-]+(?=[^\W\d])|(?<=[^\W\d])[ _-]+(?=\w)")
_BESIDE_SIGNS = re.compile(r" ?([^\w ]) ?")
MAGNIFYING = r"(?:mag(?:nification)?|obj(?:ective)?|zoom)"
_MAGNIFICATION = re.compile(
    rf"(?:{MAGNIFYING}[ _.-]?)?(?:x[ -]?)?(\d+)(?:[.,](\d*))?(?:[ -]?x)?(?:[ _-]?{MAGNIFYING})?"
)


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


def class_key(text: str) -> str:
    """What class names are compared by: as labels, and what separates words does not count.

    "in situ", "in_situ" and "insitu" are one, as are "IDC(+)" and "IDC (+)"; "IDC" and "IDC -" are
    not.
    """
    return _BESIDE_SIGNS.sub(r"\1", _BETWEEN_WORDS.sub("", label_key(text)))


def patient_key(text: str) -> str:
    """What patients are compared by: as labels, and leading zeros of a number do not count.

    Nor do quotation marks or brackets around it, the ending of a file's name, letters of other
    alphabets that look alike, a spreadsheet's 1.2E+05 for 120000, which sign separates its parts,
    or that one separates letters from a number: "P_007", "P-7", "p 7.0", "P.7" and "[P7]" are one,
    "1-0" and "10" are not.
    """
    key = _FILE_ENDING.sub("", label_key(text).strip(_QUOTES + _BRACKETS + " "))
    key = key.translate(_LOOK_ALIKE)
    key = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in key)
    if _POWER_OF_TEN.fullmatch(key):
        key = f"{float(key):.0f}"
    whole = _FRACTION_AT_END.fullmatch(key)
    key = _SEPARATORS.sub("-", whole[1] if whole else key)
    key = key.strip("-") or key
    return _LEADING_ZEROS.sub("", _SEPARATED.sub("", key))


def ids_of(patient: str) -> list[str]:
    """The ids of a patient of a grouped dataset; of any other the patient."""
    ids = patient.split(JOIN)
    return ids if all(part.isdecimal() for part in ids) else [patient]


def keys_of(patients: Iterable[str]) -> set[str]:
    """What patients of two datasets are compared by: a group of neighbours is each of them."""
    return {patient_key(name) for patient in patients for name in ids_of(patient)}


def is_missing(text: str) -> bool:
    """Whether a cell says that nothing is known: nothing, NA, nan, unknown, -, ?, -999 or so."""
    key = label_key(text)
    if key in _MISSING_KEYS or _NO_ID.fullmatch(key):
        return True
    return _NOT_LETTERS.sub("", key) in _missing()


@lru_cache(maxsize=1)
def _missing() -> frozenset[str]:
    return frozenset(
        {"", *(_NOT_LETTERS.sub("", label_key(word)) for word in _NOTHING_KNOWN.split())}
    )


def is_missing_label(text: str) -> bool:
    """Whether a label says that nothing is known; signs, "none" and "-1" may be labels."""
    key = label_key(text)
    if key in {"none", "nil", "nat", "blank", "empty"} or _NO_ID.fullmatch(key):
        return False
    return is_missing(text) and not (key and set(key) <= _SIGNS)


def people_in(patients: Iterable[str]) -> int:
    """How many patients there are, whatever their spelling."""
    return len({patient_key(name) for name in set(patients)})


def path_key(path: str) -> str:
    """What paths are compared by: NFC, as names on a Mac are NFD and others mostly NFC."""
    return unicodedata.normalize("NFC", path)


def magnification_name(text: str) -> str:
    """Write a magnification as records do: "100", "100.0", "100x" and "100×" are "100X"."""
    match = _MAGNIFICATION.fullmatch(label_key(text).replace("×", "x").replace("х", "x"))
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
    category = unicodedata.category(character)
    if category == "Cf" or character in _UNSEEN or (category == "Cc" and not character.isspace()):
        return True
    return any(ord(character) in selectors for selectors in _SELECTORS)
