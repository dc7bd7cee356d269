"""How the parts of a case are written on the page."""

from collections import Counter
from collections.abc import Iterable

from core.cases.records import UNJUDGED, Answer, CaseImage, TrailEntry, Verdict
from pages.shared.marks import Mark, mark_of_outcome

_TWO = 2
VERDICT_MARKS = {
    Verdict.AGREE: "✓",
    Verdict.DISAGREE: "✗",
    Verdict.OTHER_SUBTYPE: "≠",
    Verdict.CANNOT_TELL: "?",
}
DELETED = (
    "Its images and names are deleted for good; the trail stays, with answers, verdicts and notes."
)


def mark(answer: Answer) -> Mark:
    """Return the mark of an answer; of two classes, the shown one is the positive one."""
    return mark_of_outcome(answer.said, answer.shown_class if len(answer.classes) == _TWO else None)


def in_short(answer: Answer) -> str:
    """Write an answer in a few words, with its mark."""
    share = f"{100 * answer.probability:.0f} %"
    of = "" if answer.said == answer.shown_class else f" {answer.shown_class}"
    return f"{mark(answer).symbol} {answer.said} ({share}{of})"


def shortest(answer: Answer) -> str:
    """Write an answer as a narrow column has room for it, with its mark."""
    if answer.said == answer.predicted and len(answer.classes) == _TWO:
        return f"{mark(answer).symbol} {100 * answer.probability:.0f} %"
    return f"{mark(answer).symbol} {answer.said}"


def answers_in_short(images: tuple[CaseImage, ...]) -> str:
    """Write the first answers of several images, each different one once."""
    if len(images) == 1:
        return in_short(images[0].answers[0])
    firsts = [image.answers[0] for image in images]
    return _counts(f"{mark(answer).symbol} {answer.said}" for answer in firsts)


def verdicts_in_short(images: tuple[CaseImage, ...]) -> str:
    """Write the pathologist's verdicts on several images."""
    if len(images) == 1:
        return verdict_words(images[0])
    order = [*Verdict, None]
    ordered = sorted(images, key=lambda image: order.index(image.verdict))
    return _counts(verdict_words(image) for image in ordered)


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in Counter(words).items())


def verdict_words(image: CaseImage) -> str:
    """Write the pathologist's verdict on an image."""
    if image.verdict is None:
        return UNJUDGED
    return image.subtype or image.verdict.value


def change_words(entry: TrailEntry) -> str:
    """Write what an entry of the trail says was changed."""
    keys = [key for key in entry.after if entry.before.get(key) != entry.after[key]]
    keys += [key for key in entry.before if key not in entry.after]
    return "; ".join(
        f"{key}: {_value(key, entry.before[key])} → {_value(key, entry.after.get(key))}"
        if key in entry.before
        else f"{key}: {_value(key, entry.after[key])}"
        for key in keys
    )


def _value(key: str, value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if value is None or value == "":
        return "none"
    return f"{str(value)[:8]}…" if key.endswith("_sha256") else str(value)
