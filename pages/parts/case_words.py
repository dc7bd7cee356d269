"""How the parts of a case are written on the page."""

from datetime import datetime

from core.cases.records import Answer, CaseImage, TrailEntry
from pages.parts.look import NEUTRAL, Mark, mark_of

_TWO = 2
DELETED = (
    "Its images, answers, names and present verdicts are deleted for good. Its number stays as a "
    "tombstone, with its trail: who did what, when, which answers, verdicts and notes."
)


def moment(at: datetime) -> str:
    """Write a moment in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def counted(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def mark(answer: Answer) -> Mark:
    """Return the mark of an answer; what is no class of the model has the neutral one."""
    if answer.said not in answer.classes:
        return NEUTRAL
    # Of two classes, the one whose probability is shown is the positive one.
    return mark_of(answer.said, answer.shown_class if len(answer.classes) == _TWO else None)


def in_short(answer: Answer) -> str:
    """Write an answer in a few words, with its mark."""
    share = f"{100 * answer.probability:.0f} %"
    of = "" if answer.said == answer.shown_class else f" {answer.shown_class}"
    return f"{mark(answer).symbol} {answer.said} ({share}{of})"


def verdict_words(image: CaseImage) -> str:
    """Write the pathologist's verdict on an image."""
    if image.verdict is None:
        return "none yet"
    return f"{image.verdict.value}: {image.subtype}" if image.subtype else image.verdict.value


def change_words(entry: TrailEntry) -> str:
    """Write what an entry of the trail says was changed."""
    keys = [key for key in entry.after if entry.before.get(key) != entry.after[key]]
    keys += [key for key in entry.before if key not in entry.after]
    return "; ".join(
        f"{key}: {_value(entry.before[key])} → {_value(entry.after.get(key))}"
        if key in entry.before
        else f"{key}: {_value(entry.after[key])}"
        for key in keys
    )


def _value(value: object) -> str:
    return "–" if value in {None, ""} else str(value)
