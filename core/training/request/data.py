"""The dataset of a request: at the scale stated there, without images dropped after the audit."""

from dataclasses import replace

from core.datasets.audit.accepted import apply_decisions, default_file, load_decisions
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.errors import DatasetError
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
    )
    said: tuple[str, ...] = ()
    if request.um_per_px is not None:
        dataset, stated = _at_scale(dataset, request.um_per_px)
        said = (stated,)
    # Looking a decision up means reading every file once, which nobody needs who never decided.
    if not any((get_settings().home / "audits").glob("*.json")):
        return dataset, said
    if not default_file(dataset).exists():
        return dataset, said
    kept = apply_decisions(dataset, load_decisions(dataset))
    dropped = len(dataset.records) - len(kept.records)
    if not dropped:
        return dataset, said
    more = f"{dropped:,} image{' was' if dropped == 1 else 's were'} dropped after the audit."
    return replace(kept, notes=(*kept.notes, more)), (*said, more)


def _at_scale(dataset: Dataset, um_per_px: float) -> tuple[Dataset, str]:
    """Give images of unknown scale the one that was stated, and say so in a sentence."""
    scales = dataset.records["um_per_px"]
    unknown = int(scales.isna().sum())
    if not unknown:
        listed = ", ".join(f"{scale:g}" for scale in sorted(scales.unique())[:6])
        raise DatasetError(
            f"A scale of {um_per_px:g} µm/px was given, and the images in {dataset.root} have "
            f"scales of their own ({listed} µm/px). Leave --um-per-px out."
        )
    whose = "the images" if unknown == len(scales) else f"{unknown:,} of the images"
    said = (
        f"The scale of {whose}, {um_per_px:g} µm/px, was stated when training was asked for; they "
        "do not say it themselves."
    )
    records = dataset.records.assign(um_per_px=scales.fillna(um_per_px))
    return replace(dataset, records=records, notes=(*dataset.notes, said)), said
