"""A report printed without colours says as much as one with them."""

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from core.cases.records import FullAnswer, NewImage
from core.cases.report_pictures import pictures_of
from core.cases.store import Store
from tests.core.cases.test_report_pdf import keep, kept, read, report


def grey_pages(content: bytes, folder: Path) -> list[NDArray[np.uint8]]:
    """The pages as a printer without colours draws them, 72 dots an inch."""
    program = shutil.which("pdftoppm")
    if program is None:
        pytest.skip("no pdftoppm on this machine: install the package poppler-utils")
    folder.mkdir()
    (folder / "report.pdf").write_bytes(content)
    drawing = [program, "-gray", "-r", "72", folder / "report.pdf", folder / "page"]
    subprocess.run(drawing, check=True)
    return [np.asarray(PillowImage.open(page)) for page in sorted(folder.glob("page*.pgm"))]


def test_without_colours_verdicts_and_maps_are_told_apart(store: Store, tmp_path: Path) -> None:
    # Benign and malignant are words, and the length of a bar.
    chances, filled = {"benign": 0.1, "malignant": 0.9}, {}
    for said, chance in chances.items():
        result = {
            "probabilities": [1 - chance, chance],
            "classes": list(chances),
            "predicted": said,
            "uncertainty": {"about": "malignant", "views": 0.01, "members": None},
            "operating_point": {"positive_class": "malignant", "threshold": 0.5},
        }
        told = {"said": said, "predicted": said, "probability": chance, "shown_class": "malignant"}
        answer = kept(result=result, classes=tuple(chances), um_per_px=None, **told)
        light = np.full((60, 80, 3), 250, np.uint8)
        content = report(store, keep(store, NewImage("a.png", light, answer)))
        text = read(content)
        assert f"1 a.png {said} {100 * chance:.1f} % malignant" in text
        assert f"idc: {said}, {100 * chance:.1f} % probability of malignant" in text
        assert "line: half the most" in text
        page = grey_pages(content, tmp_path / said)[1]  # that of the image
        assert (page.min(), page.max()) == (0, 255)
        filled[said] = max(np.count_nonzero(page == 60, axis=1))  # pixels of the bar's grey
    assert filled["malignant"] == pytest.approx(9 * filled["benign"], rel=0.05)


def test_without_colours_the_line_of_a_map_is_seen() -> None:
    heat = np.pad(np.ones((20, 20), np.float32), 20)
    answer = kept(maps={"heatmap": heat})
    full = FullAnswer(answer.card, answer.content, answer.maps)
    for shade in (0, 128, 255):
        pixels = np.full((60, 60, 3), shade, np.uint8)
        _, under = pictures_of(pixels, full, None)
        grey = np.asarray(PillowImage.open(io.BytesIO(under.data)).convert("L"))
        # Across the middle: white within black where the map passes half, whatever lies under it.
        edge = grey[grey.shape[0] // 2, : grey.shape[1] // 2]
        assert any(
            part[0] < 40 and part[-1] < 40 and part.max() > 230
            for width in range(5, 16)
            for part in np.lib.stride_tricks.sliding_window_view(edge, width)
        )
