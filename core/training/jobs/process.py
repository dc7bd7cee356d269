"""Our own program as another process, wherever this one was started."""

import os
import sys

from core.settings import ROOT


def command(*arguments: str) -> list[str]:
    """`python -m core …` with the same Python, and with no module of the folder that one is in."""
    return [sys.executable, "-P", "-m", "core", *arguments]


def environment() -> dict[str, str]:
    """The environment of this process, with Lobule to be found from every folder."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
