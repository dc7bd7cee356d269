"""A real Chromium and a running Lobule for the tests in this folder."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.made_up import write_phantoms
from tests.once import made_once

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
START_SECONDS = 120

# A loaded machine is slow, not wrong; Playwright's own 5 s are for idle ones.
expect.set_options(timeout=60_000)


@dataclass(frozen=True, slots=True)
class AppServer:
    """A Lobule that answers on this machine, with state of its own."""

    url: str  # without a slash at the end
    home: Path  # its LOBULE_HOME
    log: Path  # everything that it printed
    process: "subprocess.Popen[bytes]"

    @property
    def faults(self) -> list[str]:
        """What went wrong in it, as Python tells it.

        Without the complaints of the web server that a browser closed its window.
        """
        told = re.split(r"(?m)^(?=Exception in ASGI application|Traceback )", self.log.read_text())
        return [
            text[:4000]
            for text in told
            if "Traceback (" in text and not re.search(r"\nstarlette\S+Disconnect", text)
        ]

    @property
    def megabytes(self) -> float:
        """Memory that the server holds (resident, without what it shares)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return sum(
            int(line.split()[1]) / 1000
            for line in status.splitlines()
            if line.startswith("RssAnon")
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `make quick` leaves it out, and run it last.

    Playwright keeps an event loop running in this thread, which other tests must not meet.
    """
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.path.is_relative_to(HERE))


def find_browser() -> str:
    """Path of a browser that starts; skips where there is none, fails under CI=true."""
    found = subprocess.run(
        [ROOT / ".ci" / "browser"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if found.returncode == 0:
        return found.stdout.strip()
    reason = found.stderr.strip() or "no browser found"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium that talks to nobody but the page it is given.

    Each `new_page` of it has a context of its own: nothing is left of one test for the next.
    """
    executable = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--enable-unsafe-swiftshader",  # WebGL without a graphics card, for slides
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--force-prefers-reduced-motion",  # shimmering skeletons are drawn by the processor
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Lobule as `make app` starts it, on a free port, stopped at the end.

    Who leaves models or cases in it takes them away again, or starts a server of their own.
    """
    with serving(tmp_path_factory.mktemp("app-server"), free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def tiny_server(tmp_path_factory: pytest.TempPathFactory, tiny_models: Path) -> Iterator[AppServer]:
    """Lobule with a small untrained model: it has no scope test, so that it answers anything."""
    folder = tmp_path_factory.mktemp("tiny-server")
    models = shutil.copytree(tiny_models, folder / "models")
    with serving(folder, free_port(), LOBULE_SHIPPED_MODELS=str(models)) as server:
        yield server


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with a small untrained model."""
    from tests.pages.conftest import save_tiny  # noqa: PLC0415 - loads TensorFlow

    return made_once(tmp_path_factory, "tiny", save_tiny)


@pytest.fixture(scope="session")
def made_up_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the patches of ten phantoms and their `manifest.csv`."""
    return made_once(tmp_path_factory, "made-up-dataset", write_phantoms)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    folder: Path, port: int, *options: str, address: str = "localhost", **environment: str
) -> Iterator[AppServer]:
    """Lobule with its state in a folder; what is left of it at the end is stopped."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += [f"--server.address={address}", f"--server.port={port}", "--server.headless=true"]
    command += ["--server.fileWatcherType=none", "--browser.gatherUsageStats=false", *options]
    variables = {
        **os.environ,
        "HOME": str(folder),  # what `~` is on the page
        "LOBULE_HOME": str(folder / "home"),
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **environment,
    }
    log = folder / "streamlit.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    server = AppServer(f"http://localhost:{port}", folder / "home", log, process)
    try:
        wait_until_healthy(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_healthy(server: AppServer, process: "subprocess.Popen[bytes]") -> None:
    """Return once the server answers; fails with its log if it ends or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    state = "is silent" if process.poll() is None else f"ended with {process.returncode}"
    pytest.fail(f"Streamlit {state}:\n{server.log.read_text()[-4000:]}", pytrace=False)


@contextmanager
def most_memory(server: AppServer) -> Iterator[list[float]]:
    """Megabytes that the server holds, five times a second."""
    seen, done = [server.megabytes], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            seen.append(server.megabytes)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        done.set()
        watching.join()
