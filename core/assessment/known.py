"""Whether a model has met the patients that it is judged on."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.datasets.spelling import keys_of
from core.encoders.seen import seen_in_pretraining
from core.encoders.shelf import encoder_of
from core.errors import DatasetError
from core.registry.card import Card
from core.registry.package import Package

_NAMED = 5


@dataclass(frozen=True)
class Known:
    """Patients of a dataset whom a model was trained or chosen on.

    Attributes
    ----------
    patients : tuple of str
    warning : str or None
        What must be said on every figure; None if nothing.
    leaky : bool
        Whether figures are of patients whom the model knows.
    """

    patients: tuple[str, ...]
    warning: str | None
    leaky: bool

    def rows(self, patients: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Which images are of a patient whom the model knows, (N,)."""
        return np.isin(patients.astype(str), self.patients)


def known_patients(card: Card, dataset: Dataset, patients: NDArray[np.object_]) -> Known:
    """Compare a dataset's patients with those on a model's card.

    Parameters
    ----------
    card : Card
    dataset : Dataset
    patients : object array, shape (N,)
        Of the images that are judged.
    """
    training = card.training
    met = {*training.patients.get("train", []), *training.patients.get("validation", [])}
    judged_patients = set(patients.astype(str).tolist())
    if training.leaky:
        met |= set(training.patients.get("test", []))
    known = keys_of(met)
    shared = tuple(sorted(patient for patient in judged_patients if known & keys_of([patient])))
    if shared:
        named = ", ".join(shared[:_NAMED]) + (" …" if len(shared) > _NAMED else "")
        same = training.dataset == dataset.name
        return Known(
            shared,
            f"LEAKY: {len(shared)} of the {len(judged_patients)} patients ({named}) "
            + (
                f"were in the training of {card.name}. "
                if same
                else f"have the name of a patient in the training of {card.name}, though the "
                f"dataset is called {dataset.name} and that one {training.dataset}. "
            )
            + "Figures that include them say nothing about a new patient.",
            leaky=True,
        )
    if not dataset.patients_known:
        return Known(
            (),
            "The patients of this dataset are unknown: they may have been in the training, "
            "and each image counts as one patient, so intervals are too narrow. Name the "
            "patients in a manifest.",
            leaky=False,
        )
    return Known((), None, leaky=False)


def seen_by_encoder(package: Package, dataset: Dataset) -> tuple[str, ...]:
    """Say which of a dataset's patients the encoders behind a model were pretrained on.

    Nothing is known, and nothing said, of an encoder that is not at hand.

    Parameters
    ----------
    package : Package
        Of an ensemble with its members.
    dataset : Dataset
        As it was opened.
    """
    used = {each.card.name: each.card.encoder for each in (package, *package.members)}
    encoders = {name: encoder_of(each.sha256) for name, each in used.items() if each}
    learnt = {name: each.card for name, each in encoders.items() if each and each.card.pretrained}
    if not learnt:
        return ()  # without a look at all files
    fingerprint = ""
    with suppress(DatasetError):  # an image that cannot be read is told of elsewhere
        fingerprint = dataset.fingerprint
    patients, known = dataset.records["patient"].unique(), dataset.patients_known
    warnings = {
        name: seen_in_pretraining(card, patients, fingerprint, known=known)
        for name, card in learnt.items()
    }
    return tuple(
        f"{name}: {words}" if package.members else words
        for name, words in warnings.items()
        if words
    )
