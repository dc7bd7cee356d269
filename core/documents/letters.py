"""Text that others wrote, so that it can be seen whole and no spreadsheet runs it."""

import re
import unicodedata

# Invisible characters can make one file name pass for another, so they are spelled out. Joiners
# are part of how Persian and several Indian scripts are written and stay.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}
_UNSEEN = r"[\s\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
_FORMULA = re.compile(rf"(?:^|(?<=[;|\t\n\r]))(?=(?:{_UNSEEN}|\")*[=+\-@＝＋－＠])|^(?=[\t\r\n])")


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
    country takes for the end of a cell (`;`, a tab, `|`, the end of a line).
    """
    return _FORMULA.sub("'", text)
