"""Text that others wrote, so that it can be seen whole and no spreadsheet runs it."""

import re
import unicodedata
from functools import lru_cache

# Invisible characters can make one file name pass for another, so they are spelled out. Joiners
# are part of how Persian and several Indian scripts are written and stay.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}
# Letters and signs by their category, of which nothing is seen: fillers and blank patterns.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
_MINUS = "\u2212"
_LINE_ENDS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
# Of text as `_plain_sign` makes it: where a cell begins, and a formula in it. Behind a comma and a
# blank, as in "a word, -2", only what begins no word either.
_FORMULA = re.compile(
    r"""(?:^|(?<=[;|\t\n\r]))(?=[ \0\t\n\r"]*[=+\-@])"""
    r"""|(?<=,)(?=[\0"]*[=+\-@]|[ \0"]*=)|^(?=[\t\r\n])"""
)


def visible(text: str) -> str:
    """Return text with control and direction characters spelled out, as in `a⟨U+202E⟩b`."""
    return "".join(
        spelled_out(letter)
        if unicodedata.category(letter) in _INVISIBLE and letter not in JOINERS
        else letter
        for letter in text
    )


def spelled_out(letter: str) -> str:
    """Return a letter's number in Unicode, as in `⟨U+202E⟩`."""
    return f"⟨U+{ord(letter):04X}⟩"


def neutral(text: str) -> str:
    """Return text so that a spreadsheet shows it and does not compute it.

    Also behind blanks and letters that nobody sees, and behind what a spreadsheet of another
    country takes for the end of a cell (`;`, `,`, a tab, `|`, the end of a line); and also where
    these are written wide, small, raised or as the minus of mathematics.
    """
    signs = "".join(map(_plain_sign, text))
    begins = [match.start() for match in _FORMULA.finditer(signs)]
    parts = [text[start:end] for start, end in zip([0, *begins], [*begins, None], strict=True)]
    return "'".join(parts)


@lru_cache(maxsize=4096)
def _plain_sign(letter: str) -> str:
    """Return one sign for what a spreadsheet may take a letter for; NUL if nobody sees it."""
    if letter in "\t\n\r":
        return letter
    if letter in _LINE_ENDS:
        return "\n"
    # Letter by letter: "=" and a stroke through it would become one sign, "≠".
    sign = unicodedata.normalize("NFKC", letter).lstrip()[:1]
    if not sign:
        return " "
    if letter == _MINUS:
        return "-"
    unseen = unicodedata.category(sign)[0] in "CM" or sign in _BLANK or letter in _BLANK
    return "\0" if unseen else sign
