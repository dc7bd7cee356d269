"""Tests of documents do not hang on which fonts a computer has."""

from collections.abc import Iterator

import matplotlib.font_manager
import pytest

from core.documents import fonts, system_fonts


def forget_fonts() -> None:
    """Forget which fonts are installed."""
    for cached in (system_fonts._installed, system_fonts.system_font_with, fonts._font_with):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def _no_installed_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(matplotlib.font_manager, "findSystemFonts", list)
    forget_fonts()
    yield
    forget_fonts()
