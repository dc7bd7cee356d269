"""Judged images as a labelled manifest: what a pathologist says becomes training data.

The table is what `core.datasets.manifest` reads: `path,label,patient,um_per_px`, and
`magnification` where each image has one. It names the files of the worklist itself, so that an
image whose case is deleted is gone from here too.
"""

import csv
import io
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.cases.files import Staging, kept_path, writing_files
from core.cases.judgement import label_of
from core.cases.records import Case, CaseImage, Shown
from core.cases.store import Store
from core.cases.trail import now
from core.documents.letters import neutral
from core.errors import CaseError

Classes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Images that a manifest can name, and why it leaves others out."""

    rows: tuple[tuple[CaseImage, str, str], ...]
    """Image, label and patient, each file once."""
    no_class: int
    """Images whose verdict names no class of the model."""
    unjudged: int
    """Images without a verdict."""
    contradictory: int
    """Files that are labelled one way in one case and another way in another."""
    synthetic: int
    """Images of no patient, such as the phantom, judged or not."""
    overviews: int
    """Pictures of whole slides, judged or not."""

    @property
    def labels(self) -> Classes:
        """The labels that occur, by alphabet."""
        return tuple(sorted({label for _, label, _ in self.rows}))


def class_sets(cases: Iterable[Case]) -> tuple[Classes, ...]:
    """Return the sets of classes that images were answered with first, the most frequent first."""
    counts: dict[Classes, int] = {}
    for case in cases:
        for image in case.images:
            classes = image.answers[0].classes
            counts[classes] = counts.get(classes, 0) + 1
    return tuple(sorted(counts, key=lambda classes: (-counts[classes], classes)))


def labelled(cases: Sequence[Case], classes: Classes, everything: Collection[Shown]) -> Labelled:
    """Return the images that were answered with these classes and judged, with their labels.

    Cases of one patient are those that say so, and those that share an image: were they divided
    between training and test, the test would be passed by heart. Two cases may be tied through a
    third that is not listed, so ties are sought among all. A synthetic image is of no patient: it
    is no tissue to train on, and ties nobody. Nor is the overview of a slide trained on: what is
    said of a slide is not true of every part of it.

    Parameters
    ----------
    cases
        That are listed.
    classes
        Of the model that answered first.
    everything
        What `core.cases.read.everything_shown` returns; a case that is not in it is gone.
    """
    synthetic_files = {shown.sha256 for shown in everything if shown.synthetic}
    patients = _patients([shown for shown in everything if shown.sha256 not in synthetic_files])
    labels: dict[str, dict[str, tuple[CaseImage, str, str]]] = {}
    no_class = unjudged = synthetic = overviews = 0
    for case in cases:
        for image in case.images:
            if image.answers[0].classes != classes:
                continue
            if image.synthetic or image.sha256 in synthetic_files:
                synthetic += 1
                continue
            if image.overview:
                overviews += 1
                continue
            if case.id not in patients:
                continue
            label = label_of(image)
            if label is None:
                unjudged += image.verdict is None
                no_class += image.verdict is not None
                continue
            row = (image, label, patients[case.id])
            labels.setdefault(image.sha256, {}).setdefault(label, row)
    rows = tuple(row for by in labels.values() if len(by) == 1 for row in by.values())
    contradictory = sum(len(by) > 1 for by in labels.values())
    return Labelled(rows, no_class, unjudged, contradictory, synthetic, overviews)


def write_manifest(store: Store, images: Labelled) -> Path:
    """Write the manifest beside the images and return its path.

    Raises
    ------
    CaseError
        If there is no labelled image, or the disk is full.
    """
    if not images.rows:
        raise CaseError("No image here has a verdict that names a class. Judge some first.")
    folder = store.images.parent / "manifests"
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    magnified = all(image.magnification for image, _, _ in images.rows)
    writer.writerow(["path", "label", "patient", "um_per_px", *["magnification"] * magnified])
    for image, label, patient in images.rows:
        path = os.path.relpath(kept_path(store.images, image.sha256), folder)
        scale = image.answers[0].um_per_px
        row = [path, neutral(label), neutral(patient), "" if scale is None else scale]
        writer.writerow([*row, *[image.magnification] * magnified])
    target = folder / f"worklist-{now():%Y%m%d-%H%M%S-%f}.csv"
    with writing_files():
        folder.mkdir(exist_ok=True)
        with store.locked():
            staging = Staging(store.images)
        try:
            staging.place(buffer.getvalue(), target)
        finally:
            staging.close()
    return target


def _patients(everything: Collection[Shown]) -> dict[str, str]:
    """Name the patient of each case: the pseudonym or id of the first case of the same patient."""
    name = {shown.case: shown.patient or shown.case for shown in everything}
    same: dict[str, str] = {patient: patient for patient in name.values()}

    def first(patient: str) -> str:
        while same[patient] != patient:
            same[patient] = same[same[patient]]  # long chains are walked once
            patient = same[patient]
        return patient

    owner: dict[str, str] = {}
    for shown in everything:
        its_patient = name[shown.case]
        earlier, other = first(owner.setdefault(shown.sha256, its_patient)), first(its_patient)
        same[max(earlier, other)] = min(earlier, other)
    return {case_id: first(patient) for case_id, patient in name.items()}
