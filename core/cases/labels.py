"""What a pathologist's verdict says of an image, as the label of a training image."""

from core.cases.records import CaseImage, Verdict

_TWO = 2


def label_of(image: CaseImage) -> str | None:
    """Return the class that the pathologist holds right, of those of the image's first answer.

    Who agrees with a class holds it right; who disagrees with one of two holds the other right.
    Another subtype is a label if the model knows it by that name. Everything else names no class:
    a disagreement where there are more classes, a subtype that the model does not know, "cannot
    tell", no verdict, and any verdict on an answer that names no class itself.
    """
    answer = image.answers[0]
    if image.verdict == Verdict.OTHER_SUBTYPE:
        known = {name.casefold(): name for name in answer.classes}
        return known.get(image.subtype.casefold())
    if answer.said != answer.predicted:
        return None
    if image.verdict == Verdict.AGREE:
        return answer.predicted
    if image.verdict == Verdict.DISAGREE and len(answer.classes) == _TWO:
        return next(name for name in answer.classes if name != answer.predicted)
    return None
