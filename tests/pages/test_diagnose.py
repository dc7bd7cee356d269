import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core.diagnosis
from core.errors import NoModelError
from core.imaging.overlay import encode_png
from core.imaging.read import read_image
from pages.desk import state as desks
from pages.desk.state import Scale
from pages.desk.table import IMAGE
from tests.pages.conftest import answered, upload_images

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120


def tissue(seed: int, side: int = 64) -> bytes:
    """A small picture in the colours of stained tissue."""
    noise = np.random.default_rng(seed).integers(-30, 30, (side, side, 3))
    return encode_png((np.array([180, 100, 170]) + noise).astype(np.uint8))


def open_page() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS).run()


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every question that reaches the model, which answers as usual."""
    questions: list[dict[str, Any]] = []
    real = core.diagnosis.diagnose

    def diagnose(source: bytes, **settings: Any) -> core.diagnosis.Diagnosis:
        questions.append(settings)
        return real(source, **settings)

    monkeypatch.setattr(core.diagnosis, "diagnose", diagnose)
    return questions


@pytest.mark.usefixtures("shelf")
def test_empty_page_says_what_to_do_and_what_the_model_is_for() -> None:
    page = open_page()
    assert not page.exception
    assert page.title[0].value == "Drop a picture of breast tissue"
    assert "Tiny :red[model]" in html(page)
    assert page.selectbox(key="model").value == "auto"
    assert page.button(key="try_phantom").label == "Phantom"
    assert any("research use only" in caption.value for caption in page.caption)
    page.selectbox(key="model").set_value("tiny").run()
    assert "trying pages" in html(page)
    assert "people" in html(page)


@pytest.mark.usefixtures("shelf")
def test_broken_package_is_shown_with_its_reason_and_the_others_work() -> None:
    page = open_page()
    assert page.expander[0].label == "1 model cannot be used"
    assert "broken" in html(page)
    assert "card.json" in html(page)
    assert page.selectbox(key="model").options == ["Automatic", "Tiny :red[model]"]


def test_without_any_model_the_page_says_so(
    tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shelf != tmp_path
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(tmp_path))
    page = open_page()
    assert not page.exception
    assert page.title[0].value == "No model to answer with"
    assert "make models" in html(page)


def test_a_model_for_demonstration_answers_only_once_it_is_chosen(
    tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(shelf / "tiny", tmp_path / "tiny"))
    card = json.loads((folder / "card.json").read_text())
    card["evaluation"] |= {"decided": 0.2, "decided_rightly": 0.6}
    (folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(tmp_path))
    page = open_page()
    assert not page.exception
    assert "for demonstration" in html(page)
    page = upload_images(page, ("a.png", tissue(1)))
    assert "No model may answer on this image" in html(page)
    answered(page.button(key="offer-tiny").click().run())
    assert not page.exception
    assert page.selectbox(key="model").value == "tiny"
    assert "decision threshold" in html(page)
    assert "it decides 20% of the images" in html(page)


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_phantom_is_answered_and_marked_synthetic() -> None:
    page = open_page().button(key="try_phantom").click().run()
    assert not page.exception
    shown = html(page)
    assert "synthetic image, no patient" in shown
    assert "decision threshold 37.0 %" in shown
    assert "carcinoma *seen*" in shown
    assert "&lt;b&gt;carcinoma" in shown or "<b>carcinoma" not in shown
    assert "4 µm/px (given)" in shown
    assert len(page.get("plotly_chart")) == 1
    figure = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["xaxis2"]["matches"] == "x"
    assert figure["layout"]["yaxis2"]["matches"] == "y"
    assert page.get("button_group")  # heatmap or probability map
    page.button(key="desk_clear").click().run()
    assert page.title[0].value == "Drop a picture of breast tissue"


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_controls_of_the_map_ask_the_model_only_where_they_must(
    asked: list[dict[str, Any]],
) -> None:
    page = upload_images(open_page(), ("a.png", tissue(1)))
    page.slider(key="opacity").set_value(80).run()
    page.selectbox(key="colours").set_value("magma").run()
    assert len(asked) == 1
    classes = next(box for box in page.selectbox if box.label == "Heatmap for")
    classes.set_value("no <b>carcinoma</b>").run()
    assert [question["heatmap_class"] for question in asked] == [None, "no <b>carcinoma</b>"]
    layers = next(box for box in page.selectbox if box.label == "Layer of the heatmap")
    layers.set_value(layers.options[-1]).run()
    assert asked[-1]["heatmap_layer"] == layers.options[-1]
    answered(page.number_input(key="um_per_px").set_value(3.0).run())
    # The heatmap that is looked at, and the answer for the list.
    assert [question["um_per_px"] for question in asked[3:]] == [3.0, 3.0]
    layers_asked = {question["heatmap_layer"] for question in asked[3:]}
    assert layers_asked == {None, layers.options[-1]}
    assert not page.exception


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_a_bad_file_is_refused_in_words_and_the_others_are_answered(
    asked: list[dict[str, Any]],
) -> None:
    page = upload_images(open_page(), ("bad.png", b"not an image"), ("good.png", tissue(2)))
    assert "lobule-error" in html(page)
    assert "Traceback" not in html(page)
    assert {question["name"] for question in asked} == {"bad.png", "good.png"}
    listed = page.dataframe[0].value
    assert list(listed["Name"]) == ["bad.png", "good.png"]
    assert listed["Outcome"][0] == "✕ none"
    assert listed["P"][1].endswith("%")


@pytest.mark.usefixtures("shelf")
def test_a_picture_that_no_model_knows_is_seen_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(content: bytes, *, grow: Any, **_: Any) -> None:
        grow(read_image(content), None)
        raise NoModelError("No model may answer.", (), None)

    monkeypatch.setattr(core.diagnosis, "diagnose", refuse)
    page = upload_images(open_page(), ("a.png", tissue(3)), ("b.png", tissue(4)))
    listed = page.dataframe[0].value
    assert list(listed["Outcome"]) == ["✕ none"] * 2
    assert all(picture.startswith("data:image/") for picture in listed[IMAGE])
    assert 'src="data:image/' in html(page)


@pytest.mark.usefixtures("shelf")
def test_a_fault_in_the_program_is_logged_and_told_calmly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr(core.diagnosis, "diagnose", fail)
    page = upload_images(open_page(), ("a.png", tissue(3)), ("b.png", tissue(4)))
    assert "a program error" in html(page)
    assert "inner secret" not in html(page)
    assert "inner secret" in caplog.text


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("<script>alert(1)</script>.png", "&lt;script&gt;alert(1)&lt;/script&gt;.png"),
        ("*bold* _x_ $x$ :red[y] [a](b).png", "*bold* _x_ $x$ :red[y] [a](b).png"),
        ("a\u202egnp.exe.png", "a⟨U+202E⟩gnp.exe.png"),
        ('" onmouseover="x.png', "&quot; onmouseover=&quot;x.png"),
    ],
)
def test_file_names_come_out_literally(
    name: str, literal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise core.diagnosis.PackageError(f"Cannot answer {name}")

    monkeypatch.setattr(core.diagnosis, "diagnose", refuse)
    page = upload_images(open_page(), (name, b"x"))
    assert f"<bdi>{literal}</bdi>" in html(page)
    assert f"Cannot answer {literal}" in html(page)
    assert name not in html(page) or name == literal
    markdown = [*page.markdown, *page.caption, *page.title, *page.error, *page.warning]
    assert not [element for element in markdown if name in element.value]


@pytest.mark.usefixtures("shelf")
def test_card_shows_patients_results_and_the_colour_baseline() -> None:
    page = open_page()
    page.selectbox(key="model").set_value("tiny").run()
    page.button(key="open_card").click().run()
    assert not page.exception
    shown = html(page)
    for words in ("Patient 33", "1,234 (321)", "0.912", "0.756", "0.834", "0.678", "MIT"):
        assert words in shown
    assert "does not clearly beat colour alone" in shown
    assert "Tiny :red[model]" in shown


@pytest.mark.usefixtures("shelf")
def test_magnification_fills_in_the_scale() -> None:
    page = open_page()
    page.button_group(key="magnification").set_value("200X").run()
    assert page.number_input(key="um_per_px").value == pytest.approx(0.10)
    (desk,) = desks._desks().by_token.values()
    assert desk.scale == Scale(0.10, "200X")
    page.number_input(key="um_per_px").set_value(0.5).run()
    assert not page.button_group(key="magnification").value
    assert desk.scale == Scale(0.5)


@pytest.mark.slow
def test_drawing_the_page_loads_no_tensorflow_numpy_or_opencv(shelf: Path) -> None:
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "import pages.shared.warm_up as w\n"
        "w.WarmUp.work = lambda self: None\n"
        "page = AppTest.from_file('app.py', default_timeout=60).run()\n"
        "assert not page.exception, page.exception\n"
        "assert page.title[0].value == 'Drop a picture of breast tissue'\n"
        "print(*sorted({'tensorflow', 'keras', 'cv2', 'numpy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stdout.strip()
    assert shelf.is_dir()
