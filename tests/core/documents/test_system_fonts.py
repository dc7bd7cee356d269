"""Letters that Lobule's fonts lack come from the computer's own, where those may be used."""

from pathlib import Path

import matplotlib.font_manager
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from core.documents import fonts, system_fonts
from tests.core.documents.conftest import forget_fonts
from tests.core.documents.test_fonts import read_back

ETHIOPIC_HA = 0x1200


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


def install(monkeypatch: pytest.MonkeyPatch, *files: Path) -> None:
    monkeypatch.setattr(
        matplotlib.font_manager, "findSystemFonts", lambda: [str(file) for file in files]
    )
    forget_fonts()


def test_a_letter_of_an_installed_font_is_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = chr(ETHIOPIC_HA)
    install(monkeypatch)
    assert fonts.printable(name) == "⟨U+1200⟩"
    install(monkeypatch, made_font(tmp_path / "Ethiopic.ttf", {ETHIOPIC_HA}))
    assert fonts.printable(name) == name
    assert name in read_back(f"A {name}")


def test_fonts_that_may_not_be_embedded_or_are_damaged_are_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(made_font(tmp_path / "whole.ttf", {ETHIOPIC_HA}).read_bytes()[:200])
    forbidden = made_font(tmp_path / "forbidden.ttf", {ETHIOPIC_HA}, embedding=2)
    placeholder = made_font(tmp_path / "LastResort.ttf", {ETHIOPIC_HA})
    lacking = tmp_path / "lacking.ttf"
    with TTFont(made_font(tmp_path / "other.ttf", {ETHIOPIC_HA})) as font:
        del font["OS/2"]
        font.save(lacking)
    missing = tmp_path / "missing.ttf"
    install(monkeypatch, damaged, forbidden, placeholder, lacking, missing)
    assert fonts.printable(chr(ETHIOPIC_HA)) == "⟨U+1200⟩"


def test_two_fonts_of_one_name_are_two_fonts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    one = made_font(tmp_path / "a" / "X.ttf", {ETHIOPIC_HA})
    two = made_font(tmp_path / "b" / "X.ttf", {ETHIOPIC_HA, ETHIOPIC_HA + 1})
    install(monkeypatch, one, two)
    both = chr(ETHIOPIC_HA) + chr(ETHIOPIC_HA + 1)
    assert fonts.printable(both) == both
    assert set(both) <= set(read_back(both))


def test_an_upright_font_of_usual_weight_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bold = made_font(tmp_path / "A-Bold.ttf", {ETHIOPIC_HA})
    regular = made_font(tmp_path / "B-Regular.ttf", {ETHIOPIC_HA})
    install(monkeypatch, bold, regular)
    assert system_fonts.system_font_with(ETHIOPIC_HA) == regular
