"""Many people at once, somebody with a slow line, and a server that is killed in its work."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from core.imaging.overlay import encode_png
from tests.browser.conftest import ROOT, AppServer, free_port, most_memory, serving

SESSIONS = 12
IMAGES = 2
ANSWER = 300_000  # ms
MOST_MEGABYTES = 1500  # more than before anybody came

pytestmark = pytest.mark.slow


def pictures(folder: Path, session: int, number: int = IMAGES) -> list[Path]:
    """Small images of one session, in colours of its own, named as patches of a known scale."""
    files = []
    for image in range(number):
        random = np.random.default_rng(1000 * session + image)
        colour = np.array([120 + 5 * session, 70 + 6 * session, 150 + 20 * (image % 4)])
        noise = random.integers(-30, 30, (50, 50, 3))
        files.append(folder / f"{1000 + session}_idx5_x{image}_y1_class0.png")
        files[-1].write_bytes(encode_png((colour + noise).clip(0, 255).astype(np.uint8)))
    return files


def give(page: Page, server: AppServer, files: list[Path]) -> None:
    page.goto(server.url)
    page.locator("input[type=file]").set_input_files(files, timeout=ANSWER)


def answered(page: Page) -> None:
    expect(page.get_by_role("button", name="Save as case")).to_be_enabled(timeout=ANSWER)


def answer_on_show(page: Page) -> dict[str, object]:
    """What "Result, JSON" gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Result, JSON").click()
    content: dict[str, object] = json.loads(Path(waiting.value.path()).read_text())
    return content


def by_command_line(files: list[Path], home: Path) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "core", "predict", "--json", *map(str, files)],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "LOBULE_HOME": str(home)},
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {str(row["sha256"]): row for row in rows}


def slow_upload(page: Page, server: AppServer) -> socket.socket:
    """Begin an upload as the page would, and never end it."""
    with page.expect_request(re.compile(r"/_stcore/upload_file/")) as waiting:
        page.locator("input[type=file]").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": b"no image"}, timeout=60_000
        )
    asked = waiting.value
    kept = ("cookie", "x-xsrftoken")
    sent = {name: value for name, value in asked.all_headers().items() if name in kept}
    lines = [
        f"PUT {urlsplit(asked.url).path} HTTP/1.1",
        f"Host: {urlsplit(server.url).netloc}",
        *(f"{name}: {value}" for name, value in sent.items()),
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 50000000",
        "",
        '--x\r\nContent-Disposition: form-data; name="f"; filename="b.png"\r\n\r\n',
    ]
    line = socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0))
    line.sendall("\r\n".join(lines).encode() + b"0" * 1_000_000)
    return line


@pytest.mark.exhaustive
def test_many_at_once_get_their_own_answers(chromium: Browser, tmp_path: Path) -> None:
    files = [pictures(tmp_path, session) for session in range(SESSIONS)]
    known = by_command_line([file for own in files for file in own], tmp_path / "home")
    with serving(tmp_path, free_port()) as server:
        first = chromium.new_page()
        give(first, server, pictures(tmp_path, 98))  # loads the model
        answered(first)
        first.close()
        before = server.megabytes
        alone = chromium.new_page()
        started = time.monotonic()
        give(alone, server, pictures(tmp_path, 99))
        answered(alone)
        seconds_alone = time.monotonic() - started
        alone.close()
        patient = chromium.new_page()
        patient.goto(server.url)
        with closing(slow_upload(patient, server)), ExitStack() as windows:
            contexts = [chromium.new_context() for _ in range(SESSIONS)]
            for context in contexts:
                windows.callback(context.close)
            pages = [context.new_page() for context in contexts]
            for page in pages:
                page.goto(server.url)
                page.locator("input[type=file]").wait_for(state="attached", timeout=ANSWER)
            started = time.monotonic()
            with most_memory(server) as seen:
                for page, own in zip(pages, files, strict=True):
                    page.locator("input[type=file]").set_input_files(own, timeout=ANSWER)
                for page in pages:
                    answered(page)
            seconds = time.monotonic() - started
            most = max(seen)
            for page, own in zip(pages, files, strict=True):
                for number in range(IMAGES):
                    expect(page.locator(".lobule-file span").first).to_have_text(own[number].name)
                    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
                    answer = answer_on_show(page)
                    expected = known[str(answer["sha256"])]
                    assert answer["path"] == own[number].name
                    assert Path(str(expected["path"])).name == own[number].name
                    assert answer["outcome"] == expected["outcome"]
                    np.testing.assert_allclose(
                        answer["probabilities"], expected["probabilities"], atol=2e-4
                    )
                    if number + 1 < IMAGES:
                        page.keyboard.press("j")
                        expect(page.locator(".lobule-file span").first).to_have_text(
                            own[number + 1].name, timeout=ANSWER
                        )
        print(  # noqa: T201 - figures for the notes
            f"\n{SESSIONS} sessions of {IMAGES} images: {seconds:.1f} s, one alone "
            f"{seconds_alone:.1f} s; {before:.0f} MB before, {most:.0f} MB at most"
        )
        assert most - before < MOST_MEGABYTES
        assert not server.faults


@pytest.mark.exhaustive
def test_killed_in_a_batch_nothing_confirmed_is_missing(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    page = chromium.new_page()
    with serving(tmp_path, port) as server:
        give(page, server, pictures(tmp_path, 1))
        answered(page)
        page.get_by_role("button", name="Save as case").click()
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Open in the worklist").wait_for(timeout=60_000)
        case = page.get_by_text(re.compile(r"^Saved as case")).inner_text().rpartition(" ")[2]
        page.get_by_role("button", name="Clear all").first.click()
        page.locator(".st-key-desk_clear button").first.click()
        expect(page.get_by_text("Drop a picture of breast tissue")).to_be_visible()
        expect(page.locator("input[type=file]")).to_have_count(1)  # the emptied one is gone
        page.locator("input[type=file]").set_input_files(pictures(tmp_path, 2, 60))
        expect(page.get_by_text(re.compile(r"[1-9]\d* of 60 answered"))).to_be_visible(
            timeout=ANSWER
        )
        address = page.url
        assert "desk=" in address
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with serving(tmp_path, port) as server:
        page.goto(address)
        expect(page.get_by_text("These images are no longer in memory")).to_be_visible(
            timeout=60_000
        )
        page.goto(f"{server.url}/worklist?case={case}")
        expect(page.get_by_text("Your verdict")).to_be_visible(timeout=60_000)
        page.goto(server.url)
        page.locator("input[type=file]").set_input_files(pictures(tmp_path, 3), timeout=60_000)
        answered(page)
        kept = {path.name for path in (tmp_path / "home").rglob("*") if path.is_file()}
        assert not {name for name in kept if name.endswith((".tmp", ".part"))}
        hidden = {path.name for path in (tmp_path / "home").rglob(".*")}
        assert not {name for name in hidden if name.startswith((".saving-", ".manifest."))}
        assert not server.faults
    page.close()
