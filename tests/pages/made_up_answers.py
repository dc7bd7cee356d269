"""Ten answers by hand for the Performance page; what its tests expect is worked out from these.

patient  label  probability  at 0.5   colour
A        no     0.12         right    0.42
A        yes    0.88         right    0.62
B        no     0.22         right    0.42
B        yes    0.82         right    0.62
C        no     0.32         right    0.42
C        yes    0.36         wrong    0.22
C        no     0.62         wrong    0.42
D        yes    0.72         right    0.62
D        no     0.06         right    0.42
D        yes    0.94         right    0.62
"""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import NEGATIVE, POSITIVE

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180
# patient, positive or not, probability, colour's, magnification
TEN = [
    *(("A", 0, 0.12, 0.42, "40X"), ("A", 1, 0.88, 0.62, "40X"), ("B", 0, 0.22, 0.42, "40X")),
    *(("B", 1, 0.82, 0.62, "40X"), ("C", 0, 0.32, 0.42, "100X"), ("C", 1, 0.36, 0.22, "100X")),
    *(("C", 0, 0.62, 0.42, "100X"), ("D", 1, 0.72, 0.62, "100X"), ("D", 0, 0.06, 0.42, "100X")),
    ("D", 1, 0.94, 0.62, "100X"),
]


def write_ten(folder: Path) -> None:
    """Put the ten answers, as one model's, in the place of a package's own."""
    head = f"image,patient,magnification,label,round,fold,threshold,probability {NEGATIVE}"
    lines = [f"{head},probability {POSITIVE},colour threshold,colour probability {POSITIVE}"]
    for number, (patient, label, chance, colour, magnification) in enumerate(TEN):
        name = (NEGATIVE, POSITIVE)[label]
        lines.append(
            f"{number}.png,{patient},{magnification},{name},1,1,0.5,{1 - chance:.2f},{chance:.2f},"
            f"0.5,{colour}"
        )
    (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
    vouch(folder)


def vouch(folder: Path, **changes: Any) -> None:
    """Write the card anew: its hashes, and what else is to change."""
    card = json.loads((folder / "card.json").read_text())
    for name in card["files"]:
        card["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def own_model(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a model of the user's own on a shelf that has no other; returns its folder."""
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    return Path(shutil.copytree(shelf / "tiny", home / "models" / "tiny"))


def open_page(view: str | None = None) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    page.switch_page("pages/performance.py").run()
    assert not page.exception
    return go(page, view) if view else page


def go(page: AppTest, view: str) -> AppTest:
    (control,) = [group for group in page.button_group if (group.key or "").startswith("view-")]
    control.set_value(view).run()
    assert not page.exception
    return page


def html(page: AppTest, *, marks: bool = False) -> str:
    """What the page says; without the marks of few patients, which nearly every figure here has."""
    words = [element.proto.body for element in page.get("html")]
    words += [text.value for text in page.text]
    text = "\n".join(words).replace("\N{NO-BREAK SPACE}", " ")
    return text if marks else re.sub(r" ▲\s\d+\spatients?\b", "", text)


def charts(page: AppTest) -> dict[str, dict[str, Any]]:
    """The figures on the page, by the name at the end of their key."""
    found = {}
    for element in page.get("plotly_chart"):
        name = element.proto.id.rpartition("-chart-")[2]
        found[name] = json.loads(element.proto.spec)
    return found


def row(page: AppTest, name: str, under: str = "") -> list[str]:
    """The cells of the table row that begins so, in the table whose header begins so."""
    begins = f'<th scope="row"><bdi>{name}</bdi></th>'
    head = f'<thead><tr><th scope="col"><bdi>{under}'
    tables = [table for table in html(page).split("<table")[1:] if head in table]
    (line,) = [line for table in tables for line in table.split("<tr>") if line.startswith(begins)]
    return re.findall(r"<td><bdi>(.*?)</bdi></td>", line)


def views(page: AppTest) -> tuple[str, ...]:
    """The views that are offered."""
    (control,) = [group for group in page.button_group if (group.key or "").startswith("view-")]
    return tuple(control.options)
