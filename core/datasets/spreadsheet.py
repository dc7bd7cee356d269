"""The table of records as a CSV file that a spreadsheet opens without running anything."""

import csv

import pandas as pd

from core.datasets.records import Dataset
from core.documents.letters import neutral


def records_csv(dataset: Dataset) -> bytes:
    """Write the records with the name of each class, UTF-8 with a byte order mark.

    Text that a spreadsheet would take for a formula gets an apostrophe in front. Unknown positions
    and scales are empty.
    """
    records = dataset.records.copy()
    records["label"] = [dataset.classes[label] for label in records["label"]]
    for column in ("path", "patient", "slide", "label", "subtype", "magnification"):
        records[column] = [neutral(text) for text in records[column]]
    for column in ("x", "y"):
        records[column] = records[column].astype("Int64").mask(records[column] < 0, pd.NA)
    # Text is quoted, all of it: a lone carriage return would begin a row otherwise.
    return records.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC).encode("utf-8-sig")
