"""Keeps a case: its images as files, everything else as rows, in this order."""

import hashlib
import secrets
from collections.abc import Iterable

from sqlalchemy.orm import Session

from core.cases.access import image_in
from core.cases.chain import hash_of_answer, hash_of_facts
from core.cases.database import writing
from core.cases.files import Staging, writing_files
from core.cases.records import Actor, Case, CaseImage, NewAnswer, NewImage, pack
from core.cases.schema import AnswerRow, CardRow, CaseRow, ImageRow
from core.cases.store import Store
from core.cases.trail import name_of, note_down, now, step
from core.cases.words import as_json, folded, storable
from core.errors import CaseError
from core.rights import Deed, require

# No vowels, so that no words come out, and nothing that is taken for something else: 0 O, 1 I L.
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"
_HALF = 4


def save_case(store: Store, images: Iterable[NewImage], actor: Actor, *, patient: str = "") -> str:
    """Keep images with their answers as a case.

    The images are written aside one by one, so that only one at a time need be in memory. They go
    to their place before the rows are committed: whenever the process ends, a case is either there
    with all of its files, or not at all, and `Store.sweep` removes files without a case.

    Parameters
    ----------
    store
        Where to.
    images
        At least one.
    actor
        Who saves it.
    patient
        A pseudonym that the cases of one patient share, if several are of one.

    Returns
    -------
    str
        The id of the case, such as "K7QM-3XPD", drawn at random.

    Raises
    ------
    CaseError
        If there are no images, the disk is full, or the database cannot be used.
    NotAllowedError
        If the role of whoever acts does not allow it.
    """
    require(Deed.SAVE)
    patient = storable(patient.strip(), "patient's pseudonym")
    with writing_files(), store.locked():
        staging = Staging(store.images)
    try:
        rows, cards = _prepare(staging, images, actor)
        with writing_files(), store.locked():
            staging.publish()
            with writing(store.engine) as session:
                _add_cards(session, cards)
                return _insert(session, rows, actor, patient)
    finally:
        staging.close()


def add_answer(store: Store, case: Case, image: CaseImage, answer: NewAnswer, actor: Actor) -> None:
    """Keep another model's answer beside those that an image has.

    Raises
    ------
    CaseConflictError
        If the case was changed since it was read.
    CaseError
        If it was deleted, or the database cannot be used.
    """
    require(Deed.SAVE)
    row, card = _answer_row(answer, actor)
    with writing(store.engine) as session:
        step(session, case)
        saved_image = image_in(session, case.id, image.id)
        row.image_id = saved_image.id
        _add_cards(session, [card])
        session.add(row)
        note_down(
            session,
            case.id,
            actor,
            "answered again",
            image=saved_image.position,
            model=(answer.model, answer.model_sha256),
            change=({}, _told(answer, row)),
        )


def _prepare(
    staging: Staging, images: Iterable[NewImage], actor: Actor
) -> tuple[list[tuple[ImageRow, NewAnswer]], list[CardRow]]:
    rows, cards = [], []
    for position, image in enumerate(images, start=1):
        with writing_files():
            sha256 = staging.add(image.pixels)
        name = storable(image.name, "image's name")
        height, width = image.pixels.shape[:2]
        answer, card = _answer_row(image.answer, actor)
        row = ImageRow(
            position=position,
            sha256=sha256,
            name=name,
            width=width,
            height=height,
            synthetic=image.synthetic,
            magnification=storable(image.magnification, "magnification"),
            overview=image.overview,
            words=folded(name),
            answers=[answer],
        )
        if image.verdict is not None:
            require(Deed.JUDGE)
            row.verdict = image.verdict.value
            row.subtype = storable(image.subtype, "subtype")
            row.words = folded(name, row.subtype)
            row.judged_by = name_of(actor)
        rows.append((row, image.answer))
        cards.append(card)
    if not rows:
        raise CaseError("There is no image to save. Answer at least one first.")
    return rows, cards


def _answer_row(answer: NewAnswer, actor: Actor) -> tuple[AnswerRow, CardRow]:
    card = CardRow(sha256=hashlib.sha256(answer.card.encode()).hexdigest(), content=answer.card)
    row = AnswerRow(
        card_sha256=card.sha256,
        model=storable(answer.model, "model's name"),
        model_sha256=answer.model_sha256,
        classes=as_json(answer.classes),
        predicted=storable(answer.predicted, "class"),
        said=storable(answer.said, "answer"),
        shown_class=storable(answer.shown_class, "class"),
        probability=answer.probability,
        um_per_px=answer.um_per_px,
        answered_at=now(),
        answered_by=name_of(actor),
        content=as_json(answer.content),
        maps=pack(answer.maps),
    )
    return row, card


def _add_cards(session: Session, cards: Iterable[CardRow]) -> None:
    for card in {card.sha256: card for card in cards}.values():
        if session.get(CardRow, card.sha256) is None:
            session.add(card)
    session.flush()


def _insert(
    session: Session, rows: list[tuple[ImageRow, NewAnswer]], actor: Actor, patient: str
) -> str:
    case_id = _new_id(session)
    session.add(
        CaseRow(
            id=case_id,
            patient=patient,
            words=folded(case_id, patient),
            created_at=now(),
            created_by=name_of(actor),
            version=1,
            images=[row for row, _ in rows],
        )
    )
    session.flush()
    for row, answer in rows:
        if row.verdict:
            row.judged_at = now()
        note_down(
            session,
            case_id,
            actor,
            "saved",
            image=row.position,
            model=(answer.model, answer.model_sha256),
            change=(
                {},
                {
                    "image_sha256": row.sha256,
                    "facts_sha256": hash_of_facts(row),
                    **({"patient": patient} if patient and row.position == 1 else {}),
                    **_told(answer, row.answers[0]),
                },
            ),
        )
        if row.verdict:
            note_down(
                session,
                case_id,
                actor,
                "judged",
                image=row.position,
                model=(answer.model, answer.model_sha256),
                change=({}, _judged(row)),
            )
    return case_id


def _judged(row: ImageRow) -> dict[str, object]:
    named: dict[str, object] = {"subtype": row.subtype} if row.subtype else {}
    return {"verdict": row.verdict, **named}


def _told(answer: NewAnswer, row: AnswerRow) -> dict[str, object]:
    return {
        "answer": answer.said,
        answer.shown_class: round(answer.probability, 6),
        "answer_sha256": hash_of_answer(row),
    }


def _new_id(session: Session) -> str:
    while True:
        drawn = "".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF))
        case_id = f"{drawn[:_HALF]}-{drawn[_HALF:]}"
        if session.get(CaseRow, case_id) is None:
            return case_id
