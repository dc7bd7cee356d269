"""Writes a document of several pages: headings, paragraphs, tables and pictures, one under another.

Nothing is told by colour alone, so that a print in black and white says all of it.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.documents.fonts import FONT, printable

if TYPE_CHECKING:
    from fpdf import FPDF

SIZE = 9.0  # of the text, in pt
_LEADING = 0.48  # mm a pt
_GAP = 2.0  # mm
_SMALL = 7.5
_DARK, _GREY, _LIGHT = 60, 150, 225
_BAR_MM = 4.0
_HIGHEST_MM = 55.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to print."""

    data: bytes
    """An image file."""
    height: int
    width: int
    """In pixels; only their ratio counts."""
    caption: str
    scale_bar: tuple[float, str] | None = None
    """Its length as a share of the width, and in words."""


class Sheet:
    """Writes onto a document from top to bottom; pages follow each other as they fill."""

    def __init__(self, document: "FPDF") -> None:
        self._document = document

    def heading(self, text: str, size: float = 12.0, room: float = 30.0) -> None:
        """Write a heading that has at least so many mm under it on its page."""
        self._keep(room)
        self._document.ln(_GAP)
        self.text(text, size, bold=True)

    def text(self, text: str, size: float = SIZE, *, bold: bool = False) -> None:
        """Write a paragraph; its lines stay lines."""
        self._document.set_font(FONT, "B" if bold else "", size)
        for line in text.splitlines() or [""]:
            self._document.multi_cell(
                0, size * _LEADING, printable(line), align="L", new_x="LMARGIN", new_y="NEXT"
            )

    def box(self, text: str) -> None:
        """Write a paragraph within a frame."""
        self._document.set_font(FONT, "B", SIZE)
        self._document.set_draw_color(0)
        self._document.multi_cell(
            0,
            SIZE * _LEADING,
            printable(text),
            border=1,
            align="L",
            padding=2,
            new_x="LMARGIN",
            new_y="NEXT",
        )

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str | bytes]], shares: Sequence[int]
    ) -> None:
        """Write a table; its header stands on each page that it goes over to.

        Bytes in a cell are an image file; it is drawn as wide as the cell.
        """
        self._document.ln(_GAP / 2)
        self._document.set_font(FONT, "", _SMALL)
        self._document.set_draw_color(_GREY)
        with self._document.table(
            col_widths=tuple(shares),
            text_align="LEFT",
            v_align="TOP",
            borders_layout="HORIZONTAL_LINES",
            cell_fill_mode="NONE",
            line_height=_SMALL * _LEADING,
            padding=0.6,
            first_row_as_headings=bool(header),
        ) as table:
            for cells in [header, *rows] if header else rows:
                row = table.row()
                for cell in cells:
                    if isinstance(cell, bytes):
                        row.cell(img=io.BytesIO(cell) if cell else None, img_fill_width=True)
                        continue
                    row.cell(printable(" / ".join(cell.splitlines()) or " "))
        self._document.ln(_GAP / 2)

    def bar(self, share: float, threshold: float | None) -> None:
        """Draw a share of 1 as a bar, and a threshold as a line across it with its value."""
        document = self._document
        self._keep(3 * _BAR_MM)
        top = document.y + (_BAR_MM if threshold is not None else _GAP / 2)
        left, width = document.l_margin, document.epw
        document.set_fill_color(_LIGHT)
        document.set_draw_color(0)
        document.rect(left, top, width, _BAR_MM, style="DF")
        document.set_fill_color(_DARK)
        document.rect(left, top, width * share, _BAR_MM, style="F")
        document.set_font(FONT, "", _SMALL)
        if threshold is not None:
            place = left + width * threshold
            document.set_line_width(0.6)
            document.line(place, top - 1.2, place, top + _BAR_MM + 1.2)
            document.set_line_width(0.2)
            words = f"decision threshold {100 * threshold:.1f} %"
            room = document.get_string_width(words)
            document.text(min(max(place - room / 2, left), left + width - room), top - 1.6, words)
        document.set_fill_color(255)  # a table would take it over
        document.set_xy(left, top + _BAR_MM + 1)

    def pictures(self, pictures: Sequence[Picture]) -> None:
        """Draw pictures beside each other, equally wide, their captions under them."""
        document = self._document
        width = (document.epw - _GAP * (len(pictures) - 1)) / len(pictures)
        sizes = [self._fitted(picture, width) for picture in pictures]
        tallest = max(height for height, _ in sizes)
        self._keep(tallest + 6 * _SMALL * _LEADING)
        top, ends = document.y + _GAP / 2, []
        for number, (picture, (height, shown)) in enumerate(zip(pictures, sizes, strict=True)):
            left = document.l_margin + number * (width + _GAP)
            document.image(io.BytesIO(picture.data), left, top, shown, height)
            if picture.scale_bar:
                share, words = picture.scale_bar
                self._scale_bar(left, top + height, shown * share, words)
            document.set_xy(left, top + tallest + 0.8)
            document.set_font(FONT, "", _SMALL)
            caption = printable(picture.caption)
            document.multi_cell(width, _SMALL * _LEADING, caption, align="L", new_y="NEXT")
            ends.append(document.y)
        document.set_xy(document.l_margin, max(ends) + _GAP / 2)

    def colour_bar(self, data: bytes, least: str, most: str) -> None:
        """Draw an image file as a bar of colours, with what its two ends are called."""
        document, (least, most) = self._document, (printable(least), printable(most))
        document.set_font(FONT, "", _SMALL)
        width, high = document.epw / 4, _BAR_MM * 0.75
        right = document.l_margin + document.epw - document.get_string_width(most) - 1
        left, top = right - width - 1, document.y
        document.image(io.BytesIO(data), left, top, width, high)
        document.set_draw_color(_GREY)
        document.rect(left, top, width, high)
        document.text(left - 1 - document.get_string_width(least), top + high - 0.6, least)
        document.text(right, top + high - 0.6, most)
        document.set_xy(document.l_margin, top + high + _GAP / 2)

    def _fitted(self, picture: Picture, width: float) -> tuple[float, float]:
        height = min(width * picture.height / picture.width, _HIGHEST_MM)
        return height, height * picture.width / picture.height

    def _scale_bar(self, left: float, bottom: float, length: float, words: str) -> None:
        document, words = self._document, printable(words)
        document.set_font(FONT, "", _SMALL)
        room = max(length, document.get_string_width(words)) + 2
        document.set_fill_color(255)
        document.rect(left + 1, bottom - 6, room, 5, style="F")
        document.text(left + 2, bottom - 3.1, words)
        document.set_fill_color(0)
        document.rect(left + 2, bottom - 2.4, length, 0.7, style="F")
        document.set_fill_color(255)

    def page(self) -> None:
        """Begin a page."""
        self._document.add_page()

    def lower_half(self) -> None:
        """Go to the middle of the page, or begin one where that is passed."""
        middle = self._document.h / 2
        if self._document.y > middle:
            self._document.add_page()
        else:
            self._document.set_y(middle)

    def _keep(self, height: float) -> None:
        """Begin a page unless so much room is left on this one."""
        if self._document.will_page_break(height):
            self._document.add_page()
