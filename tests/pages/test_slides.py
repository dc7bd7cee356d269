"""The page of whole slides: its list, its maps, and the answers to what is pointed at."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core.slides.answering
from core.cases.read import find_cases
from core.cases.records import CaseFilter
from core.cases.store import open_store
from core.explain.passes import Explained
from core.jobs.lock import let_go
from core.slides.answering import answer_here, network
from core.slides.answering.folder import create_answer
from core.slides.answering.network import SlideNetwork
from core.slides.answering.order import read_view
from core.slides.answering.request import AnswerRequest
from core.slides.export import FORMATS
from core.slides.frame import NATIVE_ZOOM, lon_lat
from core.slides.open_slides import opened
from core.slides.roots import list_slides
from tests.made_slides import section, write_tiff
from tests.pages.conftest import drawn_until_gone

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120
HOSTILE = "<img src=x onerror=alert(1)> *b*.svs"
PANE = "slide_pane_0_"

pytestmark = pytest.mark.usefixtures("shelf")


@pytest.fixture
def root(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of slides, empty."""
    folder = home / "root"
    folder.mkdir()
    monkeypatch.setenv("LOBULE_SLIDES", str(folder))
    return folder


@pytest.fixture
def slide_id(root: Path) -> str:
    """A slide of 900 × 700 px at 2 µm/px."""
    write_tiff(root / HOSTILE, [section(900, 700)], kind="svs", um_per_px=2.0, tile=64)
    (slide,) = list_slides()
    return slide.id


def start(**address: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    page.switch_page("pages/slides.py")
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def figures(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def panes(page: AppTest) -> list[dict[str, Any]]:
    """What the component that steers the maps is told."""
    (component,) = page.get("bidi_component")
    told: list[dict[str, Any]] = json.loads(component.proto.json)["panes"]
    return told


def point(page: AppTest, *corners: tuple[float, float], pane: int = 0) -> AppTest:
    """Point at a place, or draw a region, as the browser says it; wait for the answer."""
    page.session_state["slides_pointed"] = {"pane": pane, "polygon": corners}
    return drawn_until_gone(page.run(), "slides_part_stop", SECONDS)


def test_without_slides_it_says_how_they_come_in(root: Path) -> None:
    page = start()
    assert not page.exception
    assert "There is no slide here yet." in html(page)
    assert "LOBULE_SLIDES" in html(page)
    assert page.file_uploader[0].label == "Add a slide"
    assert list(root.iterdir()) == []


def test_a_click_on_the_list_opens_a_slide(slide_id: str) -> None:
    page = start()
    assert f"/slide/{slide_id}/thumbnail" in html(page)
    button = page.button(key=f"slide-{slide_id}")
    assert button.label.replace("\\", "") == HOSTILE
    button.click().run()
    assert not page.exception
    assert page.query_params["slide"] == slide_id
    assert "&lt;img src=x" in html(page)
    assert "<img src=x" not in html(page)
    assert "900 × 700 px · 2 µm/px · 1.8 × 1.4 mm" in html(page)
    page.button(key="to_list").click().run()
    assert "slide" not in page.query_params
    assert page.button(key=f"slide-{slide_id}")


def test_what_is_uploaded_is_on_the_list(root: Path, home: Path, tmp_path: Path) -> None:
    content = write_tiff(tmp_path / "a.svs", [section(300, 200)], kind="svs", tile=64).read_bytes()
    page = start()
    page.file_uploader[0].set_value([("b.svs", content, "image/tiff")])
    page.run()
    assert not page.exception
    assert [path.name for path in (home / "slides" / "uploads").rglob("*.svs")] == ["b.svs"]
    assert "b.svs" in [button.label.replace("\\", "") for button in page.button]
    page.file_uploader[0].set_value([("c.svs", b"nothing", "image/tiff")])
    page.run()
    assert "c.svs" in html(page)
    assert len(list_slides()) == 1
    assert list(root.iterdir()) == []


def test_an_uploaded_slide_can_be_deleted_and_no_other(root: Path, home: Path) -> None:
    write_tiff(root / "stays.svs", [section(300, 200)], kind="svs", tile=64)
    uploads = home / "slides" / "uploads" / "0123456789abcdef"
    uploads.mkdir(parents=True)
    goes = write_tiff(uploads / "goes.svs", [section(300, 200, 1)], kind="svs", tile=64)
    ids = {slide.name: slide.id for slide in list_slides()}
    page = start()
    deletes = [button.key for button in page.button if str(button.key).startswith("delete-")]
    assert deletes == [f"delete-{ids['goes.svs']}"]
    page.button(key=deletes[0]).click().run()
    assert "goes.svs" in [text.value for text in page.text]
    assert goes.exists(), "it asks first"
    page.button(key=deletes[0]).click()  # a run of the whole page closes a dialog otherwise
    page.button(key="slides_delete_now").click().run()
    assert not page.exception
    assert not goes.exists()
    assert [slide.name for slide in list_slides()] == ["stays.svs"]


def test_who_comes_back_finds_the_slide_as_it_was(slide_id: str, root: Path) -> None:
    write_tiff(root / "z.svs", [section(500, 400)], kind="svs", um_per_px=1.0, tile=64)
    other = next(slide.id for slide in list_slides() if slide.id != slide_id)
    page = start(slide=slide_id)
    assert not panes(page)[0]["returns"]
    page.selectbox(key="slides_beside").set_value(other).run()
    page.switch_page("pages/about.py").run()
    for name in list(page.query_params):  # as the browser does
        del page.query_params[name]
    page.switch_page("pages/slides.py").run()
    assert not page.exception
    assert (page.query_params["slide"], page.query_params["beside"]) == (slide_id, other)
    assert [pane["returns"] for pane in panes(page)] == [True, True]
    page.button(key="to_list").click().run()
    page.button(key=f"slide-{slide_id}").click().run()
    assert [pane["returns"] for pane in panes(page)] == [False], "chosen anew, all of it is seen"


def test_a_slide_that_is_gone_is_told_of_in_words(root: Path) -> None:
    page = start(slide="gone")
    assert not page.exception
    assert "There is no slide &#x27;gone&#x27; here" in html(page)
    assert page.button(key="to_list")
    assert list(root.iterdir()) == []


def test_a_link_opens_the_same_view(slide_id: str) -> None:
    page = start(slide=slide_id, x="450", y="300", zoom="0.5")
    (figure,) = figures(page)
    shown = figure["layout"]["map"]
    assert shown["zoom"] == NATIVE_ZOOM - 1
    assert (shown["center"]["lon"], shown["center"]["lat"]) == pytest.approx(lon_lat(450, 300))
    assert f"/slide/{slide_id}/{{z}}/{{x}}/{{y}}" in shown["layers"][0]["source"][0]
    assert not panes(page)[0]["fits"]


@pytest.mark.parametrize("address", [{}, {"x": "nan", "y": "1", "zoom": "1"}, {"x": "-5"}])
def test_an_address_without_a_place_shows_all(slide_id: str, address: dict[str, str]) -> None:
    (pane,) = panes(start(slide=slide_id, **address))
    assert pane["fits"]
    assert (pane["width"], pane["height"], pane["um"]) == (900, 700, 2.0)
    assert pane["key"] == f"{PANE}{slide_id}"


@pytest.mark.slow
def test_a_click_answers_the_field_there(slide_id: str) -> None:
    page = point(start(slide=slide_id), (450, 350))
    assert "Field, 800 × 800 µm" in html(page)
    assert "probability of" in html(page)
    (pane,) = panes(page)
    assert pane["marked"] == [[[250, 150], [650, 150], [650, 550], [250, 550]]]
    assert pane["maps"] == []
    assert len(figures(page)) == 2
    page.button(key="slides_part_close").click().run()
    assert "Click a place" in html(page)
    assert panes(page)[0]["marked"] == []


@pytest.mark.slow
def test_a_region_is_answered_alone_and_its_map_lies_there(slide_id: str) -> None:
    page = point(start(slide=slide_id), (100, 100), (500, 100), (500, 400), (100, 400))
    assert "Region, 800 × 600 µm" in html(page)
    (pane,) = panes(page)
    (laid,) = pane["maps"]
    assert laid["opacity"] == 0.7
    assert "/viridis/{z}/{x}/{y}" in laid["tiles"]
    page.slider(key="slides_opacity").set_value(20).run()
    assert panes(page)[0]["maps"][0] == {**laid, "opacity": 0.2}
    page.selectbox(key="slides_colours").set_value("magma").run()
    assert "/magma/" in panes(page)[0]["maps"][0]["tiles"]
    before = figures(page)[0]
    page.toggle(key="slides_outline").set_value(False).run()
    assert panes(page)[0]["outlines"] == []
    assert figures(page)[0] == before, "the view stays"


def test_what_is_wrong_with_a_file_is_told_beside_the_map(root: Path) -> None:
    levels = [section(900, 700), section(450, 350, seed=8)]
    write_tiff(root / "two.svs", levels, kind="svs", um_per_px=2.0, tile=64)
    (slide,) = list_slides()
    assert "are not used: 1 of 1." in html(start(slide=slide.id))


def test_where_no_scale_is_stated_it_is_asked_for_and_remembered(root: Path) -> None:
    write_tiff(root / "plain.tif", [section(600, 500, seed=4)], tile=64)
    (slide,) = list_slides()
    page = start(slide=slide.id)
    assert "states no scale that can be used" in html(page)
    assert any(text.value == "How was this taken?" for text in page.text)
    assert panes(page)[0]["um"] is None
    page.button(key="taken-20×").click().run()
    assert not page.exception
    assert panes(page)[0]["um"] == 0.5
    assert panes(start(slide=slide.id))[0]["um"] == 0.5, "in another window too"


def test_two_stand_beside_each_other_and_move_together(slide_id: str, root: Path) -> None:
    write_tiff(root / "z.svs", [section(500, 400)], kind="svs", um_per_px=1.0, tile=64)
    other = next(slide.id for slide in list_slides() if slide.id != slide_id)
    page = start(slide=slide_id)
    page.selectbox(key="slides_beside").set_value(other).run()
    assert not page.exception
    assert [pane["um"] for pane in panes(page)] == [2.0, 1.0]
    assert page.query_params["beside"] == other
    assert page.toggle(key="slides_linked").value
    again = start(slide=slide_id, beside=other)
    assert len(figures(again)) == 2
    again.selectbox(key="slides_beside").set_value("").run()
    assert len(figures(again)) == 1
    assert "beside" not in again.query_params


def surely(inputs: np.ndarray) -> Explained:
    """Answer every tile the same."""
    each = np.repeat(np.array([[0.1, 0.9]], np.float32), len(inputs), axis=0)
    return Explained(each, np.zeros((len(inputs), 1, 1), np.float32), None, None, None)


@pytest.mark.slow
def test_a_slide_that_was_answered_says_what_and_where(
    slide_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = SlideNetwork(32, surely, lambda *_: 0.0)
    monkeypatch.setattr(network, "load_network", lambda _: loaded)
    answer = answer_here(opened(slide_id).info.path, model="tiny")
    assert answer.state == "finished"
    page = start(slide=slide_id)
    assert not page.exception
    (pane,) = panes(page)
    (laid,) = pane["maps"]
    assert laid["opacity"] == 0.7
    assert pane["outlines"]
    legend = json.loads(page.get("bidi_component")[0].proto.json)["legend"]
    assert (legend["shown"], legend["line"]) == ("carcinoma *seen*", "line at 37.0 %")
    assert legend["colours"][0].endswith("/ 0.00)")
    assert legend["colours"][-1].endswith("/ 0.70)")
    assert "probability of <bdi>carcinoma *seen*</bdi>" in html(page)
    (areas,) = [text for text in page.text if "reaches the threshold of 37.0 %" in text.value]
    assert "Nobody has judged this rule" in areas.help
    files = {button.proto.label for button in page.get("download_button")}
    assert {known.title for known in FORMATS.values()} <= files
    assert page.button(key="slides_answer_0").label == "Answer it again"
    page.button(key="slides_spot_0_1").click().run()
    drawn_until_gone(page, "slides_part_stop", SECONDS)
    (pane,) = panes(page)
    assert len(pane["marked"]) == 1
    (component,) = page.get("bidi_component")
    going = json.loads(component.proto.json)["going"]
    assert (going["pane"], going["side"]) == (0, 400)
    assert "Field, 800 × 800 µm" in html(page)
    page.button(key="slides_region").click().run()
    assert page.button(key="slides_region").label == "In the case"
    page.button(key="slides_save_0").click().run()
    assert any(text.value == "The overview and 1 region." for text in page.text)
    page.text_input(key="slides_patient").set_value("P-7")
    page.button(key="slides_save_0").click()  # a run of the whole page closes a dialog otherwise
    page.button(key="slides_save_now").click().run()
    drawn_until_gone(page, "slides_save_stop_0", SECONDS)
    (case,) = find_cases(open_store(), CaseFilter()).cases
    assert [image.name.split(" at ")[0] for image in case.images] == ["Slide, overview", "Region 1"]
    assert case.patient == "P-7"
    assert case.id in html(page)


def test_a_slide_that_waits_is_watched_and_can_be_cancelled(slide_id: str) -> None:
    info = opened(slide_id).info
    request = AnswerRequest(
        slide=info.path, name=info.name, fingerprint=info.fingerprint, model="tiny"
    )
    folder, lock = create_answer(request)
    page = start(slide=slide_id)
    assert not page.exception
    (component,) = page.get("bidi_component")
    assert json.loads(component.proto.json)["watched"]
    assert "Waiting: next in line" in page.get("progress")[0].proto.text
    page.session_state["slides_looked"] = {"pane": 0, "box": [1, 2, 300, 400]}
    page.run()
    assert read_view(folder.look) == (1, 2, 300, 400)
    page.button(key="slides_cancel_0").click().run()
    assert folder.cancel.exists()
    let_go(lock)  # as if its process had died
    page.run()
    assert "The process ended without a word" in html(page)
    assert page.button(key="slides_resume_0").label == "Resume"


@pytest.mark.slow
def test_a_finished_answer_stays_on_show_while_a_new_one_runs_or_is_cut_off(
    slide_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = SlideNetwork(32, surely, lambda *_: 0.0)
    monkeypatch.setattr(network, "load_network", lambda _: loaded)
    info = opened(slide_id).info
    finished = answer_here(info.path, model="tiny")
    before = panes(start(slide=slide_id))[0]
    request = AnswerRequest(
        slide=info.path, name=info.name, fingerprint=info.fingerprint, model="tiny"
    )
    _, lock = create_answer(request)
    page = start(slide=slide_id)
    assert "Waiting: next in line" in page.get("progress")[0].proto.text
    let_go(lock)  # as if its process had died
    for shown in (page, start(slide=slide_id)):
        assert not shown.exception
        pane = panes(shown)[0]
        assert [layer["tiles"].split("/map/")[1] for layer in pane["maps"]] == [
            layer["tiles"].split("/map/")[1] for layer in before["maps"]
        ]
        assert pane["outlines"] == before["outlines"] != []
        assert "probability of <bdi>carcinoma *seen*</bdi>" in html(shown)
        assert any(button.key == "slides_spot_0_1" for button in shown.button)
        files = {button.proto.label for button in shown.get("download_button")}
        assert {known.title for known in FORMATS.values()} <= files
    assert shown.button(key="slides_resume_0")
    assert f"those of {finished.ended:%Y-%m-%d %H:%M} UTC" in html(shown)


def test_a_slide_is_asked_for_by_the_model_on_show(
    slide_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(
        core.slides.answering, "start", lambda *path, **how: asked.append((path, how))
    )
    page = start(slide=slide_id)
    page.button(key="slides_answer_0").click().run()
    assert not page.exception
    assert asked == [((opened(slide_id).info.path,), {"model": "tiny", "um_per_px": None})]
