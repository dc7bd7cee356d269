"""The manifest vouches for every file of the shipped models, by hashes that anybody can compute."""

import hashlib
import json
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"
VOUCHED = json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))["models"]


def test_every_file_of_every_model_is_in_it() -> None:
    hashes = {
        folder.name: {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in folder.iterdir()
            if not file.name.startswith(".")
        }
        for folder in MODELS.iterdir()
        if folder.is_dir() and not folder.name.startswith((".", "_"))
    }
    assert {name: each["files"] for name, each in VOUCHED.items()} == hashes


def test_every_field_of_each_card_is_in_it() -> None:
    for name, each in VOUCHED.items():
        card = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
        assert each["card"].keys() == card.keys()
        text = json.dumps(card["classes"], sort_keys=True)
        assert each["card"]["classes"] == hashlib.sha256(text.encode()).hexdigest()
