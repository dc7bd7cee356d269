"""Whom an encoder has seen: figures on patients whom it learnt from are not of new patients."""

from collections.abc import Collection

from core.counts import counted
from core.datasets.spelling import keys_of
from core.encoders.card import EncoderCard


def seen_in_pretraining(
    card: EncoderCard, patients: Collection[str], fingerprint: str, *, known: bool = True
) -> str:
    """Say which of the patients that a model is judged on its encoder was pretrained on.

    By their names, as `keys_of` compares them: what two data sets call the same may be two people,
    and is told all the same.

    Parameters
    ----------
    card : EncoderCard
    patients : collection of str
    fingerprint : str
        Of the dataset that they are of.
    known : bool
        Whether the dataset says whose its images are.

    Returns
    -------
    str
        A sentence; empty where it was not pretrained here, or on other patients.
    """
    learnt = card.pretrained
    if learnt is None:
        return ""
    people = set(patients) if known else set()
    seen = _whose(learnt.patients, people, same=fingerprint == learnt.fingerprint)
    chosen = _whose(
        learnt.labelled_patients, people, same=fingerprint == learnt.labelled_fingerprint
    )
    sentences = []
    if seen:
        sentences.append(f"Its encoder saw {seen} before, without labels ({learnt.dataset}).")
    elif learnt.patients is None or not known:
        sentences.append(
            f"Whether its encoder saw any of these patients before, without labels "
            f"({learnt.dataset}), is not known."
        )
    if chosen:
        sentences.append(f"The labels of {chosen} chose the encoder: figures on them flatter.")
    return " ".join(sentences)


def _whose(learnt: Collection[str] | None, people: set[str], *, same: bool) -> str:
    """Whose images were learnt from, in words; empty if nobody's."""
    if same:
        return "all of these images"
    known = keys_of(learnt or ())
    shared = [patient for patient in people if known & keys_of([patient])]
    return f"images of {len(shared):,} of {counted(len(people), 'patient')}" if shared else ""
