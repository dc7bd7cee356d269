"""What a report says of a case, in sentences and in rows of tables."""

from datetime import datetime
from typing import Any

import numpy as np
from pydantic import ValidationError

from core.cases.check import Check
from core.cases.records import (
    ANSWER_VERSION,
    UNJUDGED,
    Actor,
    Answer,
    Case,
    CaseImage,
    FullAnswer,
    Verdict,
)
from core.cases.trail import name_of
from core.cases.words import moment
from core.errors import CaseError
from core.inference.case import FEWEST_IMAGES, answer_case
from core.registry.card import Card
from core.registry.card_sections import Section, card_sections, shortened

RESEARCH_USE = (
    "For research use only. Lobule is not a medical device: its answers are not a diagnosis "
    "and must not guide patient care."
)
READING = (
    "Probability: the model's own, calibrated on patients left out of its training; it says "
    "how sure this model is, not how sure you can be. Flips and turns: the probability less "
    "and plus one standard deviation (±, in percentage points) over flips and turns of the "
    "image, averaged over its tiles; an answer that depends on them depends on something "
    "that is not in the tissue. It is not a confidence interval. The card at the end says "
    "how far to trust the model on new patients, with 95 % intervals. Signs such as ⟨U+202E⟩ "
    "are the Unicode numbers of invisible letters or of letters without a font here."
)
OVERVIEW = ("", "", "Image", "Model's answer", "Probability", "Pathologist")
OVERVIEW_SHARES = (4, 11, 30, 20, 20, 22)
OUTSIDE = "In brackets: of an image unlike the training images; the probability means nothing."
# Sections of a card that do not tell how far its answers may be trusted.
_LEFT_OUT = {"Factors", "Ethical considerations"}
_HEADLINES = {
    Verdict.AGREE: "agrees",
    Verdict.DISAGREE: "disagrees",
    Verdict.CANNOT_TELL: "cannot tell",
}


def case_facts(
    case: Case, made_at: datetime, made_by: Actor, trail: Check
) -> list[tuple[str, str]]:
    """Return what the case is, as rows of two cells."""
    models = dict.fromkeys(
        f"{answer.model} ({answer.model_sha256[:8]})"
        for image in case.images
        for answer in image.answers
    )
    judged = sum(image.verdict is not None for image in case.images)
    return [
        ("Patient's pseudonym", case.patient or "none"),
        ("Images", f"{len(case.images):,}, {judged:,} of them judged by a pathologist"),
        ("Models", ", ".join(models)),
        ("Saved", f"{moment(case.created_at)} by {case.created_by}"),
        ("Trail", trail.words if trail.breaks else "holds: each entry follows from the one before"),
        ("Report made", f"{moment(made_at)} by {name_of(made_by)}"),
    ]


def overview_row(
    image: CaseImage, result: dict[str, Any], picture: bytes
) -> tuple[str | bytes, ...]:
    """Return an image's row of `OVERVIEW`.

    Parameters
    ----------
    image
        With its answers.
    result
        Of the first answer.
    picture
        A small one, as an image file; empty where there is none.
    """
    answer = image.answers[0]
    probability = f"{100 * answer.probability:.1f} % {answer.shown_class}"
    return (
        f"{image.position}",
        picture,
        shortened(image.name),
        shortened(answer.said),
        shortened(probability if result["scope"]["inside"] else f"({probability})"),
        shortened(image.subtype or (image.verdict.value if image.verdict else UNJUDGED)),
    )


def _spread(result: dict[str, Any]) -> str:
    """Write the probability that is unsure, less and plus a standard deviation over the views."""
    unsure = result["uncertainty"]
    middle = result["probabilities"][result["classes"].index(unsure["about"])]
    low, high = max(middle - unsure["views"], 0.0), min(middle + unsure["views"], 1.0)
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def result_of(full: FullAnswer) -> dict[str, Any]:
    """Return the answer as its JSON has it.

    Raises
    ------
    CaseError
        If it was kept in a form that this Lobule does not read.
    """
    version = full.content.get("version")
    if version != ANSWER_VERSION:
        raise CaseError(
            f"The answer was saved in version {version!r}; this Lobule reads version "
            f"{ANSWER_VERSION}. Use a newer Lobule; exports still hold the answer."
        )
    result: dict[str, Any] = full.content["result"]
    return result


def answer_headline(answer: Answer, result: dict[str, Any]) -> str:
    """Write what a model said of an image, in a line."""
    share = f"{100 * answer.probability:.1f} % probability of {answer.shown_class}"
    if result["scope"]["inside"]:
        return f"{answer.model}: {answer.said}, {share}"
    return f"{answer.model}: {answer.said} ({share} all the same)"


def answer_lines(full: FullAnswer) -> list[str]:
    """Write what else a reader must know of an answer, a sentence a line."""
    result = result_of(full)
    lines = []
    if result["operating_point"] is None:
        shares = sorted(
            zip(result["probabilities"], result["classes"], strict=True), key=lambda pair: -pair[0]
        )
        lines.append(f"{', '.join(f'{name} {100 * share:.1f} %' for share, name in shares)}.")
    if result["prediction_set"] is not None:
        possible = ", ".join(result["prediction_set"]) or "none"
        lines.append(f"Classes that cannot be ruled out: {possible}.")
    return [*lines, *result["reasons"], *full.content["diagnosis"]["warnings"]]


def technical_lines(image: CaseImage, answer: Answer, full: FullAnswer) -> list[str]:
    """Write how an answer came about, for the appendix, a sentence a line."""
    result = result_of(full)
    unsure = result["uncertainty"]
    views = (
        f"± {100 * unsure['views']:.1f} points, one standard deviation; not a confidence interval"
    )
    about = f"{_spread(result)} probability of {unsure['about']} ({views})"
    lines = [f"{answer.model}, over flips and turns: {about}."]
    if unsure["members"]:
        members = ", ".join(f"{100 * value:.1f} %" for value in unsure["members"])
        lines.append(f"The ensemble's members: {members}.")
    scale = "scale unknown" if answer.um_per_px is None else f"{answer.um_per_px:g} µm/px"
    scale += f" (BreaKHis {image.magnification})" if image.magnification else ""
    tiles = "1 tile" if result["tiles"] == 1 else f"{result['tiles']:,} tiles"
    line = f"Answered {moment(answer.at)} for {answer.by}; {scale}; {tiles}"
    return [*lines, f"{line}; SHA-256 of the network {answer.model_sha256}."]


def pathologist_lines(image: CaseImage) -> tuple[str, str]:
    """Write the pathologist's verdict in a line, and their note, which may have several."""
    if image.verdict is None and not image.note:
        return "Pathologist: no verdict yet", ""
    headline = image.subtype or (_HEADLINES[image.verdict] if image.verdict else "no verdict")
    when = f" ({image.judged_by}, {moment(image.judged_at)})" if image.judged_at else ""
    return f"Pathologist: {headline}{when}", image.note


def read_card(text: str) -> Card:
    """Return a model's card as it was when it answered.

    Raises
    ------
    CaseError
        If this Lobule does not read it.
    """
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        raise CaseError(
            "The answer was saved by another version of Lobule whose model cards this one "
            "cannot read. Exports still hold the answer."
        ) from error


def card_summary(card: Card, model_sha256: str) -> tuple[Section, ...]:
    """Return the sections of a model's card that tell how far its answers may be trusted."""
    sections = card_sections(card, model_sha256)
    return tuple(section for section in sections if section.title not in _LEFT_OUT)


def case_answers(case: Case, answers: dict[int, FullAnswer]) -> list[str]:
    """Return a sentence a model on all images that it answered, by `core.inference.case.RULE`.

    Parameters
    ----------
    case
        Of two images or more; of one, its answer says all.
    answers
        The kept answers by their id.
    """
    by_model: dict[tuple[str, str], dict[str, tuple[str, FullAnswer]]] = {}
    number_of: dict[tuple[str, str], int] = {}
    for image in case.images:
        for answer in image.answers:
            model = (answer.model, answers[answer.id].card)
            words = answer.said, answers[answer.id]
            by_model.setdefault(model, {}).setdefault(image.sha256, words)
            number_of[model] = number_of.get(model, 0) + 1
    return [
        _answer(name, card, list(different.values()), number_of[name, card])
        for (name, card), different in by_model.items()
        if number_of[name, card] > 1
    ]


def _answer(name: str, card: str, different: list[tuple[str, FullAnswer]], number: int) -> str:
    results = [(outcome, result_of(full)) for outcome, full in different]
    inside = [(outcome, result) for outcome, result in results if result["scope"]["inside"]]
    left_out = [
        f"{len(results) - len(inside):,} out of scope" if len(inside) < len(results) else "",
        f"{number - len(results):,} the same as another" if number > len(results) else "",
    ]
    aside = ", ".join(filter(None, left_out))
    if not inside:
        return f"{name}: no answer, since no image counts ({aside})."
    chances = np.array([result["probabilities"] for _, result in inside])
    together = answer_case(read_card(card), [outcome for outcome, _ in inside], chances)
    interval = f"no interval below {FEWEST_IMAGES} images"
    if together.interval:
        low, high = together.interval
        interval = f"{100 * low:.1f} to {100 * high:.1f} %, 95 % interval"
    images = "1 image" if together.images == 1 else f"{together.images:,} images"
    not_counted = f"; not counted: {aside}" if aside else ""
    return (
        f"{name}: {together.name} ({together.because}). Mean probability of {together.about} "
        f"{100 * together.probability:.1f} % ({interval}), of {images}{not_counted}."
    )
