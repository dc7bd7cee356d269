"""What each model says of a case as a whole, for its report."""

import numpy as np

from core.cases.records import Case, FullAnswer
from core.cases.report_words import read_card, result_of
from core.inference.case import FEWEST_IMAGES, answer_case


def case_answers(case: Case, answers: dict[int, FullAnswer]) -> list[str]:
    """Return a sentence a model on all images that it answered, by `core.inference.case.RULE`.

    Parameters
    ----------
    case
        Of two images or more; of one, its answer says all.
    answers
        The kept answers by their id.
    """
    by_model: dict[tuple[str, str], dict[str, FullAnswer]] = {}
    given: dict[tuple[str, str], int] = {}
    for image in case.images:
        for answer in image.answers:
            model = (answer.model, answers[answer.id].card)
            by_model.setdefault(model, {}).setdefault(image.sha256, answers[answer.id])
            given[model] = given.get(model, 0) + 1
    return [
        _answer(name, card, list(different.values()), given[name, card])
        for (name, card), different in by_model.items()
        if given[name, card] > 1
    ]


def _answer(name: str, card: str, different: list[FullAnswer], given: int) -> str:
    results = [result_of(full) for full in different]
    inside = [result for result in results if result["scope"]["inside"]]
    left_out = [
        f"{len(results) - len(inside):,} out of scope" if len(inside) < len(results) else "",
        f"{given - len(results):,} the same as another" if given > len(results) else "",
    ]
    aside = ", ".join(filter(None, left_out))
    if not inside:
        return f"{name}: no answer, since no image counts ({aside})."
    chances = np.array([result["probabilities"] for result in inside])
    found = answer_case(read_card(card), chances)
    interval = f"no interval below {FEWEST_IMAGES} images"
    if found.interval:
        low, high = found.interval
        interval = f"{100 * low:.1f} to {100 * high:.1f} %, 95 % interval"
    images = "1 image" if found.images == 1 else f"{found.images:,} images"
    return (
        f"{name}: {found.name}. Mean probability of {found.about} {100 * found.probability:.1f} % "
        f"({interval}), of {images}{f'; not counted: {aside}' if aside else ''}."
    )
