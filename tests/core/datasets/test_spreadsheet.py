import io
from pathlib import Path

import pandas as pd

from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, table
from core.datasets.spreadsheet import records_csv


def test_formulas_come_out_as_text_and_unknown_as_empty(tmp_path: Path) -> None:
    names = ("=1+1.png", "+a.png", "-a.png", "@a.png", " =a.png", 'a,b".png')
    records = table([Record(name, "p", "p", 1, x=5) for name in names])
    dataset = Dataset("d", tmp_path, ("no", "=yes"), records, UNKNOWN_SOURCE)
    read = pd.read_csv(io.BytesIO(records_csv(dataset)), encoding="utf-8-sig")
    assert set(read["path"]) == {f"'{name}" for name in names[:-1]} | {names[-1]}
    assert set(read["label"]) == {"'=yes"}
    assert read["y"].isna().all()
    assert (read["x"] == 5).all()
