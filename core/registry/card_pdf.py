"""A model card as a PDF of one page."""

from typing import TYPE_CHECKING

from core.documents.fonts import FONT, new_document, printable
from core.registry.card import Card
from core.registry.card_sections import SOURCE, Section, card_sections
from core.registry.card_words import reservations

if TYPE_CHECKING:
    from fpdf import FPDF

# The largest size at which the card fits its page is taken.
SIZES_PT = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0)
_MM_PER_PT = 0.3528
_LEADING = 1.25 * _MM_PER_PT


def card_pdf(card: Card, model_sha256: str) -> bytes:
    """Return a model's card as a PDF of one A4 page; the same card gives the same bytes."""
    sections = card_sections(card, model_sha256)
    document = _drawn(card, sections, SIZES_PT[0])
    for size in SIZES_PT[1:]:
        if document.pages_count == 1:
            break
        document = _drawn(card, sections, size)
    return bytes(document.output())


def _drawn(card: Card, sections: tuple[Section, ...], size: float) -> "FPDF":
    document = new_document(f"Model card: {card.title}", card.created)
    document.add_page()
    _write(document, f"Model card: {card.title}", size + 4, bold=True)
    _write(document, SOURCE, size - 1)
    for text in reservations(card):
        document.ln(size * _MM_PER_PT * 0.3)
        _write(document, f"▲ {text}", size, bold=True)
    for section in sections:
        document.ln(size * _MM_PER_PT * 0.4)
        _write(document, section.title, size + 1, bold=True)
        if section.rows:
            _table(document, section, size)
        for line in section.lines:
            _write(document, f"• {line}", size)
    return document


def _write(document: "FPDF", text: str, size: float, *, bold: bool = False) -> None:
    document.set_font(FONT, "B" if bold else "", size)
    document.multi_cell(
        0, size * _LEADING, printable(text), align="L", new_x="LMARGIN", new_y="NEXT"
    )


def _table(document: "FPDF", section: Section, size: float) -> None:
    from fpdf.fonts import FontFace  # noqa: PLC0415 - takes a while

    document.set_font(FONT, "", size)
    with document.table(
        col_widths=(3, 2, 2),
        text_align="LEFT",
        line_height=size * _LEADING,
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        for cells in (section.header, *section.rows):
            table.row([printable(cell) for cell in cells])
