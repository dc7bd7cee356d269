import asyncio
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ServingError
from core.roots import HELD, held
from core.serving import HEADERS, SecurityHeaders, begin_serving, check_serving, is_local


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.8.9.10", "::1", "[::1]"])
def test_addresses_that_only_this_machine_reaches(address: str) -> None:
    assert is_local(address)
    check_serving(address, sign_in=False)


@pytest.mark.parametrize(
    "address",
    [None, "", "0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "lobule.example", "localhost."],  # noqa: S104
)
def test_others_are_refused_in_words_unless_users_sign_in(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_local(address)
    with pytest.raises(ServingError, match=r"LOBULE_SERVE_WITHOUT_SIGN_IN=1") as told:
        check_serving(address, sign_in=False)
    assert (address or "every address") in str(told.value)
    check_serving(address, sign_in=True)
    monkeypatch.setenv("LOBULE_SERVE_WITHOUT_SIGN_IN", "1")
    check_serving(address, sign_in=False)


@pytest.mark.parametrize("name", ["LOBULE_USERS", "LOBULE_ROLES"])
def test_a_list_of_people_without_a_sign_in_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "roles.toml")
    check_serving("localhost", sign_in=True)
    for address in ("localhost", "0.0.0.0"):  # noqa: S104
        with pytest.raises(ServingError, match=r"no \[auth\] section"):
            check_serving(address, sign_in=False)


def test_data_stay_in_their_roots_where_others_can_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HELD, "")  # what is set below goes with the test
    monkeypatch.setenv("LOBULE_SERVE_WITHOUT_SIGN_IN", "1")
    for address, sign_in in (("localhost", False), ("localhost", True), ("0.0.0.0", False)):  # noqa: S104
        monkeypatch.delenv(HELD)
        begin_serving(address, sign_in=sign_in)
        assert held() is (sign_in or address != "localhost")
        monkeypatch.setenv(HELD, "")


@pytest.mark.parametrize("module", ["authlib", "httpx2"])
def test_sign_in_without_its_extra_is_refused_in_words(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ServingError, match=r"make app EXTRAS=\"sign-in\""):
        check_serving("localhost", sign_in=True)
    check_serving("localhost", sign_in=False)


@given(st.text(max_size=40))
def test_no_text_is_taken_for_local_by_mistake(text: str) -> None:
    if is_local(text):
        assert text == "localhost" or set(text) <= set("0123456789abcdefABCDEF.:[]%")


def test_every_response_carries_the_headers_and_keeps_its_own() -> None:
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": [(b"etag", b"1")]}
        await send(start)
        await send({"type": "http.response.body", "body": b"ok"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(SecurityHeaders(app)({"type": "http"}, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert headers == {"etag": "1"} | HEADERS
    assert sent[1]["body"] == b"ok"
    assert "connect-src 'self' data: blob:;" in headers["content-security-policy"]
