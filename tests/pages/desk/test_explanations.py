"""The part of the Diagnose page that offers other explanations."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

import core.explain.methods.run
from core.errors import PackageError, Stopped
from core.explain.methods.catalogue import METHODS
from core.explain.pieces import Piece
from core.imaging.overlay import encode_png
from core.registry.card_parts import Randomisation
from core.registry.manage import rewrite_card
from core.registry.package import Package, load_package
from pages.desk.explanation_job import ExplanationJob, Subject, explain_now, explanation_of
from pages.desk.explanations import _failed_tests
from tests.core.registry.test_manage import CHECK, FOUND
from tests.pages.conftest import answered, drawn_until_gone, upload_images

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 120
SUBJECT = Subject("a" * 64, "b" * 64, 1, "conv3", Piece(0, 0, 32, 32))
INPUTS = np.zeros((1, 32, 32, 3), np.uint8)
QUICK = tuple(name for name, words in METHODS.items() if not words.slow)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def package(shelf: Path) -> Package:
    return load_package(shelf / "tiny")


Explain = Callable[..., NDArray[np.float32]]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Explain], None]:
    """Have something else explain."""

    def put(explain: Explain) -> None:
        monkeypatch.setattr(core.explain.methods.run, "explain", explain)

    return put


def ended(job: ExplanationJob | None) -> ExplanationJob:
    assert job
    deadline = time.monotonic() + SECONDS
    while job.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not job.running
    return job


def ramp(*_: Any, **__: Any) -> NDArray[np.float32]:
    return np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(1, 32, 32)


def test_only_what_is_not_there_yet_is_computed(
    package: Package, pretend: Callable[[Explain], None]
) -> None:
    asked: list[str] = []

    def explain(_classifier: Any, inputs: Any, index: int, name: str, **how: Any) -> Any:
        assert inputs is INPUTS
        assert (index, how["layer"]) == (1, "conv3")
        asked.append(name)
        how["progress"](0.5)
        return ramp()

    pretend(explain)
    assert explanation_of(SUBJECT) is None
    explain_now(package, SUBJECT, INPUTS, ("gradcam", "layercam"))
    ended(explanation_of(SUBJECT))
    explain_now(package, SUBJECT, INPUTS, ("gradcam", "occlusion"))
    job = ended(explanation_of(SUBJECT))
    assert asked == ["gradcam", "layercam", "occlusion"]
    assert list(job.maps) == asked
    assert not job.error


def test_stopped_in_the_middle_keeps_what_is_done_and_can_go_on(
    package: Package, pretend: Callable[[Explain], None]
) -> None:
    under_way = threading.Event()

    def explain(*arguments: Any, cancelled: Callable[[], bool], **_: Any) -> Any:
        if arguments[3] == "gradcam":
            return ramp()
        under_way.set()
        while not cancelled():
            time.sleep(0.01)
        raise Stopped("Stopped.")

    pretend(explain)
    explain_now(package, SUBJECT, INPUTS, ("gradcam", "occlusion"))
    job = explanation_of(SUBJECT)
    assert job
    assert under_way.wait(SECONDS)
    job.stop()
    assert ended(job).stopped
    assert list(job.maps) == ["gradcam"]
    pretend(ramp)
    explain_now(package, SUBJECT, INPUTS, ("gradcam", "occlusion"))
    job = ended(explanation_of(SUBJECT))
    assert list(job.maps) == ["gradcam", "occlusion"]
    assert not job.stopped


@pytest.mark.parametrize(
    ("fault", "words"),
    [(PackageError("No such layer."), "No such layer."), (ZeroDivisionError(), "a program error")],
)
def test_whatever_goes_wrong_is_a_sentence(
    package: Package, pretend: Callable[[Explain], None], fault: Exception, words: str
) -> None:
    def explain(*_: Any, **__: Any) -> Any:
        raise fault

    pretend(explain)
    explain_now(package, SUBJECT, INPUTS, ("gradcam",))
    error = ended(explanation_of(SUBJECT)).error
    assert error
    assert words in error
    assert "Traceback" not in error


def test_only_some_questions_stay_in_memory(
    package: Package, pretend: Callable[[Explain], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pages.desk.explanation_job as module  # noqa: PLC0415 - its limit is changed here

    monkeypatch.setattr(module, "MOST_KEPT", 2)
    pretend(ramp)
    subjects = [Subject(f"{number}", "b", 1, "conv3", SUBJECT.piece) for number in range(4)]
    for subject in subjects:
        explain_now(package, subject, INPUTS, ("gradcam",))
        ended(explanation_of(subject))
    assert [explanation_of(subject) is not None for subject in subjects] == [0, 0, 1, 1]


def failed(package: Package, *methods: str) -> Package:
    """The package with a card on which some methods failed their test."""
    checks = [{**CHECK, "method": name} for name in methods]
    test = Randomisation.model_validate({**FOUND, "methods": checks})
    card = package.card.model_copy(update={"explanations": test})
    return Package(package.path, card, package.members)


def test_methods_that_failed_wear_a_mark_with_its_reason(package: Package) -> None:
    assert _failed_tests(package) == {}
    marks = _failed_tests(failed(package, "scorecam"))
    assert list(marks) == ["scorecam"]
    assert "rank correlation 0.90, mean of 3 images; unchanged from 0.7" in marks["scorecam"]
    both = Package(package.path, package.card, (failed(package, "layercam"), package))
    assert "its member tiny" in _failed_tests(both)["layercam"]


def tissue(seed: int, side: int) -> bytes:
    """A picture in the colours of stained tissue."""
    noise = np.random.default_rng(seed).integers(-30, 30, (side, side, 3))
    return encode_png((np.array([180, 100, 170]) + noise).astype(np.uint8))


def shown(side: int) -> AppTest:
    """The Diagnose page with the answer to one image, its explanations opened."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS).run()
    answered(upload_images(page, ("a.png", tissue(1, side))))
    page.session_state["explanations"] = True
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    parts = [element.proto.body for element in page.get("html")]
    return "\n".join(
        [*parts, *(text.value for text in page.text), *(c.value for c in page.caption)]
    )


def explained(page: AppTest) -> AppTest:
    """Ask for what is ticked and wait for it."""
    page.button(key="explain").click().run()
    return drawn_until_gone(page, "stop_explaining", SECONDS)


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_nothing_is_computed_before_it_is_asked_for(pretend: Callable[[Explain], None]) -> None:
    asked: list[str] = []

    def explain(*arguments: Any, **_: Any) -> Any:
        asked.append(arguments[3])
        return ramp()

    pretend(explain)
    page = shown(64)
    assert asked == []
    ticked = [box.key.removeprefix("method-") for box in page.checkbox if box.value]
    assert ticked == list(QUICK)
    explained(page)
    assert asked == list(QUICK)
    assert words(page).count("lobule-panel") - words(page).count(".lobule-panel") == 4
    assert not [button for button in page.button if button.key == "explain"]
    assert "python -m core explain check tiny" in words(page)
    assert "Where the tile lies" not in words(page)
    page.checkbox(key="method-gradcam").uncheck().run()
    page.slider(key="opacity").set_value(80).run()
    assert asked == list(QUICK)


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_every_method_says_what_it_shows_and_what_it_does_not() -> None:
    page = shown(64)
    for name, told in METHODS.items():
        box = page.checkbox(key=f"method-{name}")
        assert box.label == told.title
        assert told.shows in box.help
        assert told.does_not_show in box.help


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_of_a_larger_image_one_tile_is_explained_and_another_can_be_chosen() -> None:
    page = shown(150)
    assert "25 tiles" in words(page)
    tile = next(box for box in page.selectbox if box.label == "Tile")
    assert tile.options[0] == "1, the warmest"
    explained(page)
    assert "Where the tile lies" in words(page)
    place = re.findall(r'<i style="(top:[^"]+)"', words(page))
    tile.set_value(1).run()
    assert page.button(key="explain")  # another query
    explained(page)
    assert re.findall(r'<i style="(top:[^"]+)"', words(page)) != place
    assert all("height:33.33%;width:33.33%" in one for one in place)


@pytest.mark.slow
def test_a_model_whose_heatmap_failed_says_so_where_the_heatmap_is(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shelf / "tiny", tmp_path / "tiny")
    package = load_package(tmp_path / "tiny")
    checks = [{**CHECK, "method": name} for name in ("gradcam", "occlusion")]
    rewrite_card(package, explanations={**FOUND, "methods": checks})
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(tmp_path))
    page = shown(64)
    assert "The heatmap above failed its test" in words(page)
    assert page.checkbox(key="method-occlusion").label == "Occlusion ⚠"
    assert "rank correlation 0.90" in page.checkbox(key="method-occlusion").help
    assert page.checkbox(key="method-layercam").label == "LayerCAM"
    assert "Every method but Grad-CAM and Occlusion passed the randomisation test" in words(page)


@pytest.mark.slow
def test_what_does_worse_than_chance_at_finding_tumour_says_so(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shelf / "tiny", tmp_path / "tiny")
    package = load_package(tmp_path / "tiny")
    region = {
        **dict.fromkeys(("probability_map", "heatmap", "nuclei", "found"), 0.6),
        **dict.fromkeys(("map_points", "heatmap_points", "nuclei_point"), True),
        "name": "1",
        "called_besides": 0.3,
    }
    methods = [{"method": "gradcam", "auroc": 0.43}, {"method": "occlusion", "auroc": 0.6}]
    located = {
        "regions_of": "made up",
        "regions": [region],
        "tiles": 9,
        "nuclei": 0.7,
        "methods": methods,
    }
    rewrite_card(package, located=located)
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(tmp_path))
    page = shown(64)
    assert "The heatmap above is no guide to where the tumour is" in words(page)
    assert page.checkbox(key="method-gradcam").label == "Grad-CAM ⚠"
    assert "mean AUROC 0.43" in page.checkbox(key="method-gradcam").help
    assert page.checkbox(key="method-occlusion").label == "Occlusion"
