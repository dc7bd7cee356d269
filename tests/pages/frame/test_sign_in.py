"""Where a provider is configured, nobody sees a page before they have signed in."""

import sys

import pytest
from streamlit.testing.v1 import AppTest

from core.serving import SIGN_IN_IS_MISSING
from tests.pages.test_diagnose import ROOT

pytestmark = pytest.mark.usefixtures("shelf")

PROVIDER = {
    "redirect_uri": "https://lobule.example/oauth2callback",
    "cookie_secret": "not a real one",
    "client_id": "lobule",
    "client_secret": "not a real one",
    "server_metadata_url": "https://provider.example/.well-known/openid-configuration",
}


def page_for(*, known: bool, **claims: object) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.secrets["auth"] = PROVIDER
    page.user.update({"is_logged_in": known, "email_verified": True, "sub": "7"})
    for name, value in claims.items():
        page.user[name] = value
    return page.run()


def test_a_stranger_sees_the_way_in_and_nothing_else() -> None:
    page = page_for(known=False)
    assert not page.exception
    assert [title.value for title in page.title] == ["Sign in"]
    assert [button.label for button in page.button] == ["Sign in"]
    assert not page.sidebar.children


def test_without_the_extra_a_stranger_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "authlib", None)
    page = page_for(known=False)
    assert not page.exception
    assert [error.value for error in page.error] == [SIGN_IN_IS_MISSING]
    assert not page.button


def test_who_has_signed_in_sees_the_page() -> None:
    page = page_for(known=True)
    assert not page.exception
    assert [title.value for title in page.title] == ["Drop a picture of breast tissue"]


def test_who_is_in_can_go_out_again() -> None:
    page = page_for(known=True, email="anna@hospital.example")
    assert [button.label for button in page.sidebar.button if button.key == "sign_out"] == [
        "Sign out"
    ]


def test_whoever_is_not_on_the_list_sees_the_way_out_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOBULE_USERS", "@hospital.example")
    page = page_for(known=True, email="eve@elsewhere.example")
    assert not page.exception
    assert [title.value for title in page.title] == ["Not on the list"]
    assert [button.label for button in page.button] == ["Sign out"]
    assert "eve@elsewhere.example" in page.text[0].value
    page = page_for(known=True, email="anna@hospital.example", email_verified=None)
    assert "does not say that anna@hospital.example is yours" in page.text[0].value
    page = page_for(known=True, email="anna@hospital.example")
    assert [title.value for title in page.title] == ["Drop a picture of breast tissue"]
