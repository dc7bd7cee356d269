import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.encoders import hub
from core.encoders.catalogue import known_encoder
from core.encoders.shelf import Encoder
from core.errors import EncoderError, Stopped
from tests import made_encoders as made
from tests.pages.conftest import drawn_until_gone
from tests.pages.test_models import click, html, open_page

SECONDS = 60


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, object]]:
    """What was asked of the hub, which has a toy in place of each; a wrong token is refused."""
    asked: list[dict[str, object]] = []

    def add_known(name: str, **how: object) -> Encoder:
        asked.append({"name": name, **{key: how[key] for key in ("agreed", "token", "called")}})
        if how["token"] == "wrong":  # noqa: S105
            raise EncoderError("The authors of <b>UNI</b> want to be asked.")
        how["on_stage"]("Fetching", 0.5)
        return made.added(tmp_path, str(how["called"] or name))

    monkeypatch.setattr(hub, "add_known", add_known)
    monkeypatch.setattr("pages.shelf.known_form.is_installed", lambda _: True)
    return asked


def chosen(name: str) -> AppTest:
    page = open_page()
    page.segmented_control(key="encoder-from-0").set_value("Published").run()
    page.selectbox(key="known-0").set_value(name).run()
    return page


def sent(page: AppTest) -> AppTest:
    return drawn_until_gone(click(page, "add-known-now"), "stop-adding-encoder", SECONDS)


def test_a_published_one_is_fetched_once_its_licence_is_agreed_to(
    fetched: list[dict[str, object]],
) -> None:
    page = chosen("phikon")
    known = known_encoder("phikon")
    shown = html(page)
    for words in (known.page, f"{known.licence}; commercial use ▲ not allowed", known.citation):
        assert words in shown
    assert f"{known.megabytes:,} MB" in shown
    assert "Agree to the licence of Phikon first" in html(sent(page))
    assert not fetched
    page.checkbox(key="known-agreed-0-phikon").check()
    page.text_input(key="known-called-0").set_value("mine")
    assert "mine was added: 24 features" in html(sent(page))
    assert fetched == [{"name": "phikon", "agreed": True, "token": None, "called": "mine"}]


def test_a_token_is_used_once_and_not_kept(fetched: list[dict[str, object]]) -> None:
    page = chosen("uni")
    page.checkbox(key="known-agreed-0-uni").check()
    assert "give a token of yours" in html(sent(page))
    page.text_input(key="known-token-0").set_value("wrong")
    page = sent(page)
    assert "The authors of &lt;b&gt;UNI" in html(page)
    assert page.checkbox(key="known-agreed-0-uni").value
    assert page.text_input(key="known-token-1").value == ""
    assert "wrong" not in str(page.session_state)
    page.text_input(key="known-token-1").set_value("right")
    assert "uni was added" in html(sent(page))
    assert [each["token"] for each in fetched] == ["wrong", "right"]


def test_what_is_being_fetched_is_found_after_a_reload_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, ended = [], threading.Event()

    def add_known(name: str, **how: Any) -> Encoder:
        asked.append(name)
        how["on_stage"]("Converting", 0.0)
        while not how["stopped"]():
            assert not ended.wait(0.02)
        raise Stopped

    monkeypatch.setattr(hub, "add_known", add_known)
    monkeypatch.setattr("pages.shelf.known_form.is_installed", lambda _: True)
    page = chosen("phikon")
    page.checkbox(key="known-agreed-0-phikon").check()
    click(page, "add-known-now")
    again = open_page()
    assert again.selectbox(key="known-0").value == "phikon"
    assert again.button(key="add-known-now").disabled
    click(again, "stop-adding-encoder")
    for each in (again, page):
        shown = html(drawn_until_gone(each, "stop-adding-encoder", SECONDS))
        assert "Stopped; nothing was added." in shown
    assert "Stopped" not in html(open_page())
    assert asked == ["phikon"]


def test_without_pytorch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shelf.known_form.is_installed", lambda _: False)
    page = open_page()
    page.segmented_control(key="encoder-from-0").set_value("Published").run()
    assert "requirements-encoders.txt" in html(page)
    assert "add-known-now" not in {button.key for button in page.button}
