"""Which of the classes that somebody named is the positive one, and which are a model's."""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence

from core.counts import counted
from core.datasets.class_words import apart, names_the_rest, positive_of
from core.datasets.listing import quoted
from core.datasets.records import Dataset, Task
from core.datasets.spelling import class_key, one_spelling
from core.errors import DatasetError

_BINARY = 2


class UndecidedClassesError(DatasetError):
    """Two classes whose names do not say which is the positive one.

    Attributes
    ----------
    classes : tuple of str
        Both, to choose from.
    """

    def __init__(self, classes: tuple[str, ...], source: str) -> None:
        super().__init__(
            f"{source} name the classes {quoted(classes)}, and these names do not say which is "
            "positive, the one to detect. Choose it under “Positive class” on the page, or "
            f"give --positive {_shell(classes[0])} or --positive {_shell(classes[1])} on the "
            "command line."
        )
        self.classes = classes


def class_order(
    names: Iterable[str],
    task: Task,
    source: str,
    positive: str | None = None,
    known: Sequence[str] = (),
) -> tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]:
    """Put class names in order, of two the positive last; names that differ in spelling are one.

    Parameters
    ----------
    names : iterable of str
        Of every image.
    task : "binary" or "subtype"
    source : str
        Where the names come from, to begin an error with ("The folders in …").
    positive : str, optional
        The positive class, where somebody said which it is.
    known : sequence of str
        Classes of a model, the positive last: where both are here, their order is right.

    Returns
    -------
    classes : tuple of str
    spelling : dict
        From each name to its class.
    notes : tuple of str
        The order, and what was put together, in words.

    Raises
    ------
    UndecidedClassesError
        If the words of two classes do not say which is positive, and nobody does.
    DatasetError
        If there are fewer than two classes, or more than two in a binary task, or `positive` is
        none of them.
    """
    names = list(names)
    spelling = one_spelling(names, class_key)
    classes = tuple(sorted(set(spelling.values())))
    notes = _put_together(spelling, names)
    if len(classes) < _BINARY:
        spelled = quoted(sorted(spelling))
        same = ", which differ only in case, spaces or Unicode form" if len(spelling) > 1 else ""
        raise DatasetError(
            f"{source} name only one class, {spelled}{same}. At least two are needed."
        )
    if task == "subtype":
        _refuse_positive(positive, "there is none among subtypes")
        return classes, spelling, (f"{counted(len(classes), 'subtype')}, alphabetically.", *notes)
    if len(classes) > _BINARY:
        raise DatasetError(
            f"{source} name {len(classes)} classes ({quoted(classes)}); a binary task has two. "
            "Choose the task “subtype”, or put the images into two classes."
        )
    number, why = _positive(classes, source, positive, known)
    ordered = (classes[1 - number], classes[number])
    note = f"The positive class is “{ordered[1]}”, the negative “{ordered[0]}”{why}."
    return ordered, spelling, (note, *notes)


def check_positive(positive: str | None, classes: Sequence[str], source: str) -> None:
    """Refuse a positive class that is not that of a known dataset.

    Raises
    ------
    DatasetError
    """
    if not classes:
        _refuse_positive(positive, "there is none among subtypes")
    elif positive is not None and class_key(positive) != class_key(classes[-1]):
        _refuse_positive(positive, f"that of {source} is “{classes[-1]}”")


def in_doubt(dataset: Dataset) -> tuple[str, ...]:
    """Two classes that are to be asked about though their words say which is positive.

    “other” beside “IDC” is the negative class; but it may be what somebody looks for. Empty where
    there is no doubt, or somebody has said it.
    """
    if dataset.task != "binary" or dataset.positive_stated or not dataset.classes:
        return ()
    return dataset.classes if names_the_rest(dataset.classes[0]) else ()


def match_classes(
    classes: Sequence[str], wanted: Sequence[str], *, stated: bool = False
) -> tuple[int, ...] | None:
    """Say which of a model's classes each class of a dataset is; None if one is none of them.

    Names that differ in spelling only are one class. Of two classes, the negation of the positive
    one is the negative one in whatever words, and names that say no more than yes or no ("0", "+",
    "negative") are what they say.

    Parameters
    ----------
    classes, wanted : sequence of str
        Of the dataset and of the model; of two, the positive last.
    stated : bool
        Whether somebody stated which class of the dataset is positive: then it is the model's.
    """
    keys = [class_key(name) for name in wanted]
    same = [keys.index(key) if (key := class_key(name)) in keys else None for name in classes]
    if None not in same:
        return tuple(number for number in same if number is not None)
    if len(classes) != _BINARY or len(wanted) != _BINARY:
        return None
    if stated:
        return (0, 1)
    if None not in same or same[0] == 1 or same[1] == 0:
        return None
    # What is on both sides, or says no more than yes or no.
    positive = (
        same[1] == 1 or _says_no_more(classes[1], classes[0]) or _alike(*_last(classes, wanted))
    )
    negative = (
        same[0] == 0
        or _says_no_more(classes[0], classes[1])
        or _negates(classes[0], wanted[1])
        or (_negates(wanted[0], wanted[1]) and positive)
    )
    return (0, 1) if positive and negative else None


def _last(classes: Sequence[str], wanted: Sequence[str]) -> tuple[str, str]:
    return classes[1], wanted[1]


def _alike(name: str, other_name: str) -> bool:
    """Whether both say the same of the same: IDC, IDC(+), “IDC positive”."""
    first, second = apart(name, other_name), apart(other_name, name)
    return first.words == second.words and not (first.negated or second.negated or first.bare)


def _negates(negative: str, positive: str) -> bool:
    """Whether one is the other, negated: “non-IDC” of “IDC”."""
    first, second = apart(negative, positive), apart(positive, negative)
    return first.negated and not second.negated and first.words == second.words


def _says_no_more(name: str, other: str) -> bool:
    return apart(name, other).bare


def _positive(
    classes: tuple[str, ...], source: str, positive: str | None, known: Sequence[str]
) -> tuple[int, str]:
    """Which of two classes is positive, and how that is known."""
    keys = [class_key(name) for name in classes]
    if positive is not None:
        if class_key(positive) not in keys:
            _refuse_positive(positive, f"{source} name {quoted(classes)}")
        return keys.index(class_key(positive)), ", as was stated"
    model = [class_key(name) for name in known]
    if set(model) == set(keys):
        return keys.index(model[-1]), ", as the model has them"
    number = positive_of(*classes)
    if number is None:
        raise UndecidedClassesError(classes, source)
    names_rest = names_the_rest(classes[1 - number])
    ask = (
        f". If that is wrong, give --positive {_shell(classes[1 - number])} or choose it on the "
        "page"
    )
    return number, ask if names_rest else ""


def _refuse_positive(positive: str | None, why: str) -> None:
    if positive is not None:
        raise DatasetError(
            f"The positive class was stated as {quoted([positive])}, and {why}. Give one of the "
            "names, or leave --positive out."
        )


def _put_together(spelling: dict[str, str], names: Sequence[str]) -> tuple[str, ...]:
    numbers = Counter(names)
    return tuple(
        f"{quoted([name])} ({counted(numbers[name], 'image')}) is taken as "
        f"{quoted([stands])}: they differ only in case, spaces or Unicode form."
        for name, stands in sorted(spelling.items())
        if name != stands
    )


def _shell(name: str) -> str:
    return shlex.quote(name)
