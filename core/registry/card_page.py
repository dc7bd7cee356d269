"""A model card on a page: as Markdown, and as a PDF."""

import re
from typing import TYPE_CHECKING, cast

from core.documents.fonts import FONT, new_document, printable
from core.documents.letters import visible
from core.registry.card import Card
from core.registry.card_sections import SOURCE, Section, card_sections, shortened
from core.registry.card_words import reservations

if TYPE_CHECKING:
    from fpdf import FPDF

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~$&#]")
# At the beginning of a line these would make a list or a heading of it.
_FIRST = re.compile(r"^(\d*)([-+.)=])(?=\s|$)")
# The largest size at which the card fits its page is taken.
SIZES_PT = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0, 3.5)
_MM_PER_PT = 0.3528
_LEADING = 1.25 * _MM_PER_PT
_COLUMNS = (3 / 7, 2 / 7, 2 / 7)  # of a table, as shares of the page
_LINE = 200  # grey


def card_markdown(card: Card, model_sha256: str) -> str:
    """Return a model's card as Markdown; words of the card are never markup."""
    parts = [f"# Model card: {_plain(shortened(card.title))}", SOURCE]
    parts += [f"**{_plain(text)}**" for text in reservations(card)]
    parts += [_section(section) for section in card_sections(card, model_sha256)]
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> str:
    parts = [f"## {section.title}"]
    if section.rows:
        head = [_row(section.header), "|" + " --- |" * len(section.header)]
        parts.append("\n".join([*head, *map(_row, section.rows)]))
    if section.lines:
        parts.append("\n".join(f"- {_plain(line)}" for line in section.lines))
    return "\n\n".join(parts)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    return _FIRST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", visible(text)))


def card_pdf(card: Card, model_sha256: str) -> bytes:
    """Return a model's card as a PDF of one A4 page; the same card gives the same bytes."""
    with new_document(shortened(f"Model card: {card.title}"), card.created) as document:
        document.add_page()
        room = document.h - document.t_margin - document.b_margin
        sections = card_sections(card, model_sha256)
        writers = (_Writer(document, size) for size in SIZES_PT)
        fitting = (writer for writer in writers if writer.whole(card, sections, dry=True) <= room)
        writer = next(fitting, None)
        (writer or _Writer(document, SIZES_PT[-1])).whole(card, sections, dry=False)
        return bytes(document.output())


class _Writer:
    """Writes in one size, or only says how much room in mm that takes."""

    def __init__(self, document: "FPDF", size: float) -> None:
        self.document, self.size = document, size
        self.dry = True

    def whole(self, card: Card, sections: tuple[Section, ...], *, dry: bool) -> float:
        """Write everything."""
        self.dry, gap = dry, self.size * _MM_PER_PT * 0.4
        height = self._text(shortened(f"Model card: {card.title}"), self.size + 4, bold=True)
        height += self._text(SOURCE, self.size - 1)
        for text in reservations(card):
            height += self._gap(gap) + self._text(
                f"▲ {text.removeprefix('▲ ')}", self.size, bold=True
            )
        for section in sections:
            height += self._gap(gap) + self._text(section.title, self.size + 1, bold=True)
            for number, cells in enumerate((section.header, *section.rows)):
                height += self._row(cells, bold=number == 0)
            for line in section.lines:
                height += self._text(f"• {line}", self.size)
        return height

    def _text(self, text: str, size: float, *, bold: bool = False, width: float = 0) -> float:
        from fpdf.enums import MethodReturnValue  # noqa: PLC0415 - takes a while

        self.document.set_font(FONT, "B" if bold else "", size)
        height = self.document.multi_cell(
            width,
            size * _LEADING,
            printable(text),
            align="L",
            new_x="LMARGIN",
            new_y="NEXT",
            dry_run=self.dry,
            output=MethodReturnValue.HEIGHT,
        )
        return cast("float", height)

    def _row(self, cells: tuple[str, ...], *, bold: bool) -> float:
        """A row of a table, a line above it."""
        if not cells:
            return 0.0
        left, top = self.document.l_margin, self.document.y
        if not self.dry:
            self.document.set_draw_color(_LINE)
            self.document.line(left, top, left + self.document.epw, top)
        heights = []
        for cell, share in zip(cells, _COLUMNS, strict=True):
            if not self.dry:
                self.document.set_xy(left, top)
            width = share * self.document.epw
            heights.append(self._text(cell or " ", self.size, bold=bold, width=width))
            left += width
        if not self.dry:
            self.document.set_xy(self.document.l_margin, top + max(heights))
        return max(heights)

    def _gap(self, height: float) -> float:
        if not self.dry:
            self.document.ln(height)
        return height
