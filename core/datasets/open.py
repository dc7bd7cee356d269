"""Recognise what a folder holds and read it as a dataset."""

from pathlib import Path

from core.datasets.idc import read_idc
from core.datasets.records import Dataset
from core.errors import DatasetError

_ACCEPTED = "IDC patches named `<patient>_idx5_x<X>_y<Y>_class<0|1>.png`, in any folders"


def open_dataset(folder: Path) -> Dataset:
    """Read the dataset in a folder, whatever its known layout.

    Raises
    ------
    DatasetError
        If the folder is missing or holds no layout that is known; the message says what was seen.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}. Give the folder that holds the images.")
    dataset = read_idc(folder)
    if dataset is None:
        seen = sorted(path.name for path in folder.iterdir())[:8]
        found = f"it holds {', '.join(seen)}" if seen else "it is empty"
        raise DatasetError(
            f"{folder} is not a dataset that Lobule knows: {found}. Expected {_ACCEPTED}."
        )
    return dataset
