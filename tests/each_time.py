"""Values of a parameter of which a few are tested in every run, the others in `make test-all`."""

from collections.abc import Container, Iterable
from typing import Any

import pytest


def each_time(chosen: Container[str], names: Iterable[str]) -> list[Any]:
    """All the names; those that are not chosen are marked exhaustive."""
    return [
        pytest.param(name, marks=() if name in chosen else pytest.mark.exhaustive) for name in names
    ]
