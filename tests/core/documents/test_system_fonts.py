"""Letters that Lobule's fonts lack come from the computer's own, where those may be used."""

import sys
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from core.documents import fonts, system_fonts
from tests.core.documents.conftest import forget_fonts
from tests.core.documents.test_fonts import read_back

NKO_A = 0x07CA


def made_font(file: Path, letters: set[int], *, embedding: int = 0) -> Path:
    """A font whose every letter is a square."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    names = [".notdef", *(f"uni{letter:04X}" for letter in sorted(letters))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({letter: f"uni{letter:04X}" for letter in letters})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": file.stem, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, fsType=embedding)
    builder.setupPost()
    builder.save(file)
    return file


def test_a_letter_of_an_installed_font_is_printed(system_folder: Path) -> None:
    name = chr(NKO_A)
    assert fonts.printable(name) == "‹U+07CA›"
    (system_folder / "deep").mkdir()
    made_font(system_folder / "deep" / "Nko.TTF", {NKO_A})
    forget_fonts()
    assert fonts.printable(name) == name
    assert name in read_back(f"A {name}")


def test_fonts_that_may_not_be_embedded_or_are_damaged_are_left_out(
    system_folder: Path, tmp_path: Path
) -> None:
    whole = made_font(tmp_path / "whole.ttf", {NKO_A})
    (system_folder / "damaged.ttf").write_bytes(whole.read_bytes()[:200])
    made_font(system_folder / "forbidden.ttf", {NKO_A}, embedding=2)
    made_font(system_folder / "LastResort.ttf", {NKO_A})
    made_font(system_folder / "no font.txt", {NKO_A})
    with TTFont(whole) as font:
        del font["OS/2"]
        font.save(system_folder / "lacking.ttf")
    (system_folder / "missing.ttf").symlink_to(tmp_path / "nowhere.ttf")
    assert fonts.printable(chr(NKO_A)) == "‹U+07CA›"


def test_two_fonts_of_one_name_are_two_fonts(system_folder: Path) -> None:
    for folder in ("a", "b"):
        (system_folder / folder).mkdir()
    made_font(system_folder / "a" / "X.ttf", {NKO_A})
    made_font(system_folder / "b" / "X.ttf", {NKO_A, NKO_A + 1})
    both = chr(NKO_A) + chr(NKO_A + 1)
    assert fonts.printable(both) == both
    assert set(both) <= set(read_back(both))


def test_an_upright_font_of_usual_weight_comes_first(system_folder: Path) -> None:
    made_font(system_folder / "A-Bold.ttf", {NKO_A})
    regular = made_font(system_folder / "B-Regular.ttf", {NKO_A})
    assert system_fonts.system_font_with(NKO_A) == regular


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {"XDG_DATA_DIRS": "/nowhere:{}"}, "fonts"),
        ("linux", {"XDG_DATA_HOME": "{}"}, "fonts/truetype"),
        ("linux", {"HOME": "{}"}, ".local/share/fonts"),
        ("linux", {"HOME": "{}"}, ".fonts"),
        ("darwin", {"HOME": "{}"}, "Library/Fonts"),
        ("win32", {"WINDIR": "{}"}, "Fonts"),
        ("win32", {"LOCALAPPDATA": "{}"}, "Microsoft/Windows/Fonts"),
    ],
)
def test_fonts_are_looked_for_where_systems_keep_them(
    platform: str,
    variables: dict[str, str],
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    (tmp_path / folder).mkdir(parents=True)
    file = made_font(tmp_path / folder / "Nko.ttf", {NKO_A})
    forget_fonts()
    assert file in system_fonts._installed()
