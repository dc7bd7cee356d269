"""What the words of two class names say of which is the positive one.

A name is taken apart into words, negations among them ("non-", "without", "(-)" …). Then the names
are compared, and never by alphabet: of a thing and its negation the thing is positive; of a word
for health and any other word the other; of a word for disease and a word for the rest the disease.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib.resources import files

from core.datasets.spelling import label_key

_WORDS = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        (files("core.datasets") / "class_words.toml").read_text(encoding="utf-8")
    ).items()
}
_NOT, _IS = _WORDS["not"], _WORDS["is"]
_HEALTH, _DISEASE, _REST = _WORDS["health"], _WORDS["disease"], _WORDS["rest"]
_WELL = _HEALTH | {"typical"}
_CONTROLS = frozenset({"control", "controls", "ctrl", "ctl"})
_EITHER, _NUMBERED = _WORDS["either"], _WORDS["numbered"]
# By how much a name is what it says: a name for health outweighs one for disease.
_REST_OF_ALL, _POSITIVE, _NEGATIVE = -1, 2, -3
_PREFIXES = ("non", "not", "no", "非", "无", "無", "un", "ab", "anti", "dis", "in", "a", "an")
# Only where what is left is the other name's word, or a word that has such an opposite.
_FOR_ANY_WORD = ("non", "not", "no", "非", "无", "無")
_OPPOSITES = frozenset({"normal", "typical", "healthy", "involved", "affected"})
_ENDINGS = {"negative": -1, "neg": -1, "free": -1, "frei": -1, "less": -1, "positive": 1, "pos": 1}
# "HER2-negative carcinoma" is a carcinoma: the negation is of the word before it.
_AFTER_ITS_WORD = frozenset({"negative", "negatives", "neg", "free", "absent"})
_ADJECTIVAL = frozenset({"non", "not", "nicht", "nao", "niet"})
_OF_GROWTH = frozenset({"invasive", "infiltrating", "infiltrative"})
_LETTERS_OF_CLASSES = frozenset("cy")
_YES = frozenset({"y", "yes", "t", "p", "pos", "positive"})
_PHRASES = {
    r"\b(?:of )?no special type\b|\bnot otherwise specified\b": "nst",
    r"\bclear[ -]?cell\b": "clearcell",
    r"\bnormal[ -]?like\b": "normallike",
}
_LETTERS = {(("b",), ("m",)): 1, (("m",), ("b",)): 0}
_BENIGN_OR_A_GRADE = ("b",)
_BENIGN = frozenset({"benign", "normal", "healthy"})
_FILLERS = frozenset({"of", "for", "the", "a", "an", "any", "is", "are", "de", "du", "di", "von"})
_SIGNS = {"⊖": "(-)", "⊝": "(-)", "➖": "(-)", "⊕": "(+)", "➕": "(+)", "¬": "no ", "!": "no "}
# A stage such as N0 is no "no" and no number.
_WORD = re.compile(r"w/o|(?<![^\W\d_])[nty]\d+|[^\W\d_]+|\d+(?:\.\d+)?")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])|(?<=[A-Z])(?=(?:Neg|Pos|Free))")
_MINUS_SIGN = re.compile(
    r"[(\[{] ?-+(?:ve)? ?[)\]}]|-ve\b|^-+(?=\w)|^-+$|(?<=[\w)\]]) ?-+$|(?<=\w)-+(?= )|\s-+(?=\s)"
)
_PLUS_SIGN = re.compile(r"\+(?:ve\b)?")


@dataclass(frozen=True)
class Name:
    """A class name, taken apart.

    Attributes
    ----------
    negations : int
        How often it is negated.
    affirmed : bool
        Whether it says “positive”, “with”, “+” …
    words : tuple of str
        The others, ordered.
    unclear : bool
        Whether it names a disease, and a negation that may be of that or of something else.
    denied : frozenset of str
        Words that a negation stands right before: "tumour" in "non-tumour stroma".
    """

    negations: int
    affirmed: bool
    words: tuple[str, ...]
    unclear: bool = False
    denied: frozenset[str] = frozenset()

    @property
    def negated(self) -> bool:
        """Whether it says that its words are not so."""
        return self.negations % 2 == 1

    @property
    def bare(self) -> bool:
        """Whether it says no more than yes or no: “positive”, “-”, “0”, “false”."""
        return not self.words or self.words in {("0",), ("1",)}


def apart(name: str, other: str = "") -> Name:
    """Take a class name apart; `other` is the name that it is told from.

    "non-IDC", "NonIDC", "no_idc", "IDC free", "IDC (−)" and "IDCneg" are all IDC, negated once.
    """
    others = {*_words(other)[1]}
    known = {*others, *_rests(other), *_HEALTH, *_DISEASE, *_REST}
    signs, raw = _words(name)
    # A word that both names have is not what tells them apart: "node" is no negated "de".
    shared = others - _NOT
    if signs != (0, False) or (raw == ["n"] and not others & _YES):
        shared.add("n")  # "N+" and "N-" are of lymph nodes, "N" beside "C" may be anything
    negations, affirmed = signs
    words: list[str] = []
    denied: set[str] = set()
    ill = bool(_DISEASE & {*raw})
    unclear = signs[0] > 0 and ill and raw[-1] not in _DISEASE | others
    for at, word in enumerate(raw):
        part, sign = (word, 0) if word in shared else _part(word, known)
        if sign < 0 or part in _NOT - shared:
            of_all = not ill or _is_of_all(raw, at, part if sign < 0 else "", others)
            negations += of_all is not False
            unclear |= of_all is None
            denied |= {part} if sign < 0 else _denied(raw, at)
        affirmed |= sign > 0 or part in _IS
        if part in shared or part not in _NOT | _IS | _FILLERS:
            words.append(part)
    return Name(negations, affirmed, tuple(sorted(words)), unclear, frozenset(denied))


def _denied(raw: list[str], at: int) -> set[str]:
    """The word right behind a negation, where it is that which is denied and no more."""
    after = [word for word in raw[at + 1 :] if word not in _FILLERS]
    if after and (raw[at] in _ADJECTIVAL or len(after) == 1) and raw[at] not in _AFTER_ITS_WORD:
        return {after[0]}
    return set()


def _is_of_all(raw: list[str], at: int, joined: str, theirs: set[str]) -> bool | None:
    """Whether the negation at some place is of a name's disease; None if that cannot be told.

    `joined` is what it is written with in one, `theirs` are the words of the other name.
    """
    before = [word for word in raw[:at] if word not in _FILLERS]
    after = [word for word in raw[at + 1 :] if word not in _FILLERS]
    ill_after = any(word in _DISEASE for word in after)
    if joined or raw[at] == "non":
        negated = joined or (after[0] if after else "")
        besides = {*before, *(after if joined else after[1:])} & _DISEASE
        if negated in theirs or not besides:
            return True
        return negated in _DISEASE - _OF_GROWTH
    if raw[at] in _AFTER_ITS_WORD and before:
        if before[-1] in _DISEASE | theirs:
            return True
        return False if ill_after else None
    return True if ill_after or not set(after) - _IS or set(after) & theirs else None


def positive_of(first: str, second: str) -> int | None:
    """Which of two names is positive, 0 or 1; None where the words do not settle it."""
    names = apart(first, second), apart(second, first)
    if {names[0].words, names[1].words} == {("0",), ("1",)}:
        nought = int(names[1].words == ("0",))
        if names[nought].negated and names[1 - nought].affirmed:  # "no (0)", "yes (1)"
            return 1 - nought
    letters = (names[0].words, names[1].words)
    if letters in _LETTERS:
        return _LETTERS[letters]
    if names[0].words == names[1].words:
        return _by_negation(*names)
    return None if _BENIGN_OR_A_GRADE in letters else _by_meaning(*names)


def _by_meaning(*names: Name) -> int | None:
    """Of a word for health and any other the other; of one for disease and for the rest it."""
    shared = set(names[0].words) & set(names[1].words)
    if _are_numbered(shared) and {*names[0].words, *names[1].words} - shared <= {"0", "1"}:
        return None
    first, second = (None if name.unclear else _sign(name, shared) for name in names)
    if first is None or second is None:
        return None
    signs = [first, second]
    for number, name in enumerate(names):
        # "unhealthy tissue" beside "healthy", "abnormal (tumour)" beside "normal".
        if name.denied & _WELL & {*names[1 - number].words} and not names[1 - number].negated:
            signs[1 - number] = _REST_OF_ALL
    if signs[0] == signs[1]:
        return None
    strong, weak = (0, 1) if abs(signs[0]) > abs(signs[1]) else (1, 0)
    if signs[strong] == _NEGATIVE and signs[weak] != _REST_OF_ALL:
        return weak
    if signs[strong] == _POSITIVE and signs[weak] == _REST_OF_ALL:
        return strong
    return None


def _are_numbered(shared: set[str]) -> bool:
    letters = {word for word in shared if len(word) == 1 and word.isalpha()}
    return bool(shared & _NUMBERED or letters - _LETTERS_OF_CLASSES)


def names_the_rest(name: str) -> bool:
    """Whether a name is for all that is not looked for, as “other” is, and says no more."""
    words = set(apart(name).words)
    return bool(words) and words <= _REST


def names_disease(name: str) -> bool:
    """Whether a name has a word for disease or one for its absence, as “benign” is."""
    return bool({*apart(name).words} & (_DISEASE | _BENIGN))


def _by_negation(first: Name, second: Name) -> int | None:
    """Of a thing and its negation; of "normal" and "not normal" the latter is positive."""
    if first.negated != second.negated:
        denied = first.denied | second.denied
        healthy = denied or {*first.words}
        if not healthy & _WELL or (not denied and healthy & _DISEASE):
            return int(first.negated)
        if first.affirmed or second.affirmed:  # "negative control" is no sick control
            return None if {*first.words} <= _WELL - _CONTROLS else int(first.negated)
        return int(second.negated)
    if first.affirmed != second.affirmed and not first.words:
        return int(second.affirmed)
    return None


def _sign(name: Name, shared: set[str]) -> int | None:
    """How far a name is positive or negative, apart from the words that both names have.

    None where it contradicts itself: "1 non-IDC".
    """
    left = {word for word in name.words if word not in shared}
    words = left or set(name.words)
    if left in ({"0"}, {"1"}):
        if name.negated and left != {*name.words}:
            return _NEGATIVE if left == {"0"} else None
        return _NEGATIVE if (left == {"0"}) != name.negated else _POSITIVE
    ill = bool(words & _DISEASE)
    if name.negated and name.denied:
        ill = bool(name.denied & _REST and {*name.words} & _DISEASE - name.denied)
        return _POSITIVE if ill or name.denied & _WELL else _NEGATIVE
    well = bool(words & _HEALTH) and (bool(left) or not ill)
    if name.negated or (well and left):
        return _POSITIVE if name.negated and well else _NEGATIVE
    if left & _REST and (not ill or "adjacent" in left):
        return _REST_OF_ALL
    return _POSITIVE if ill or name.affirmed else 0


def _words(name: str) -> tuple[tuple[int, bool], list[str]]:
    """Signs (how often negative, whether positive) and plain words of a name."""
    text = unicodedata.normalize("NFKC", _CAMEL.sub(" ", unicodedata.normalize("NFKC", name)))
    for sign, spelled in _SIGNS.items():
        text = text.replace(sign, spelled)
    text = label_key(text).replace("_", " ")
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    text = re.sub(r"wild[ -]type", "wildtype", text)
    text = re.sub(r"\btriple[ -]?neg(?:ative)?\b", "tnbc", text)
    for phrase, word in _PHRASES.items():
        text = re.sub(phrase, word, text)
    text = re.sub(r"^(\d+) ?- (?=.*\w)", r"\1 ", text)  # "0 - no IDC" is numbered
    text = re.sub(r"(?<=\w)-+(?= \w)", " negative", text)  # "ER- carcinoma"
    text, negative = _MINUS_SIGN.subn(" ", text.strip())
    text, positive = _PLUS_SIGN.subn(" ", text)
    words = [re.sub(r"^(\d+)\.0+$", r"\1", word) for word in _WORD.findall(text)]
    return (negative, positive > 0), words


def _rests(name: str) -> set[str]:
    """What is left of a name's words without a beginning or an ending that negates or affirms."""
    rests = set()
    for word in _words(name)[1]:
        rests |= {word.removeprefix(start) for start in _FOR_ANY_WORD if word.startswith(start)}
        rests |= {word.removesuffix(end) for end in _ENDINGS if word.endswith(end)}
    return {stem for stem in rests if len(stem) > 1 or not stem.isascii()}


def _part(word: str, known: set[str]) -> tuple[str, int]:
    """Take a negation off a word that is written with it in one: the word, and -1, 0 or 1."""
    if word in {"uninvolved", "unaffected"}:
        return word.removeprefix("un"), -1
    if word in _NOT | _IS | _FILLERS | _HEALTH | _REST:
        return word, 0
    for start in _PREFIXES:
        stem = word.removeprefix(start)
        if stem == word or (len(stem) < 2 and stem.isascii()):  # noqa: PLR2004 - no word
            continue
        usual = start in _FOR_ANY_WORD and stem in known
        if start == "un" and stem in _EITHER:
            continue
        opposite = stem in _OPPOSITES and start in {"un", "ab", "a"}
        if usual or opposite or (stem in known and stem not in _DISEASE | _HEALTH | _REST):
            return stem, -1
    for end, sign in _ENDINGS.items():
        stem = word.removesuffix(end)
        if stem not in {word, ""} and (stem in known or len(end) > 3):  # noqa: PLR2004 - "less"
            return stem, sign
    return word, 0
