"""What a pathologist calls an image: as a verdict on the model's answer, and back from it."""

from collections.abc import Sequence

from core.cases.records import CaseImage, Verdict

_TWO = 2


def judgement(named: str | None, outcome: str, classes: Sequence[str]) -> tuple[Verdict, str]:
    """Return the verdict that calling an image a class is, and the subtype that it names or "".

    Parameters
    ----------
    named
        One of the classes; None is "cannot tell".
    outcome
        What the model said: a class, or for example "undecided".
    classes
        Of the model, K at least 2.

    Examples
    --------
    >>> judgement("IDC", "IDC", ("no IDC", "IDC"))
    (<Verdict.AGREE: 'agree'>, '')
    >>> judgement("IDC", "undecided", ("no IDC", "IDC"))
    (<Verdict.OTHER_SUBTYPE: 'other subtype'>, 'IDC')
    """
    if named is None:
        return Verdict.CANNOT_TELL, ""
    if named == outcome:
        return Verdict.AGREE, ""
    if outcome in classes and len(classes) == _TWO:
        return Verdict.DISAGREE, ""
    return Verdict.OTHER_SUBTYPE, named


def label_of(image: CaseImage) -> str | None:
    """Return the class that the pathologist holds right, of those of the image's first answer.

    Who agrees with a class holds it right; who disagrees with one of two holds the other right.
    Another subtype is a label if the model knows it by that name. Everything else names no class:
    a disagreement where there are more classes, a subtype that the model does not know, "cannot
    tell", no verdict, and whether one agrees with an answer that names no class itself.
    """
    answer = image.answers[0]
    if image.verdict == Verdict.OTHER_SUBTYPE:
        if image.subtype in answer.classes:
            return image.subtype
        known = {name.casefold(): name for name in answer.classes}
        return known.get(image.subtype.casefold())
    if answer.said != answer.predicted:
        return None
    if image.verdict == Verdict.AGREE:
        return answer.predicted
    if image.verdict == Verdict.DISAGREE and len(answer.classes) == _TWO:
        return next(name for name in answer.classes if name != answer.predicted)
    return None
