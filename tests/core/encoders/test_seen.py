"""Who was seen by an encoder before is told wherever it is judged."""

from pathlib import Path
from typing import Any

import pytest

from core.encoders.card import EncoderCard, Pretrained
from core.encoders.seen import seen_in_pretraining
from core.encoders.shelf import read_card
from tests import made_encoders as made

HERE, ELSEWHERE = "a" * 64, "b" * 64


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EncoderCard:
    from core.encoders.read import read_given  # noqa: PLC0415

    monkeypatch.setattr("core.limited.try_in_a_child", lambda _, path, **__: read_given(path))
    return made.added(tmp_path).card


def learnt(card: EncoderCard, **changes: Any) -> EncoderCard:
    content = {
        "method": "Barlow Twins",
        "recipe": {},
        "dataset": "IDC",
        "fingerprint": ELSEWHERE,
        "images": 40,
        "patients": ("1", "2", "3"),
        "epoch": 1,
        "epochs": 2,
    }
    return card.model_copy(update={"pretrained": Pretrained(**(content | changes))})


def test_of_patients_who_were_seen_it_says_how_many(card: EncoderCard) -> None:
    assert seen_in_pretraining(card, ["1", "9"], HERE) == ""
    assert seen_in_pretraining(learnt(card), ["8", "9"], HERE) == ""
    assert seen_in_pretraining(learnt(card), ["2", "9", "3"], HERE) == (
        "Its encoder saw images of 2 of 3 patients before, without labels (IDC)."
    )
    assert "all of these images" in seen_in_pretraining(learnt(card), ["9"], ELSEWHERE)


def test_groups_of_neighbours_and_other_spellings_are_the_same_patients(card: EncoderCard) -> None:
    grouped = learnt(card, patients=("8863+8864", "P_007", "5"), labelled_patients=("12",))
    assert seen_in_pretraining(grouped, ["8864", "p-7", "9", "11+12", "55"], HERE) == (
        "Its encoder saw images of 2 of 5 patients before, without labels (IDC). The labels of "
        "images of 1 of 5 patients chose the encoder: figures on them flatter."
    )


def test_those_whose_labels_chose_it_are_told_apart(card: EncoderCard) -> None:
    chosen = learnt(card, patients=("5",), labelled_patients=("9",))
    assert seen_in_pretraining(chosen, ["1", "9"], HERE) == (
        "The labels of images of 1 of 2 patients chose the encoder: figures on them flatter."
    )


def test_where_nobody_knows_it_says_so(card: EncoderCard) -> None:
    unknown = "Whether its encoder saw any of these patients before"
    assert seen_in_pretraining(learnt(card, patients=None), ["1"], HERE).startswith(unknown)
    files = ["1", "2.png"]
    assert seen_in_pretraining(learnt(card), files, HERE, known=False).startswith(unknown)


def test_the_card_keeps_it_and_is_the_same_encoder(card: EncoderCard, home: Path) -> None:
    other = learnt(card)
    file = home / "encoders" / "toy" / "card.json"
    file.write_text(other.to_json())
    assert read_card(file.parent) == other
    assert other.sha256 == card.sha256
