"""Time from `streamlit run` to the drawn Diagnose page, against an empty one; then to an answer.

    python benchmarks/startup.py

Baseline: a page of one `st.write`. Both servers start in turn with the same settings, and the same
Chromium opens each; the clock runs from the start of the process until the page's words stand.
Then, on a server whose model is loaded, from giving a new picture until class and heatmap stand.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Browser, Page, sync_playwright

from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom

ROOT = Path(__file__).resolve().parent.parent
EMPTY_PAGE = 'import streamlit as st\n\nst.write("An empty page")\n'
TARGET = 1.5
MINUTE = 60_000  # ms


@contextmanager
def streamlit(script: Path, home: Path) -> Iterator[tuple[str, float]]:
    """Start a server; yields its address and when its process was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script.name, f"--server.port={port}"]
    command += ["--server.headless=true"]
    environment = {**os.environ, "LOBULE_HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "3"}
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own program
        command,
        cwd=script.parent,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://localhost:{port}", started
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_server(address: str) -> None:
    """Return as soon as the server answers."""
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.01)


def time_to_page(browser: Browser, script: Path, home: Path, words: str) -> float:
    """Return the seconds from the start of the process until the words stand on the page."""
    with streamlit(script, home) as (address, started):
        wait_for_server(address)
        page = browser.new_page()
        page.goto(address, wait_until="commit")
        page.get_by_text(words).first.wait_for(timeout=2 * MINUTE)
        seconds = time.perf_counter() - started
        page.close()
    return seconds


def time_to_answer(page: Page, name: str, data: bytes) -> float:
    """Return the seconds from giving a file until class, bar and heatmap stand; then remove it."""
    started = time.perf_counter()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": data}
    )
    page.locator(".lobule-answer").first.wait_for(timeout=2 * MINUTE)
    page.locator(".heatmaplayer image").first.wait_for(timeout=2 * MINUTE)
    seconds = time.perf_counter() - started
    page.get_by_role("button", name="Remove").first.click()
    page.locator(".lobule-answer").first.wait_for(state="detached", timeout=MINUTE)
    return seconds


def picture(height: int, width: int, seed: int) -> bytes:
    """Return a new picture that looks like stained tissue, so that nothing is remembered."""
    return encode_png(render_phantom(seed, height, width).pixels)


def measure_startup(browser: Browser, runs: int, folder: Path) -> bool:
    """Print the medians of alternating runs and their ratio; return whether the target is met."""
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    empty = folder / "empty.py"
    empty.write_text(EMPTY_PAGE, encoding="utf-8")
    times: dict[str, list[float]] = {"empty page": [], "Diagnose": []}
    for run in range(runs + 1):
        pairs = [
            ("empty page", time_to_page(browser, empty, folder / "home", "An empty page")),
            ("Diagnose", time_to_page(browser, ROOT / "app.py", folder / "home", "What it knows")),
        ]
        if run:  # the first pair only warms the disk cache
            for name, seconds in pairs:
                times[name].append(seconds)
    for name, values in times.items():
        listed = ", ".join(f"{value:.2f}" for value in values)
        print(f"{name}: median {statistics.median(values):.2f} s of {listed}")
    ratio = statistics.median(times["Diagnose"]) / statistics.median(times["empty page"])
    print(f"startup ratio, Diagnose / empty page: {ratio:.2f} (target: at most {TARGET})")
    return ratio <= TARGET


def measure_answers(browser: Browser, runs: int, folder: Path) -> None:
    """Print the median time from upload to answer on a warm server."""
    with streamlit(ROOT / "app.py", folder / "home") as (address, _):
        wait_for_server(address)
        page = browser.new_page()
        page.goto(address)
        page.get_by_text("The model is loaded.").wait_for(timeout=5 * MINUTE)
        page.get_by_role("spinbutton", name="Scale of the images").fill("4")
        page.keyboard.press("Enter")
        for name, height, width in (("patch", 50, 50), ("field", 460, 700)):
            times = [
                time_to_answer(page, f"{seed}.png", picture(height, width, seed))
                for seed in range(runs)
            ]
            listed = ", ".join(f"{value:.2f}" for value in times)
            print(
                f"upload to answer, {name} of {width}×{height} px at 4 µm/px: "
                f"median {statistics.median(times):.2f} s of {listed}"
            )


def main() -> int:
    """Measure start-up, then answers; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    executable = subprocess.run(  # noqa: S603 - our own program
        [ROOT / ".ci" / "browser"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        met = measure_startup(browser, runs, Path(name))
        measure_answers(browser, runs, Path(name))
        browser.close()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
