import json
from pathlib import Path

import pytest

from core.encoders.add import add_encoder
from core.encoders.shelf import encoder_of, encoders, find_encoder, remove_encoder, verify_encoder
from core.errors import EncoderError
from tests import made_encoders as made


def test_an_encoder_is_found_by_its_hash_whatever_it_is_called(tmp_path: Path) -> None:
    first = made.added(tmp_path)
    given = tmp_path / "toy.xml"
    again = add_encoder(given, made.about("other", title="Another title", licence="GPL-3.0"))
    assert first.card.sha256 == again.card.sha256
    assert encoder_of(first.card.sha256) in [first, again]
    assert encoder_of("0" * 64) is None
    scaled = add_encoder(given, made.about("scaled", input=made.preparation(um_per_px=0.5)))
    assert scaled.card.sha256 == first.card.sha256  # a scale changes no feature
    changed = made.preparation(mean=(0.5, 0.5, 0.5))
    differs = add_encoder(given, made.about("brighter", input=changed))
    assert differs.card.sha256 != first.card.sha256


def test_what_changed_is_refused_and_named_the_others_stay(tmp_path: Path) -> None:
    encoder, _ = made.added(tmp_path), made.added(tmp_path, "sound")
    with (encoder.path / "graph.bin").open("r+b") as file:
        file.write(b"\0" * 64)
    (encoder.path / "more.txt").touch()
    by_name = {entry.name: entry for entry in encoders()}
    assert by_name["sound"].encoder
    assert by_name["toy"].encoder is None
    assert "more.txt is not on the card; graph.bin is changed" in by_name["toy"].error
    with pytest.raises(EncoderError, match=r"graph\.bin is changed"):
        find_encoder("toy")
    with pytest.raises(EncoderError, match=r"graph\.bin is changed"):
        verify_encoder(encoder.path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dimension": 0}, "dimension"),
        ({"schema_version": 2}, "schema_version"),
        ({"licence": ""}, "licence"),
        ({"grid": None}, "maps need a grid"),
        ({"name": "other"}, "calls itself 'other'"),
        ({"hidden": 1}, "hidden"),
        ({"files": {"../graph.bin": "0" * 64}}, "missing"),
    ],
)
def test_a_card_that_says_something_else_is_refused(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    encoder = made.added(tmp_path)
    card = encoder.path / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | change))
    (entry,) = encoders()
    assert entry.encoder is None
    assert words in entry.error


def test_one_is_removed_even_if_it_is_broken(tmp_path: Path, home: Path) -> None:
    encoder = made.added(tmp_path)
    (encoder.path / "card.json").write_text("{")
    remove_encoder("toy")
    assert encoders() == []
    assert not any((home / "encoders").iterdir())
    for name in ("toy", "../models", ""):
        with pytest.raises(EncoderError, match="There is no encoder called"):
            remove_encoder(name)
