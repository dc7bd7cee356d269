"""Seconds from dropping a picture in the browser until one sees it, its map, and the whole answer.

The app runs as `make app` starts it, in a Chromium of 1440 px, its model loaded. Of each size a few
drops, each of a picture that the app has not seen; medians. Baseline: `core.diagnosis.diagnose` on
the same picture, alone in this process, after a first call that is not timed.

    PYTHONPATH=. python benchmarks/first_map.py --region ../shared/data/regions/0.jpg
"""

import argparse
import io
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from core.diagnosis import diagnose
from core.imaging.phantom import render_phantom
from tests.browser.conftest import find_browser, free_port, serving

UM_PER_PX = 0.25
PICTURES = {"one patch of 50 px": (50, 50, 4.0), "460 × 700 px at 4 µm/px": (460, 700, 4.0)}
PATIENCE = 300_000  # ms
SEEN = """
window.lobuleSeen = {};
const note = name => { if (!(name in window.lobuleSeen)) window.lobuleSeen[name] = Date.now(); };
new MutationObserver(() => {
  const growing = document.querySelector(".lobule-growing img");
  if (growing) note(growing.alt);
  if (document.querySelector(".st-key-desk_image .js-plotly-plot .main-svg")) note("answer");
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


def main() -> None:
    """Print a row a size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--region", type=Path, help="a picture of tissue at 0.25 µm/px")
    parser.add_argument("--drops", type=int, default=3)
    arguments = parser.parse_args()
    kinds = {
        name: [
            as_file(render_phantom(seed, height, width).pixels, um_per_px)
            for seed in range(arguments.drops)
        ]
        for name, (height, width, um_per_px) in PICTURES.items()
    }
    if arguments.region:
        pixels = np.asarray(Image.open(arguments.region).convert("RGB"))
        name = f"{pixels.shape[0]} × {pixels.shape[1]} px at {UM_PER_PX} µm/px"
        kinds[name] = [
            as_file(np.roll(pixels, seed, axis=1), UM_PER_PX) for seed in range(arguments.drops)
        ]
    alone = {name: median(seconds_alone(file) for file in files) for name, files in kinds.items()}
    print(f"{'picture':28s} {'picture':>9s} {'map':>9s} {'answer':>9s} {'alone':>9s}  answer/alone")
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), free_port()) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        picture_file = Path(folder) / "picture.png"
        for name, files in kinds.items():
            seen = []
            for file in files:
                page = browser.new_page(viewport={"width": 1440, "height": 960})
                page.add_init_script(SEEN)
                page.goto(server.url)
                picture_file.write_bytes(file)
                seen.append(drop(page, picture_file))
                page.close()
            picture, grown, answer = (median(column) for column in zip(*seen, strict=True))
            print(
                f"{name:28s} {picture:7.2f} s {grown:7.2f} s {answer:7.2f} s {alone[name]:7.2f} s"
                f"  {answer / alone[name]:.2f}"
            )


def drop(page: Page, file: Path) -> tuple[float, float, float]:
    """Seconds from the drop until the picture, the first of its map and the answer stand."""
    expect(page.get_by_text("The model is loaded.")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-ahead .js-plotly-plot")).to_have_count(1, timeout=PATIENCE)
    page.wait_for_timeout(1000)
    started = page.evaluate("window.lobuleSeen = {}; Date.now()")
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_function("'answer' in window.lobuleSeen", timeout=PATIENCE)
    seen = page.evaluate("window.lobuleSeen")
    answer = seen["answer"]
    # What is answered at once never stands half-drawn.
    first_map = seen.get("The map so far", answer)
    picture = min(seen.get("The image", answer), first_map)
    return tuple((moment - started) / 1000 for moment in (picture, first_map, answer))


def seconds_alone(file: bytes) -> float:
    """Seconds of the answer without the app."""
    diagnose(file)
    started = time.perf_counter()
    diagnose(file)
    return time.perf_counter() - started


def as_file(pixels: NDArray[np.uint8], um_per_px: float) -> bytes:
    """A PNG that states its scale."""
    buffer = io.BytesIO()
    dots_per_inch = 25_400 / um_per_px
    Image.fromarray(pixels).save(
        buffer, "PNG", dpi=(dots_per_inch, dots_per_inch), compress_level=1
    )
    return buffer.getvalue()


if __name__ == "__main__":
    main()
