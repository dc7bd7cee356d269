"""Signing in with a real OpenID Connect provider, which the test runs: in, out, and back."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import AppServer, free_port, serving

pytestmark = pytest.mark.slow

WAIT = 300_000  # ms
PEOPLE = {
    "anna": {"email": "anna@hospital.example", "email_verified": True},
    "ben": {"email": "ben@hospital.example", "email_verified": True, "groups": ["readers"]},
    "eve": {"email": "eve@elsewhere.example", "email_verified": True},
    "mallory": {"email": "anna@hospital.example", "email_verified": False},
}
ROLES = 'pathologist = ["anna@hospital.example"]\nreader = ["readers"]\n'


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", f"--port={port}"]
    for name, claims in PEOPLE.items():
        command += ["--user-claims", json.dumps({"sub": name, **claims})]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(f"{url}/.well-known/openid-configuration"):  # noqa: S310 - our own
            break
        time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(timeout=10)


def set_up(folder: Path, provider: str, port: int) -> dict[str, str]:
    """Write the secrets of a server, and return its settings."""
    secrets = folder / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\n'
        'cookie_secret = "of this test alone"\nclient_id = "lobule"\nclient_secret = "lobule"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
    roles = folder / "roles.toml"
    roles.write_text(ROLES)
    return {"LOBULE_ROLES": str(roles)}


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    folder, port = tmp_path_factory.mktemp("sign-in"), free_port()
    with serving(folder, port, **set_up(folder, provider, port)) as running:
        yield running


@pytest.fixture
def window(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


def sign_in(context: BrowserContext, address: str, name: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Sign in").click(timeout=WAIT)
    page.locator("input[name=sub]").fill(name, timeout=WAIT)
    page.get_by_role("button", name="Authorize").click()
    return page


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click(timeout=WAIT)
    page.get_by_role("button", name="End session").click(timeout=WAIT)  # at the provider
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)


def status(url: str, method: str = "GET", cookies: str = "") -> int:
    request = urllib.request.Request(  # noqa: S310 - our own server
        url, method=method, headers={"cookie": cookies}, data=b"x" if method == "PUT" else None
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def inside(page: Page) -> None:
    expect(page.get_by_role("heading", name="Drop a picture of breast tissue")).to_be_visible(
        timeout=WAIT
    )


def test_in_out_and_back(server: AppServer, window: BrowserContext, chromium: Browser) -> None:
    metrics = f"{server.url}/_stcore/metrics"
    upload = f"{server.url}/_stcore/upload_file/session/file"
    assert (status(metrics), status(upload, "PUT")) == (403, 403)
    page = sign_in(window, server.url, "anna")
    inside(page)
    cookies = {each["name"]: each["value"] for each in window.cookies()}
    kept = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert status(metrics, cookies=kept) == 200
    page.get_by_role("button", name="No invasive carcinoma").click()
    expect(page.locator(".lobule-answer")).to_be_visible(timeout=WAIT)
    desk = page.url
    assert "desk=" in desk

    # A reader who has her address gets an empty desk, and no page that is not for readers.
    other = chromium.new_context()
    reader = sign_in(other, server.url, "ben")
    inside(reader)
    reader.goto(desk)
    inside(reader)
    expect(reader.locator(".lobule-answer")).to_have_count(0)
    reader.goto(f"{server.url}/training")
    expect(reader.get_by_text("came in as reader, who may not train")).to_be_visible(timeout=WAIT)
    other.close()

    sign_out(page)
    while page.url != desk:  # past the provider's pages
        page.go_back()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)
    expect(page.locator(".lobule-answer")).to_have_count(0)
    # What somebody kept of her sign-in opens nothing any more.
    assert status(metrics, cookies=kept) == 403
    thief = chromium.new_context()
    thief.add_cookies(
        [{"name": name, "value": value, "url": server.url} for name, value in cookies.items()]
    )
    stolen = thief.new_page()
    stolen.goto(desk)
    expect(stolen.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)
    thief.close()


@pytest.mark.parametrize("name", ["eve", "mallory"])
def test_a_stranger_whom_the_provider_knows_is_refused(
    server: AppServer, window: BrowserContext, name: str
) -> None:
    page = sign_in(window, server.url, name)
    expect(page.get_by_role("heading", name="Not on the list")).to_be_visible(timeout=WAIT)
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in window.cookies())
    assert status(f"{server.url}/_stcore/metrics", cookies=cookies) == 403
    sign_out(page)


@pytest.mark.exhaustive
def test_who_was_away_signs_in_again(provider: str, tmp_path: Path, window: BrowserContext) -> None:
    port = free_port()
    settings = set_up(tmp_path, provider, port)
    with serving(tmp_path, port, **settings, LOBULE_IDLE_MINUTES="0.2") as server:
        page = sign_in(window, server.url, "anna")
        inside(page)
        # The page is drawn once more when the model is there, which is no click, but counts as one.
        expect(page.get_by_text("The model is loaded.")).to_be_visible(timeout=WAIT)
        page.wait_for_timeout(14_000)
        page.reload()
        expect(page.get_by_text("Nothing was clicked for 0.2 minutes.")).to_be_visible(timeout=WAIT)
        page.get_by_role("button", name="Sign in").click()
        page.locator("input[name=sub]").fill("anna", timeout=WAIT)
        page.get_by_role("button", name="Authorize").click()
        inside(page)
