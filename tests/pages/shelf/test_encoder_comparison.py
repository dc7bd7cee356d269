import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.datasets.classes import UndecidedClassesError
from core.training.request.request import Request
from core.training.watch import Watch
from tests import made_encoders as made
from tests.made_comparison import comparison
from tests.pages.conftest import drawn_until_gone
from tests.pages.test_models import click, html, open_page

SECONDS = 120


@pytest.fixture
def page(tmp_path: Path) -> AppTest:
    """The page with an encoder, its comparing part opened, the data named."""
    made.added(tmp_path, title="<b>Toy</b>")
    page = open_page()
    page.session_state["compare-encoders"] = True
    page.run()
    page.text_input(key="dataset_path").set_value(str(tmp_path)).run()
    return page


@pytest.fixture
def compares(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have something else compare: the real one is tried where it stands, and loads TensorFlow."""

    def put(function: Callable[..., object]) -> None:
        module = SimpleNamespace(compare_encoders=function)
        monkeypatch.setitem(sys.modules, "core.training.compare_encoders", module)

    return put


def test_what_is_asked_is_compared_in_the_background_and_its_table_stays(
    page: AppTest, tmp_path: Path, compares: Callable[..., None]
) -> None:
    asked, ends = [], threading.Event()

    def compare(request: Request, names: object, recipes: object, watch: Watch) -> object:
        asked.append((request, names, recipes))
        watch.stage("toy: Features", 0.5)
        assert ends.wait(SECONDS)
        return comparison(patients=9)

    compares(compare)
    assert page.multiselect(key="compared-encoders").value == ["toy"]
    assert page.multiselect(key="compared-recipes").options == [
        "breakhis-binary",
        "breakhis-subtype",
        "idc",
    ]
    page.multiselect(key="compared-recipes").set_value(["idc"])
    page.number_input(key="compared-scale").set_value(0.5)
    click(page, "compare")
    assert "stop-comparing" in {button.key for button in page.button}
    assert not {"compare"} & {button.key for button in page.button}
    ends.set()
    drawn_until_gone(page, "stop-comparing", SECONDS)
    ((request, *names),) = asked
    assert names == [("toy",), ("idc",)]
    assert (request.recipe.name, request.data, request.um_per_px) == ("probe", tmp_path, 0.5)
    for _ in range(2):
        shown = html(page.run())
        assert "IDC: 1,234 images of 9 patients, all in the same folds" in shown
        assert "▲ FEW PATIENTS" in shown
        assert "flatters by +0.032" in shown
        assert "colour alone" in shown
        assert "▲ =cmd(): It was pretrained on 3 of these patients." in shown
        assert "0.862 to 0.962" in shown
    assert "download-comparison" in {button.key for button in page.get("download_button")}


def test_what_went_wrong_is_said_a_class_is_asked_for_and_it_stops(
    page: AppTest, tmp_path: Path, compares: Callable[..., None]
) -> None:
    ends = threading.Event()

    def compare(request: Request, _names: object, _recipes: object, watch: Watch) -> object:
        if request.positive is None:
            raise UndecidedClassesError(("odd", "<b>even</b>"), "The folders")
        assert ends.wait(SECONDS)
        watch.stage("toy: Features", 0.5)
        raise AssertionError

    compares(compare)
    drawn_until_gone(click(page, "compare"), "stop-comparing", SECONDS)
    assert "&lt;b&gt;even" in html(page)
    page.selectbox(key=f"positive-{tmp_path}").set_value("odd").run()
    click(page, "compare")
    click(page, "stop-comparing")
    ends.set()
    drawn_until_gone(page, "stop-comparing", SECONDS)
    assert "Stopped." in html(page)
    assert "compare" in {button.key for button in page.button}
