"""The dataset of a request: at the scale stated there, without images dropped after the audit."""

from dataclasses import replace

from core.datasets.audit.accepted import apply_decisions, default_file, load_decisions
from core.datasets.open import open_dataset
from core.datasets.record_scale import refuse_contradiction
from core.datasets.records import Dataset
from core.errors import DatasetError
from core.imaging.scale import why_implausible
from core.settings import get_settings
from core.training.request.request import Request


def chosen_dataset(request: Request) -> tuple[Dataset, tuple[str, ...]]:
    """Open what a request names, and say in sentences what the request and the audit did to it.

    These sentences, on the stated scale and on what was dropped, also stand among the dataset's
    notes.

    Raises
    ------
    DatasetError
        If the folder cannot be used, its images say the scale that was stated for them, or every
        image was dropped.
    """
    dataset = open_dataset(
        request.data,
        task=request.recipe.task,
        magnifications=request.magnifications,
        patient_pattern=request.patient_pattern,
        positive=request.positive,
        neighbours=request.group_neighbours,
    )
    notes: tuple[str, ...] = ()
    if request.positive is not None:
        notes = (
            (
                f"The positive class, “{dataset.classes[-1]}”, was stated when training was "
                "requested."
            ),
        )
    if request.group_neighbours:
        notes = (*notes, "Neighbouring ids of IDC count as one woman.")
    if request.um_per_px is not None:
        dataset, stated = at_scale(dataset, request.um_per_px)
        notes = (*notes, stated)
    audited, dropped = after_audit(dataset)
    return audited, (*notes, *dropped)


def after_audit(dataset: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """Leave out the images that were dropped after the dataset's audit, and say how many.

    Raises
    ------
    DatasetError
        If every image was dropped.
    """
    # Looking a decision up means reading every file once, which nobody needs who never decided.
    if not any((get_settings().home / "audits").glob("*.json")):
        return dataset, ()
    if not default_file(dataset).exists():
        return dataset, ()
    audited = apply_decisions(dataset, load_decisions(dataset))
    dropped = len(dataset.records) - len(audited.records)
    if not dropped:
        return audited, ()
    more = f"{dropped:,} image{' was' if dropped == 1 else 's were'} dropped after the audit."
    return replace(audited, notes=(*audited.notes, more)), (more,)


def at_scale(dataset: Dataset, um_per_px: float) -> tuple[Dataset, str]:
    """Give images of unknown scale the one that was stated, and say so in a sentence.

    Raises
    ------
    DatasetError
        If no microscope has that scale, or the images state another.
    """
    if wrong := why_implausible(um_per_px):
        raise DatasetError(f"A scale of {um_per_px:g} µm/px was given, which {wrong}")
    scales = dataset.records["um_per_px"]
    unknown = int(scales.isna().sum())
    if not unknown:
        refuse_contradiction(um_per_px, dataset.records, dataset.root)
        return dataset, f"The images state the same scale, {um_per_px:g} µm/px."
    whose = "the images" if unknown == len(scales) else f"{unknown:,} of the images"
    note = (
        f"The scale of {whose}, {um_per_px:g} µm/px, was stated when training was requested; "
        "the files do not state it."
    )
    records = dataset.records.assign(um_per_px=scales.fillna(um_per_px))
    return replace(dataset, records=records, notes=(*dataset.notes, note)), note
