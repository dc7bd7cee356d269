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


def page_for(*, known: bool) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.secrets["auth"] = PROVIDER
    page.user["is_logged_in"] = known
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
