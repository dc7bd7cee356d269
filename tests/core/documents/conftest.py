"""Tests of documents do not hang on which fonts a computer has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.documents import fonts, system_fonts


def forget_fonts() -> None:
    """Forget which fonts are installed."""
    for cached in (
        *(system_fonts._installed, system_fonts.system_font_with),
        *(fonts._others, fonts._font_with),
    ):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def system_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The only folder with fonts of the system; empty."""
    folder = tmp_path / "system fonts"
    folder.mkdir()
    monkeypatch.setattr(system_fonts, "_folders", lambda: [folder])
    forget_fonts()
    yield folder
    forget_fonts()
