"""One key a class: how a pathologist says what an image shows, on Diagnose and in the worklist."""

from collections.abc import Callable, Sequence

import streamlit as st

from pages.shared.plain import as_label

CANNOT_TELL = "Cannot tell"
_UNSURE = "U"
# J and K go to other images; C and R are Streamlit's own.
_TAKEN = {"J", "K", "C", "R", _UNSURE}
_HELP = "Your verdict, saved with the case; then the next image."


def keys_of(classes: Sequence[str]) -> tuple[str | None, ...]:
    """Return a key for each class: a letter of its name, else a digit, else none.

    Examples
    --------
    >>> keys_of(("benign", "malignant", "mucinous carcinoma"))
    ('B', 'M', 'I')
    """
    taken, keys = set(_TAKEN), []
    for name in classes:
        starts = [word[0] for word in name.upper().split()]
        letters = [*starts, *name.upper(), *"123456789"]
        key = next(
            (letter for letter in letters if _is_a_key(letter) and letter not in taken), None
        )
        taken.add(key or "")
        keys.append(key)
    return tuple(keys)


def ask_class(
    classes: Sequence[str],
    verdict: str | None,
    tag: str,
    say: Callable[[str | None], None],
    *,
    judged: bool,
    disabled: bool = False,
) -> None:
    """Draw a button a class and one for "cannot tell", each with its key.

    Parameters
    ----------
    classes
        Of the model that answered.
    said
        The class that was named; None is "cannot tell" where `judged`.
    tag
        Tells this image from others: whoever types fast judges the image that is on the screen.
    say
        Called with the class, or None.
    judged
        Whether there is a verdict.
    disabled
        While there is nothing to judge.
    """
    names = [*zip([*classes, None], [*keys_of(classes), _UNSURE], strict=True)]
    for place, (name, key) in enumerate(names):
        chosen = judged and verdict == name
        st.button(
            CANNOT_TELL if name is None else as_label(name),
            key=f"judge-{place}-{tag}",
            type="primary" if chosen else "secondary",
            icon=":material/check:" if chosen else None,
            shortcut=key,
            disabled=disabled,
            on_click=say,
            args=(name,),
            help=_HELP,
        )


def _is_a_key(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()
