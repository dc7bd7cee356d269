"""Sheets are read back: order, headers on every page, and where pictures and bars lie."""

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from fpdf import FPDF
from pypdf import PdfReader

from core.documents.fonts import new_document
from core.documents.sheet import Picture, Sheet
from core.imaging.overlay import encode_png


def pages(write: list[tuple[str, tuple[object, ...]]]) -> list[str]:
    """Call methods of a sheet in turn; return the text of its pages."""
    with new_document("Test", datetime(2026, 1, 2, tzinfo=UTC)) as document:
        document.add_page()
        sheet = Sheet(document)
        for name, arguments in write:
            getattr(sheet, name)(*arguments)
        content = bytes(document.output())
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def test_a_long_table_has_its_header_on_every_page() -> None:
    rows = [(f"row {number}", "x") for number in range(150)]
    found = pages([("table", (("Name", "Value"), rows, (1, 1)))])
    assert len(found) > 2
    assert all("Name" in page for page in found)
    assert sum(page.count("row ") for page in found) == 150


def test_a_heading_stays_with_what_follows() -> None:
    filling = [("text", ("filling",))] * 62
    first, second = pages([*filling, ("heading", ("Next",)), ("text", ("its words",))])
    assert "Next" not in first
    assert second.split() == ["Next", "its", "words"]


def test_lines_stay_lines() -> None:
    (page,) = pages([("text", ("one\ntwo",)), ("box", ("framed",))])
    assert page.split() == ["one", "two", "framed"]


@pytest.mark.parametrize("shape", [(10, 400), (400, 10), (50, 50)])
def test_a_picture_keeps_its_shape_within_the_page(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    height, width = shape
    png = encode_png(np.zeros((height, width, 3), np.uint8))
    drawn: list[tuple[float, float, float, float]] = []
    monkeypatch.setattr(FPDF, "image", lambda _self, _file, *box: drawn.append(box))
    with new_document("Test", datetime(2026, 1, 2, tzinfo=UTC)) as document:
        document.add_page()
        Sheet(document).pictures([Picture(png, height, width, "a", (0.25, "5 µm"))] * 3)
        edge = document.w - document.r_margin
    assert len(drawn) == 3
    for left, _, shown, tall in drawn:
        assert tall / shown == pytest.approx(height / width)
        assert left + shown <= edge + 1e-6
        assert tall <= 55


def test_a_bar_is_as_long_as_its_share_and_its_words_stay_on_the_page() -> None:
    for threshold in (0.0, 0.5, 1.0):
        (page,) = pages([("bar", (0.25, threshold))])
        assert page.strip() == f"decision threshold {100 * threshold:.1f} %"
    (page,) = pages([("bar", (0.25, None))])
    assert not page.strip()
