from pathlib import Path

import pytest

from core.encoders.shelf import encoders
from core.rights import Person, Role
from tests import made_encoders as made
from tests.pages.test_models import click, html, open_page


def test_without_any_it_says_how_to_add_one() -> None:
    page = open_page()
    assert "None yet." in html(page)
    assert "add-encoder-now" in {button.key for button in page.button}
    assert "compared-encoders" not in {each.key for each in page.multiselect}


def test_each_says_what_it_is_and_what_its_licence_forbids(tmp_path: Path) -> None:
    made.added(tmp_path, title="<b>Toy</b>", commercial="not allowed", licence="CC-BY-NC-4.0")
    page = open_page()
    shown = html(page)
    for words in ("CC-BY-NC-4.0; commercial use ▲ not allowed", "24 an image", "4×4 places"):
        assert words in shown
    assert "<b>Toy" not in shown
    assert "every file is as it was" in html(click(page, "verify-encoder-toy"))


def test_a_broken_one_is_told_and_can_be_deleted(tmp_path: Path) -> None:
    encoder = made.added(tmp_path)
    (encoder.path / "graph.bin").write_bytes(b"")
    page = open_page()
    assert "graph.bin is changed" in html(page)
    page = click(page, "delete-encoder-toy")
    assert "The encoder toy was deleted." in html(page)
    assert encoders() == []


def test_readers_look_and_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.added(tmp_path)
    reader = Person("ben", Role.READER)
    monkeypatch.setattr("pages.shelf.encoders.who_acts", lambda: reader)
    page = open_page()
    assert "24 an image" in html(page)
    assert "delete-encoder-toy" not in {button.key for button in page.button}
    assert "add-encoder-now" not in {button.key for button in page.button}
