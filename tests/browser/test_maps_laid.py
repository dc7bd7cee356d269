"""Maps that are laid over a slide by pages/viewer/pane.js, on the MapLibre that Plotly brings."""

import io
from pathlib import Path

import plotly
import pytest
from PIL import Image
from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.slow

PANE = Path(__file__).resolve().parents[2] / "pages" / "viewer" / "pane.js"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
CHART = '<div id="chart" style="width: 600px; height: 400px"></div>'
LAID = """async addresses => {
    const layer = {sourcetype: "raster", source: ["http://tiles.invalid/slide/{z}/{x}/{y}"]};
    const map = {style: {version: 8, sources: {}, layers: []}, zoom: 18, layers: [layer]};
    const chart = document.querySelector("#chart");
    await Plotly.newPlot(chart, [{type: "scattermap"}], {map});
    const pane = new Pane({width: 1000, height: 800, outlines: [], marked: []}, 0);
    pane.map = chart._fullLayout.map._subplot.map;
    for (const tiles of addresses) {
        pane.maps = [{tiles: `http://tiles.invalid/${tiles}/{z}/{x}/{y}`, opacity: 0.7}];
        pane.lay();
    }
    const idle = new Promise(done => pane.map.once("idle", done));
    await Promise.race([idle, new Promise(done => setTimeout(done, 20_000))]);
    return [pane.laid, pane.map.getSource("lobule-map-0").tiles[0]];
}"""


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_newest_address_wins_before_the_first_one_is_loaded(chromium: Browser) -> None:
    asked: list[str] = []

    def give(route: Route) -> None:
        kind = route.request.url.split("/")[3]
        asked.append(kind)
        if kind:
            route.fulfill(body=picture(), content_type="image/png")
        else:
            route.fulfill(body=CHART, content_type="text/html")

    page = chromium.new_page()
    page.route("http://tiles.invalid/**", give)
    page.goto("http://tiles.invalid/")
    page.add_script_tag(path=PLOTLY)
    page.add_script_tag(content=PANE.read_text(encoding="utf-8") + "\nwindow.Pane = Pane;")
    laid, tiles = page.evaluate(LAID, ["first", "second", "third"])
    page.close()
    assert laid
    assert "/third/" in tiles
    assert asked[-1] == "third"
