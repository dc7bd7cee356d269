"""The table of what was tried belongs to the data that it was measured on."""

import json
from pathlib import Path

import pytest

from core.training import tried as module
from core.training.tried import tried

ROOT = Path(__file__).resolve().parents[3]


def test_a_table_is_of_the_data_of_the_shipped_model_and_of_no_other() -> None:
    card = json.loads((ROOT / "models" / "breakhis-binary" / "card.json").read_text())
    found = tried("breakhis-binary", card["training"]["dataset_fingerprint"])
    shipped = [(row["what"], row["auroc"]) for row in card["evaluation"]["tried"]]
    assert [(row.what, row.auroc) for row in found] == shipped
    assert tried("breakhis-binary", "0" * 64) == ()
    assert tried("cnn3", card["training"]["dataset_fingerprint"]) == ()


def test_a_row_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "tried_file", lambda name: tmp_path / name)
    row = {"what": "Colour", "auroc": 0.75, "auroc_interval": [0.5, 1.0], "shifted_auroc": None}
    table = {"dataset_fingerprint": "a" * 64, "ways": [row]}
    (tmp_path / "mine").write_text(json.dumps(table))
    (found,) = tried("mine", "a" * 64)
    assert found.model_dump(mode="json") == row
