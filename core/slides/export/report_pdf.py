"""The answer of a slide as a PDF to hand on."""

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from core.cases.report_words import RESEARCH_USE, card_summary
from core.cases.words import moment
from core.documents.fonts import FONT, PAGES, new_document
from core.documents.sheet import Picture, Sheet
from core.errors import SlideError
from core.imaging.overlay import outline, overlay
from core.plots.side_by_side import scale_bar_length
from core.registry.card_sections import shortened
from core.registry.card_words import caution_of_map, reservations
from core.slides.answering.load import SlideAnswer
from core.slides.in_words import area_words, ruled_out_words, share_words, size_words
from core.slides.piecewise import whole_slide
from core.slides.slide import Slide, open_slide

if TYPE_CHECKING:
    from fpdf import FPDF

_SMALL, _FOOT_MM = 7.5, 10
_LONGEST = 1400  # px
_FIELD_UM, _FIELD_PX = 500.0, 700
_FIELDS, _MOST_SPOTS = 4, 5  # on the first page
_MM, _STRIP_PX = 1000, 256
_FACTS, _SPOTS, _FIGURES = (1, 4), (1, 2, 3, 2, 2, 2), (3, 2, 2)
_QUALITY = 88


def report_pdf(answer: SlideAnswer, slide: Path, made_at: datetime) -> bytes:
    """Return the report: a page with the slide's word, areas, pictures and hot spots; an appendix.

    The label of the slide is not shown. A slide that cannot be opened any more has no pictures.

    Raises
    ------
    SlideError
        If the answer is not finished.
    """
    if answer.summary is None:
        raise SlideError(f"The answer {answer.id} is not finished. Resume it, then export it.")
    name, summary = answer.plan.slide["name"], answer.summary

    def footer(document: "FPDF") -> None:
        document.set_y(-_FOOT_MM)
        document.set_font(FONT, "", _SMALL)
        words = f"For research use only. {shortened(name)}, page {document.page_no()} of {PAGES}"
        document.cell(0, 4, words)

    with new_document(f"Slide {name}", made_at, footer) as document:
        document.add_page()
        sheet = Sheet(document)
        sheet.text("Lobule, report of a slide", 16, bold=True)
        sheet.box(RESEARCH_USE)
        sheet.text(f"{shortened(name)}, {summary['model']['title']}, {_finished(summary)}", 8)
        _word(sheet, answer)
        try:
            with open_slide(slide) as opened:
                sheet.pictures(_overview(answer, opened))
                _colour_bar(sheet, answer)
                _hot_spots(sheet, answer)
                if fields := _fields(answer, opened):
                    sheet.pictures(fields)
        except SlideError as error:
            sheet.box(f"No pictures: {error}")
            _hot_spots(sheet, answer)
        _appendix(sheet, answer, made_at)
        return bytes(document.output())


def _facts(answer: SlideAnswer, made_at: datetime) -> list[tuple[str, str]]:
    slide, summary = answer.plan.slide, answer.summary or {}
    tiles = summary["tiles"]
    answered = (
        f"{tiles['answered']:,} of {summary['tile']['um']:.0f} µm answered, "
        f"{tiles['unreadable']:,} could not be read"
    )
    size = f"{slide['width']:,} × {slide['height']:,} px at {answer.um_per_px:g} µm/px, "
    size += size_words(slide["width"], slide["height"], answer.um_per_px)
    return [
        ("Slide", f"{shortened(slide['name'])} ({slide['format']})"),
        ("Size", size),
        ("Model", f"{summary['model']['name']} ({answer.plan.model_sha256[:8]})"),
        ("Tiles", answered),
        ("Answered", _finished(summary)),
        ("Report made", moment(made_at)),
        ("Content of the slide", slide["fingerprint"]),
    ]


def _finished(summary: dict[str, Any]) -> str:
    return f"{summary['finished'][:16].replace('T', ' ')} UTC"


def _word(sheet: Sheet, answer: SlideAnswer) -> None:
    summary = answer.summary or {}
    area, unsure = summary["positive"], summary["uncertainty"]
    sheet.heading(f"The slide: {summary['outcome']['name']}")
    if summary["probabilities"] is not None:
        chance = summary["probabilities"][answer.shown]
        shown = summary["shown_class"]
        if summary["scope"]["inside"]:
            sheet.bar(chance, answer.threshold)
        spread = (
            f"± {100 * unsure['views']:.1f} points over flips and turns of {unsure['tiles']} tiles"
        )
        sheet.text(f"Probability of {shown}: {100 * chance:.1f} % ({spread}).")
        sheet.text(
            f"{shown} reaches the threshold of {100 * answer.threshold:.1f} % on "
            f"{share_words(area['mm2'], area['answered_mm2'])} of tissue{ruled_out_words(summary)}."
        )
        out = summary["out_of_scope"]
        sheet.text(
            f"Out of scope: {share_words(out['mm2'], area['answered_mm2'])} of tissue, which is "
            "unlike the training images or less sharp."
        )
    for reason in (*summary["outcome"]["reasons"], *summary["warnings"]):
        sheet.text(reason, 8)


def _overview(answer: SlideAnswer, slide: Slide) -> list[Picture]:
    whole = whole_slide(slide, _LONGEST)
    pixels = whole.pixels
    shown, width = answer.classes[answer.shown], slide.info.width
    length = scale_bar_length(width, answer.um_per_px)
    long = length >= _MM
    bar = (length / answer.um_per_px / width, f"{length / _MM:g} mm" if long else f"{length:g} µm")
    under = overlay(pixels, answer.map_on_tissue)
    under = outline(under, answer.map_on_tissue, answer.threshold)
    words = f"Probability of {shown}; the line goes round {100 * answer.threshold:.1f} % and more."
    caption = f"The slide. {whole.words.capitalize()}." if whole.words else "The slide"
    return [_picture(pixels, caption, bar), _picture(under, words, bar)]


def _colour_bar(sheet: Sheet, answer: SlideAnswer) -> None:
    """Say what the map's colours stand for, as they are over white, and what it is not."""
    strip = np.full((1, _STRIP_PX, 3), 255, np.uint8)
    colours = overlay(strip, np.linspace(0, 1, _STRIP_PX, dtype=np.float32)[np.newaxis])
    buffer = io.BytesIO()
    PillowImage.fromarray(colours).save(buffer, "PNG")
    sheet.colour_bar(buffer.getvalue(), f"{answer.classes[answer.shown]}: 0 %", "100 %")
    if caution := caution_of_map(answer.plan.card):
        sheet.text(f"▲ {caution}", 8, bold=True)


def _hot_spots(sheet: Sheet, answer: SlideAnswer) -> None:
    spots = (answer.summary or {})["hot_spots"]
    sheet.heading("Hot spots")
    if not spots:
        sheet.text(f"{answer.classes[answer.shown]} reaches the threshold nowhere.")
        return
    header = ("", "Tissue", "Where, px", "Mean", "Highest", "Out of scope")
    rows = [
        (
            f"{number}",
            area_words(spot["tissue_mm2"]),
            f"{spot['x']:,.0f}, {spot['y']:,.0f}",
            f"{100 * spot['mean']:.1f} %",
            f"{100 * spot['highest']:.1f} %",
            f"{100 * spot['out_of_scope']:.0f} %",
        )
        for number, spot in enumerate(spots[:_MOST_SPOTS], start=1)
    ]
    sheet.table(header, rows, _SPOTS)
    if len(spots) > _MOST_SPOTS:
        sheet.text(f"The {_MOST_SPOTS} largest of {len(spots)}.", _SMALL)


def _fields(answer: SlideAnswer, slide: Slide) -> list[Picture]:
    """Pictures of the largest hot spots, those that can be read."""
    side, pictures = _FIELD_UM / answer.um_per_px, []
    for number, spot in enumerate((answer.summary or {})["hot_spots"][:_FIELDS], start=1):
        # Within the slide, where it is large enough.
        x = min(max(spot["x"] - side / 2, 0), max(slide.info.width - side, 0))
        y = min(max(spot["y"] - side / 2, 0), max(slide.info.height - side, 0))
        try:
            pixels = slide.read(x, y, side, side, (_FIELD_PX, _FIELD_PX))
        except SlideError:
            continue
        words = f"Hot spot {number}: {100 * spot['highest']:.1f} % at most"
        pictures.append(_picture(pixels, words, (0.2, f"{_FIELD_UM / 5:g} µm")))
    return pictures


def _appendix(sheet: Sheet, answer: SlideAnswer, made_at: datetime) -> None:
    summary, card = answer.summary or {}, answer.plan.card
    sheet.page()
    sheet.text("Appendix: how the answer came about", 12, bold=True)
    sheet.table((), _facts(answer, made_at), _FACTS)
    for words in (summary["rule"], summary["scale"]):
        sheet.text(words, _SMALL)
    sheet.heading(f"The model {card.name}: {shortened(card.title)}")
    for words in reservations(card):
        sheet.text(f"▲ {words.removeprefix('▲ ')}", bold=True)
    for section in card_summary(card, answer.plan.model_sha256):
        sheet.heading(section.title, 9, room=15.0)
        if section.rows:
            sheet.table(section.header, section.rows, _FIGURES)
        for line in section.lines:
            sheet.text(f"• {line}", 8)


def _picture(
    pixels: NDArray[np.uint8], caption: str, scale_bar: tuple[float, str] | None = None
) -> Picture:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    height, width = pixels.shape[:2]
    return Picture(buffer.getvalue(), height, width, caption, scale_bar)
