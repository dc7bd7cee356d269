import re
from importlib.metadata import version
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.explain.methods.catalogue import METHODS
from pages.credits.versions import libraries, lobule_version

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.usefixtures("shelf")
def test_it_says_what_lobule_is_not_and_what_runs() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.switch_page("pages/about.py").run()
    assert not page.exception
    shown = "\n".join(element.proto.body for element in page.get("html"))
    assert "not a medical device" in shown
    for name in ("streamlit", "tensorflow", "opencv-python", "tf-keras-vis", "plotly", "numpy"):
        assert f"<bdi>{name}</bdi>" in shown
        assert f"<bdi>{version(name)}</bdi>" in shown
    assert "Tiny :red[model]" in shown
    assert "Mitchell" in shown
    for words in METHODS.values():
        author, year = words.source.split()[0], words.source.split()[-1]
        papers = re.findall(r"<bdi>([^<]*)</bdi>", shown)
        assert any(paper.startswith(author) and year in paper for paper in papers), words.source
    stated = {
        found
        for source in (ROOT / "core" / "explain").rglob("*.py")
        for found in re.findall(r"(?:doi:|arXiv:)[\w./-]*\w", source.read_text())
    }
    assert len(stated) == 7  # of six methods and the randomisation test
    assert {found for found in stated if found not in shown} == set()


def test_every_library_states_version_and_licence() -> None:
    found = libraries()
    stated = (ROOT / "requirements.txt").read_text().count(">=")
    assert len(found) >= stated - 1  # comments hold none; one line may hold two bounds
    assert all(number and licence for _, number, licence in found)
    assert ("streamlit", version("streamlit"), "Apache-2.0") in [
        (name, number, licence.replace("Apache License 2.0", "Apache-2.0"))
        for name, number, licence in found
    ]
    assert lobule_version().count(".") == 2
