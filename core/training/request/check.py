"""What is refused before anything is trained."""

import re

from core.errors import TrainingError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_name(name: str) -> None:
    """Refuse a name that no package can have.

    Raises
    ------
    TrainingError
    """
    if not _NAME.fullmatch(name):
        raise TrainingError(
            f"A model cannot be called {name!r}. Use up to 64 lower-case letters, digits, - and _, "
            "starting with a letter or digit, for instance idc-2."
        )
