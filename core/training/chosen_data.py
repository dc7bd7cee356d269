"""The dataset of a request, without the images that somebody decided to drop after the audit."""

from dataclasses import replace

from core.datasets.audit.accepted import apply_decisions, default_file, load_decisions
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.settings import get_settings
from core.training.request import Request


def chosen_dataset(request: Request) -> tuple[Dataset, tuple[str, ...]]:
    """Open what a request names, and say what was dropped, in sentences.

    What was dropped also stands among the dataset's notes.

    Raises
    ------
    DatasetError
        If the folder cannot be used, or every image was dropped.
    """
    dataset = open_dataset(
        request.data,
        task=request.recipe.task,
        magnifications=request.magnifications,
        patient_pattern=request.patient_pattern,
    )
    # Looking a decision up means reading every file once, which nobody needs who never decided.
    if not any((get_settings().home / "audits").glob("*.json")):
        return dataset, ()
    if not default_file(dataset).exists():
        return dataset, ()
    kept = apply_decisions(dataset, load_decisions(dataset))
    dropped = len(dataset.records) - len(kept.records)
    if not dropped:
        return dataset, ()
    said = f"{dropped:,} image{' was' if dropped == 1 else 's were'} dropped after the audit."
    return replace(kept, notes=(*kept.notes, said)), (said,)
