"""Whatever a name is written in, it can be printed and read back."""

import io
import sys
from datetime import UTC, datetime

import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from core.documents.fonts import PAGES, missing_fonts, new_document, printable
from core.documents.letters import visible
from tests.core.documents.conftest import forget_fonts


def read_back(text: str) -> str:
    with new_document("Test", datetime(2026, 1, 2, tzinfo=UTC)) as document:
        document.add_page()
        document.multi_cell(0, text=printable(text), align="L")
        content = bytes(document.output())
    # pypdf puts NUL where text goes over to another font.
    return PdfReader(io.BytesIO(content)).pages[0].extract_text().replace("\0", "")


@pytest.mark.parametrize(
    "name",
    [
        "Größe ≥ 4 µm × 2 – 3 ∆",
        "Наталья Ёлкина",
        "Ελένη",
        "王小明",
        "김철수",
        "たなか",
        "สมชาย ใจดี",
    ],
)
def test_names_in_many_scripts_are_printed(name: str) -> None:
    assert printable(name) == name
    assert read_back(name).replace(" ", "") == name.replace(" ", "")


@pytest.mark.parametrize(
    "name",
    [
        "محمد علي",
        "שרה כהן",
        "Անի",
        "ნინო",
        "አበበ",
        "ਗੁਰਪ੍ਰੀਤ",
        "ສົມ",
        "अनीता शर्मा",
        "মৌসুমী চক্রবর্তী",
        "கவிதா சுந்தரம்",
        "శ్రీనివాస్",
        "សុខ ស្រីមុំ",
    ],
)
def test_letters_that_their_script_joins_or_reorders_are_in_the_file(name: str) -> None:
    assert printable(name) == name
    assert set(name) <= set(read_back(name))


@pytest.mark.parametrize("name", ["র\u200d্যাব", "सुर्\u200dया", "می\u200cخواهم"])
def test_joiners_stay_with_the_letters_that_they_join(name: str) -> None:
    with new_document("Test", datetime(2026, 1, 2, tzinfo=UTC)) as document:
        fragments = list(document._parse_chars(name, markdown=False))
    assert ["".join(fragment.characters) for fragment in fragments] == [name]


def test_what_no_font_has_or_nobody_sees_is_spelled_out() -> None:
    assert printable("a\u202eb\nc") == "a‹U+202E›b‹U+000A›c"
    assert printable("\U0001f9ec") == "‹U+1F9EC›"
    assert visible("a\u200cb") == "a\u200cb"
    assert "‹U+1F9EC›" in read_back("\U0001f9ec")


def test_signs_that_the_font_lacks_are_printed_by_what_looks_like_them() -> None:
    assert read_back("▲ leaky ⟨a⟩") == "∆ leaky ‹a›"


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the extra `fonts` be missing."""
    for module in ("manimgx_fonts", "noto_cjk_sans_jp_regular"):
        monkeypatch.setitem(sys.modules, module, None)
    forget_fonts()


@pytest.mark.usefixtures("no_fonts")
def test_without_the_extra_other_scripts_are_spelled_out_and_it_is_told_how_to_get_it() -> None:
    for name in ("Größe ≥ 4 µm × 2 – 3 ∆", "Наталья Ёлкина", "Ελένη", "Nguyễn Thị"):
        assert printable(name) == name
        assert missing_fonts(name) == ""
    assert printable("王 अ") == "‹U+738B› ‹U+0905›"
    assert "‹U+738B›" in read_back("王")
    assert missing_fonts("a\u202e\U0001f9ec") == ""  # no font of the extra has these
    assert "Letters such as अ" in missing_fonts("a 王 अ")
    assert 'make app EXTRAS="fonts"' in missing_fonts("王")
    assert "requirements-fonts.txt" in missing_fonts("王")


def test_with_the_extra_nothing_is_told() -> None:
    assert missing_fonts("王 अ ߊ") == ""


@settings(max_examples=10)
@given(st.text(max_size=20))
def test_no_text_is_refused(text: str) -> None:
    read_back(text)


def test_the_same_content_is_the_same_file() -> None:
    assert read_back("x") == read_back("x")


def test_only_the_footer_counts_pages() -> None:
    def footer(document: FPDF) -> None:
        document.set_y(-10)
        document.cell(0, 4, f"page {document.page_no()} of {PAGES}")

    with new_document("Test", datetime(2026, 1, 2, tzinfo=UTC), footer) as document:
        document.add_page()
        document.multi_cell(0, text=printable(f"a {{nb}} b {PAGES} c"))
        document.add_page()
        content = bytes(document.output())
    first, second = (page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert f"a {{nb}} b {4 * '‹U+E000›'} c" in first.replace("\0", "")
    assert "page 1 of 2" in first
    assert "page 2 of 2" in second
