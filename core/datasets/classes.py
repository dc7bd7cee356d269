"""Which of the classes that somebody named is the negative one."""

from collections.abc import Iterable

from core.datasets.listing import counted, quoted
from core.datasets.records import Task
from core.errors import DatasetError

NEGATIVE = ("benign", "normal", "negative", "healthy", "control", "no", "false", "0")
_BINARY = 2


def class_order(names: Iterable[str], task: Task, found: str) -> tuple[tuple[str, ...], str]:
    """Put class names in order: of two, the one in `NEGATIVE` comes first; else by alphabet.

    Parameters
    ----------
    names : iterable of str
    task : "binary" or "subtype"
    found : str
        Where the names come from, to begin an error with ("The folders in …").

    Returns
    -------
    classes : tuple of str
    note : str
        The order in words.

    Raises
    ------
    DatasetError
        If there are fewer than two classes, or more than two in a binary task.
    """
    classes = sorted(set(names))
    if len(classes) < _BINARY:
        raise DatasetError(
            f"{found} name only one class, {quoted(classes)}. There must be two or more to tell "
            "apart."
        )
    if task == "subtype":
        return tuple(classes), f"{counted(len(classes), 'subtype')}, by alphabet."
    if len(classes) > _BINARY:
        raise DatasetError(
            f"{found} name {len(classes)} classes ({quoted(classes)}), and a binary task has two. "
            "Choose the task “subtype”, or put the images into two classes."
        )
    negative = [name for name in classes if name.lower() in NEGATIVE]
    if len(negative) != 1:
        return tuple(classes), (
            f"The positive class is “{classes[1]}”, for want of better by alphabet; name the other "
            f"one {', '.join(NEGATIVE[:-1])} or {NEGATIVE[-1]} to decide it."
        )
    classes.sort(key=lambda name: name not in negative)
    return tuple(classes), f"The positive class is “{classes[1]}”, the negative “{classes[0]}”."
