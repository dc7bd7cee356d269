"""What the server lets in and what it tells browsers, as a stranger on the network meets it."""

import http.client
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, ConsoleMessage, expect

from core.serving import HEADERS
from tests.browser.conftest import ROOT, free_port, serving

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

PAGES = ("", "worklist", "slides", "datasets", "training", "performance", "models", "about")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763b86d6d0d0003a4015b8bda94520000000049454e44ae426082"
)

pytestmark = pytest.mark.slow


def own_addresses() -> set[str]:
    """Addresses of this machine on its networks, found without sending anything."""
    found = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            found.add(probe.getsockname()[0])
        except OSError:
            pass
    return {str(one) for one in found if not str(one).startswith(("127.", "::1", "fe80"))}


def test_it_listens_on_this_machine_only(app_server: "AppServer") -> None:
    port = int(app_server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    for address in own_addresses():
        with pytest.raises(OSError), socket.create_connection((address, port), timeout=2):  # noqa: PT011 - refused or unreachable
            pass


def test_on_another_address_it_refuses_to_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0",
         f"--server.port={free_port()}", "--server.headless=true"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "", "HOME": str(tmp_path), "LOBULE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode != 0
    assert "Lobule was told to listen on 0.0.0.0" in done.stderr
    assert "Traceback" not in done.stderr


def test_told_so_it_listens_elsewhere(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port, address="127.0.0.1", LOBULE_SERVE_WITHOUT_SIGN_IN="1"):
        pass  # healthy
    with serving(tmp_path, port, address="0.0.0.0", LOBULE_SERVE_WITHOUT_SIGN_IN="1") as server:  # noqa: S104
        assert server.process.poll() is None


@pytest.mark.parametrize("path", ["/", "/models", "/_stcore/health", "/static/nothing.js"])
def test_every_response_carries_the_security_headers(app_server: "AppServer", path: str) -> None:
    connection = http.client.HTTPConnection("localhost", int(app_server.url.rpartition(":")[2]))
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        for name, value in HEADERS.items():
            assert answer.getheader(name) == value


def test_no_page_breaks_the_policy_or_asks_anybody_else(
    chromium: Browser, app_server: "AppServer"
) -> None:
    page = chromium.new_page()
    said: list[str] = []
    asked: list[str] = []

    def note(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", note)
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(f"{app_server.url}/{path}")
        expect(page.get_by_text("For research use only")).to_be_visible()
    page.close()
    assert not [text for text in said if "Content Security Policy" in text]
    allowed = (app_server.url, app_server.url.replace("http", "ws", 1), "data:", "blob:")
    assert not [url for url in asked if not url.startswith(allowed)]


def test_uploads_need_the_token_and_keep_to_the_limit(chromium: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, free_port(), "--server.maxUploadSize=1") as server:
        page = chromium.new_page()
        page.goto(server.url)
        with page.expect_request(re.compile(r"/_stcore/upload_file/")) as waiting:
            page.locator("input[type=file]").set_input_files(
                {"name": "a.png", "mimeType": "image/png", "buffer": PNG}, timeout=60_000
            )
        request = waiting.value
        headers = {
            name: value
            for name, value in request.all_headers().items()
            if name.startswith(("x-", "cookie"))
        }
        assert "x-xsrftoken" in headers

        def put(size: int, **changed: str) -> int:
            body = (
                b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'
                + b"0" * size + b"\r\n--x--\r\n"
            )  # fmt: skip
            sent = headers | {"Content-Type": "multipart/form-data; boundary=x"} | changed
            again = urllib.request.Request(request.url, body, sent, method="PUT")  # noqa: S310
            try:
                with urllib.request.urlopen(again, timeout=20) as answer:  # noqa: S310
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code

        assert put(1000) == 204
        assert put(1000, **{"x-xsrftoken": "forged"}) == 403
        assert put(1_200_000) == 413
        page.close()
