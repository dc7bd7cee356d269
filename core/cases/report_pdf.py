"""A case as a PDF to hand on: answers, pictures, the pathologist's words, the models' limits."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from core.cases.broken import in_words_where_broken
from core.cases.check import check_trail
from core.cases.files import read_kept
from core.cases.read import full_answer, load_case
from core.cases.records import Actor, Case, CaseImage, FullAnswer
from core.cases.report_words import (
    OUTSIDE,
    OVERVIEW,
    OVERVIEW_SHARES,
    READING,
    RESEARCH_USE,
    answer_headline,
    answer_lines,
    card_summary,
    case_answers,
    case_facts,
    overview_row,
    pathologist_lines,
    read_card,
    result_of,
    technical_lines,
)
from core.cases.store import Store
from core.cases.thumbnails import read_thumbnail
from core.documents.fonts import FONT, PAGES, new_document
from core.documents.sheet import Sheet
from core.errors import CaseError
from core.inference.case import RULE
from core.registry.card_sections import shortened
from core.registry.card_words import reservations

if TYPE_CHECKING:
    from fpdf import FPDF

Progress = Callable[[float, str], None]

_SMALL = 7.5
_FOOT_MM = 10
_A_PAGE = 2  # images
_FACTS = (1, 4)
_FIGURES = (3, 2, 2)


def report_pdf(
    store: Store,
    case_id: str,
    *,
    made_at: datetime,
    made_by: Actor,
    progress: Progress | None = None,
) -> bytes:
    """Return a case as a PDF on A4; the same case, moment and name give the same bytes.

    Parameters
    ----------
    store, case_id
        Where, and which.
    made_at, made_by
        What the report says of itself.
    progress
        Told how far it is: a share of 1, and words.

    Raises
    ------
    CaseError
        If the case was deleted or is not for whoever acts, it holds what Lobule never writes, an
        answer was kept by a Lobule that this one does not read, or the database cannot be used. An
        image whose file is missing or damaged is told in the report.
    """
    case = load_case(store, case_id)
    if not case.images:
        raise CaseError(f"The case {case.id} was deleted: there is nothing left to report.")
    check = check_trail(store, {case.id})
    facts = case_facts(case, made_at, made_by, check)
    with in_words_where_broken(check, f"The report of case {case.id}"):
        return _written(store, case, facts, made_at, progress or (lambda _share, _words: None))


def _written(
    store: Store, case: Case, facts: list[tuple[str, str]], made_at: datetime, tell: Progress
) -> bytes:
    title = f"Case {case.id}"

    def footer(document: "FPDF") -> None:
        document.set_y(-_FOOT_MM)
        document.set_font(FONT, "", _SMALL)
        # The number of pages stands last: the room that is left for it is not its own.
        words = f"For research use only. Case {case.id}, page {document.page_no()} of {PAGES}"
        document.cell(0, 4, words)

    with new_document(title, made_at, footer) as document:
        document.add_page()
        sheet = Sheet(document)
        sheet.text(f"Lobule, report of case {case.id}", 16, bold=True)
        sheet.box(RESEARCH_USE)
        sheet.table((), facts, _FACTS)
        answers = {
            answer.id: full_answer(store, answer.id)
            for image in case.images
            for answer in image.answers
        }
        _whole(sheet, store, case, answers)
        for done, image in enumerate(case.images):
            tell(done / len(case.images), f"Image {done + 1:,} of {len(case.images):,}")
            if done % _A_PAGE:
                sheet.lower_half()
            else:
                sheet.page()
            _image(sheet, store, image, answers)
        _appendix(sheet, case, answers)
        tell(1.0, "Putting the pages together")
        return bytes(document.output())


def _whole(sheet: Sheet, store: Store, case: Case, answers: dict[int, FullAnswer]) -> None:
    """Write what is said of the case, and all its images in a table."""
    sheet.heading("The case")
    for words in case_answers(case, answers):
        sheet.text(words, bold=True)
    results = [result_of(answers[image.answers[0].id]) for image in case.images]
    rows = [
        overview_row(image, result, read_thumbnail(store.images, image.sha256))
        for image, result in zip(case.images, results, strict=True)
    ]
    sheet.table(OVERVIEW, rows, OVERVIEW_SHARES)
    if not all(result["scope"]["inside"] for result in results):
        sheet.text(OUTSIDE, _SMALL)


def _image(sheet: Sheet, store: Store, image: CaseImage, answers: dict[int, FullAnswer]) -> None:
    """Write an image's part, the first answer with its pictures."""
    sheet.heading(f"{image.position}. {shortened(image.name)}")
    if image.synthetic:
        sheet.text("A synthetic image, of no patient.", bold=True)
    _show(sheet, store, image, answers[image.answers[0].id])
    for answer in image.answers:
        full = answers[answer.id]
        result = result_of(full)
        sheet.text(answer_headline(answer, result), 10, bold=True)
        if result["scope"]["inside"]:
            point = result["operating_point"]
            sheet.bar(answer.probability, point and point["threshold"])
        for line in answer_lines(full):
            sheet.text(line, 8)
    headline, note = pathologist_lines(image)
    sheet.heading(headline, 10, room=10.0)
    if note:
        sheet.text(note)


def _appendix(sheet: Sheet, case: Case, answers: dict[int, FullAnswer]) -> None:
    """Write how to read the report, how each answer came about, and how far models are trusted."""
    sheet.page()
    sheet.heading("Appendix", 14)
    sheet.heading("How to read this report", 10)
    if len(case.images) > 1:
        sheet.text(RULE, _SMALL)
    sheet.text(READING, _SMALL)
    sheet.heading("How the answers came about", 10)
    cards: dict[str, str] = {}
    for image in case.images:
        sheet.text(f"{image.position}. {shortened(image.name)}", 8, bold=True)
        for answer in image.answers:
            full = answers[answer.id]
            cards[full.card] = answer.model_sha256
            for line in technical_lines(image, answer, full):
                sheet.text(line, _SMALL)
        sheet.text(f"SHA-256 of the image as saved: {image.sha256}", _SMALL)
    for card, model_sha256 in cards.items():
        _model(sheet, card, model_sha256)


def _show(sheet: Sheet, store: Store, image: CaseImage, full: FullAnswer) -> None:
    from core.cases.report_pictures import pictures_of  # noqa: PLC0415 - OpenCV and Plotly

    try:
        pixels = read_kept(store.images, image.sha256)
    except CaseError as error:
        sheet.box(str(error))
        return
    sheet.pictures(pictures_of(pixels, full, image.answers[0].um_per_px))


def _model(sheet: Sheet, text: str, model_sha256: str) -> None:
    card = read_card(text)
    sheet.heading(f"The model {card.name}: {shortened(card.title)}", room=60.0)
    sheet.text("Summary of its card as it was when it answered.", _SMALL)
    for words in reservations(card):
        sheet.text(f"▲ {words.removeprefix('▲ ')}", bold=True)
    for section in card_summary(card, model_sha256):
        sheet.heading(section.title, 9, room=15.0)
        if section.rows:
            sheet.table(section.header, section.rows, _FIGURES)
        for line in section.lines:
            sheet.text(f"• {line}", 8)
    digest = hashlib.sha256(text.encode()).hexdigest()
    sheet.text(f"SHA-256 of the card's text as saved: {digest}", _SMALL)
