"""Slides of one name are told apart by their folders."""

from pathlib import Path

import pytest

from core.slides.names import names_of
from core.slides.roots import list_slides


def test_slides_of_one_name_show_their_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home
    for place in ("glass/a", "glass/b", "other"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "one.svs").touch()
    (tmp_path / "glass" / "two.svs").touch()
    monkeypatch.setenv("LOBULE_SLIDES", f"{tmp_path / 'glass'}:{tmp_path / 'other'}")
    names = names_of(list_slides())
    assert sorted(names.values()) == [
        "one.svs (glass/a)",
        "one.svs (glass/b)",
        "one.svs (other)",
        "two.svs",
    ]
    assert str(tmp_path) not in "".join(names.values())
