import json
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core.datasets.open
from core.datasets.records import Dataset
from core.errors import DatasetError
from core.roots import HELD
from pages.audits import contents
from pages.audits.job import AuditJob
from pages.audits.request import DatasetRequest
from pages.shared.account import HOW

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120

pytestmark = [pytest.mark.usefixtures("shelf"), pytest.mark.slow]


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def start() -> AppTest:
    """The page as app.py runs it: AppTest cannot follow its navigation."""
    page = AppTest.from_file(str(ROOT / "pages" / "datasets.py"), default_timeout=SECONDS)
    page.session_state["through_app"] = True
    return page.run()


def keys(page: AppTest) -> set[str | None]:
    return {widget.key for widget in (*page.button, *page.text_input, *page.button_group)}


def wait(page: AppTest, done: Callable[[AppTest], bool]) -> AppTest:
    deadline = time.monotonic() + SECONDS
    while not done(page):
        assert time.monotonic() < deadline
        time.sleep(0.1)
        page.run()
    assert not page.exception
    return page


def ended(page: AppTest) -> AppTest:
    return wait(page, lambda page: "again" in keys(page))


def open_folder(folder: Path | str) -> AppTest:
    """The page once the audit of a folder has ended."""
    return ended(start().text_input(key="dataset_path").set_value(str(folder)).run())


def views(page: AppTest) -> tuple[str, ...]:
    """The views that are offered."""
    return tuple(_views(page).options)


def _views(page: AppTest) -> Any:
    (control,) = [group for group in page.button_group if (group.key or "").startswith("view-")]
    return control


def view(page: AppTest, name: str) -> str:
    _views(page).set_value(name).run()
    assert not page.exception
    return html(page)


def three_classes(folder: Path, draw: Callable[..., Path]) -> Path:
    """Four patients, named in the file names, with two images of each of three classes."""
    for kind, name in enumerate(("cyst", "fibrosis", "normal")):
        for patient in range(1, 5):
            for number in range(2):
                seed = kind * 100 + patient * 10 + number
                draw(folder / name / f"p{patient}_{number}.png", seed=seed)
    return folder


def test_empty_page_says_what_to_do() -> None:
    page = start()
    assert not page.exception
    assert page.title[0].value == "Is the dataset sound?"


def test_first_visit_to_the_address_of_a_page_goes_through_the_app() -> None:
    for name, title in (
        ("datasets", "Is the dataset sound?"),
        ("diagnose", "Drop a picture of breast tissue"),
    ):
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
        page.switch_page(f"pages/{name}.py").run()
        assert not page.exception
        assert page.session_state["through_app"]
        assert [element.value for element in page.title] == [title]
        assert any("For research use only" in said.value for said in page.caption)


def test_every_view_of_a_dataset(tiny_idc: Path) -> None:
    page = open_folder(tiny_idc)
    assert "140 images" in html(page)
    assert views(page) == ("Overview", "Findings", "Contents", "Samples", "Patients", "Split")
    assert "lobule-finding" in view(page, "Findings")
    assert "By patient" in view(page, "Contents")
    assert view(page, "Samples").count("<img") == 24
    assert view(page, "Patients").count('class="lobule-patient"') == 8
    split = view(page, "Split")
    assert "0.0 %" in split
    assert "Split by image (leaky)" in split
    assert page.selectbox(key="recent").options == [str(tiny_idc)]


def test_the_first_view_is_a_picture_with_the_numbers_beside_it(tiny_idc: Path) -> None:
    page = open_folder(tiny_idc)
    (chart,) = page.get("plotly_chart")
    images, patients = json.loads(chart.proto.spec)["data"]
    assert (images["text"], patients["text"]) == (["70", "70"], ["7", "7"])
    shown = html(page)
    # Six patients have both classes, one each has only one of them.
    for name, cells in {
        "no IDC": ("70 (50%)", "7"),
        "IDC": ("70 (50%)", "7"),
        "All": ("140 (100%)", "8"),
    }.items():
        of_row = "".join(f"<td><bdi>{cell}</bdi></td>" for cell in cells)
        assert f'<th scope="row"><bdi>{name}</bdi></th>{of_row}' in shown
    # Eight pictures of each class; of seven patients, so that one comes twice.
    assert shown.count("<img") == 16
    assert shown.count('alt="IDC"') == 8
    assert len(set(re.findall(r'title="(\d)/1/', shown))) == 7


def test_what_is_wrong_stands_first_and_short(tiny_breakhis: Path) -> None:
    next(tiny_breakhis.rglob("*100-001.png")).write_bytes(b"no image")
    page = open_folder(tiny_breakhis)
    shown = html(page)
    assert "is unreadable" in shown
    assert shown.index("is unreadable") < shown.index("<table")
    lines = re.search(r'<ul class="lobule-list lobule-reasons">(.*?)</ul>', shown)
    assert lines
    named = re.findall(r"<li>(.*?)</li>", lines[1])
    assert 1 <= len(named) <= 6
    assert all(len(re.sub("<.*?>", "", line)) <= 130 for line in named)


def test_how_it_was_computed_is_told_once_a_page(tiny_idc: Path) -> None:
    page = open_folder(tiny_idc)
    for name in views(page):
        view(page, name)
        (told,) = [box for box in page.expander if box.label == HOW]
        words = "".join(each.proto.body for each in told.get("html"))
        assert "140 images of 8 patients, 70 with carcinoma" in words, name
    assert "the same models on" in words  # of the view of splits, the last


@pytest.mark.parametrize("kind", ["missing", "empty", "wrong", "~nobody-of-this-name", "a\0b"])
def test_folders_without_a_dataset_are_explained(
    tmp_path: Path, draw: Callable[..., Path], kind: str
) -> None:
    folder: Path | str = tmp_path / "<b>x"
    if kind in {"empty", "wrong"}:
        Path(folder).mkdir()
    if kind == "wrong":
        draw(Path(folder) / "a.png")
    if kind.startswith(("~", "a")):
        folder = kind
    page = open_folder(folder)
    assert "lobule-error" in html(page)
    assert "<b>x" not in html(page)
    assert ("&lt;b&gt;x" in html(page)) == isinstance(folder, Path)


def test_a_folder_that_may_not_be_listed_is_explained(
    tiny_idc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(top: Path) -> None:
        raise PermissionError(13, "Permission denied", str(top))

    monkeypatch.setattr("core.datasets.listing.os.scandir", refuse)
    assert "Permission denied" in html(open_folder(tiny_idc))


def test_unreadable_file_is_an_error_and_no_picture(tiny_breakhis: Path) -> None:
    next(tiny_breakhis.rglob("*100-001.png")).write_bytes(b"no image")
    page = open_folder(tiny_breakhis)
    assert "Not sound" in html(page)
    assert "✕ unreadable" in view(page, "Samples")
    assert "lobule-warning" in view(page, "Split")


def test_a_stopped_audit_says_so_and_goes_on(
    tiny_idc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    real = core.datasets.open.list_files

    def slow(
        folder: Path, listed: Callable[[int], None], again: dict[str, str] | None = None
    ) -> list[str]:
        listed(1)
        go_on.wait(SECONDS)
        return real(folder, listed, again)

    monkeypatch.setattr(core.datasets.open, "list_files", slow)
    page = start().text_input(key="dataset_path").set_value(str(tiny_idc)).run()
    page = wait(page, lambda page: "stop_audit" in keys(page))
    page.button(key="stop_audit").click().run()
    go_on.set()
    page = ended(page)
    assert "Audit stopped" in html(page)
    page = ended(page.button(key="again").click().run())
    assert "lobule-finding" in view(page, "Findings")


def test_task_and_patients_of_a_folder_are_chosen(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    folder = three_classes(tmp_path / "three", draw)
    page = open_folder(folder)
    assert "a binary task has two" in html(page)
    page = ended(page.segmented_control(key=f"task-{folder}").set_value("subtype").run())
    assert "3 classes" in html(page)
    assert "patients unknown" in html(page)
    assert "Patients" not in views(page)
    assert "Contents" not in views(page)  # neither subtypes nor magnifications nor patients
    assert "any split may leak" in view(page, "Split")
    pattern = f"pattern-{folder}"
    page = ended(page.text_input(key=pattern).set_value("p(").run())
    assert "is not a regular expression" in html(page)
    page = ended(page.text_input(key=pattern).set_value(r"/(?P<patient>p\d)_").run())
    assert "4 patients" in html(page)
    assert view(page, "Patients").count('class="lobule-patient"') == 4


def test_magnifications_are_chosen(tiny_breakhis: Path) -> None:
    page = open_folder(tiny_breakhis)
    assert "6 images" in html(page)
    offered = page.button_group(key=f"magnifications-{tiny_breakhis}")
    assert list(offered.options) == ["40X", "100X", "400X"]
    page = ended(offered.set_value(["100X"]).run())
    assert "4 images" in html(page)


def test_decisions_are_recorded_and_leave_images_out(
    tmp_path: Path, draw: Callable[..., Path], home: Path
) -> None:
    for kind in ("benign", "malignant"):
        for number in range(4):
            draw(tmp_path / "data" / kind / f"{number}.png", seed=number + 10 * (kind != "benign"))
    damaged = tmp_path / "data" / "benign" / "0.png"
    damaged.write_bytes(b"no image")
    page = open_folder(tmp_path / "data")
    assert "8 images" in html(page)
    view(page, "Findings")
    number = next(place for place, part in enumerate(findings(page)) if "is unreadable" in part)
    page.button(key=f"Drop-{number}").click().run()
    assert not page.exception
    assert "7 images · 1 dropped" in html(page)
    assert "1 decided" in html(page)
    file = next((home / "audits").glob("*.json"))
    assert json.loads(file.read_text())["drop"] == ["benign/0.png"]
    assert "unreadable" not in view(page, "Samples")
    assert damaged.exists()
    view(page, "Findings")
    page.button(key=f"Undo-{number}").click().run()
    assert "8 images" in html(page)
    assert json.loads(file.read_text())["drop"] == []
    page.toggle(key=f"show-{number}").set_value(True).run()
    assert "✕ unreadable" in html(page)


def findings(page: AppTest) -> list[str]:
    return [part for part in html(page).split("\n") if "lobule-finding" in part]


def test_many_patients_are_paged_and_not_listed(
    tmp_path: Path, draw: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_ROWS", 5)
    monkeypatch.setattr("pages.audits.samples.MOST_CHOICES", 5)
    folder = tmp_path / "many"
    for patient in range(40):
        name = f"{patient}_idx5_x1_y1_class{patient % 2}.png"
        draw(folder / name, width=50, height=50, seed=patient)
    page = open_folder(folder)
    view(page, "Contents")
    assert len(page.dataframe[0].value) == 5
    assert any("The 30 with most images, of 40" in said.value for said in page.caption)
    assert view(page, "Patients").count('class="lobule-patient"') == 8
    assert page.number_input[0].max == 5
    view(page, "Samples")
    filters = [field for field in page.text_input if field.label == "Patient"]
    filters[0].set_value("7").run()
    assert html(page).count("<figure") == 1
    filters[0].set_value("nobody").run()
    assert any("No image passes" in said.value for said in page.text)


def test_a_folder_can_be_picked(tiny_idc: Path) -> None:
    page = start().text_input(key="dataset_path").set_value(str(tiny_idc.parent)).run()
    page = ended(page)
    page.button(key="pick").click().run()
    assert not page.exception
    into = page.selectbox(key=f"into-{tiny_idc.parent}")
    assert "idc" in into.options


def test_the_picker_stays_in_the_roots(
    tiny_idc: Path, tmp_path: Path, draw: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(tiny_idc, tmp_path / "idc"))
    secret = draw(tmp_path / "secret" / "x.png").parent
    (root / "way out").symlink_to(secret)
    (root / "deeper").mkdir()
    monkeypatch.setenv("LOBULE_DATA_ROOTS", str(root))
    monkeypatch.setenv(HELD, "1")
    page = open_folder(secret)
    assert "outside the folders that data are read from" in html(page)
    page.button(key="pick").click().run()
    assert page.selectbox(key="into-roots").options == [str(root)]
    page.text_input(key="dataset_path").set_value(str(root / "deeper" / "gone")).run()
    page.button(key="pick").click().run()
    assert "into-roots" not in {box.key for box in page.selectbox}
    page = ended(page).text_input(key="dataset_path").set_value(str(root)).run()
    page.button(key="pick").click().run()
    into = page.selectbox(key=f"into-{root}").options
    assert "deeper" in into
    assert "way out" not in into


def test_datasets_are_those_of_the_question(tiny_idc: Path) -> None:
    with pytest.raises(DatasetError, match="state no magnification"):
        AuditJob(DatasetRequest(tiny_idc, magnifications=("40X",))).work()
    job = AuditJob(DatasetRequest(tiny_idc))
    job.work()
    assert isinstance(job.kept, Dataset)
    assert job.decisions
    with pytest.raises(DatasetError, match="would be dropped"):
        job.decide(job.decisions.model_copy(update={"drop": frozenset(job.kept.records["path"])}))
    assert len(job.kept.records) == 140


def test_the_positive_class_is_asked_for_where_the_words_do_not_say_it(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    folder = tmp_path / "letters"
    for number, name in enumerate(("a", "x")):
        for seed in range(3):
            draw(folder / name / f"{seed}.png", seed=10 * number + seed)
    page = open_folder(folder)
    assert "do not say which is positive" in html(page)
    box = page.selectbox(key=f"positive-{folder}")
    assert (list(box.options), box.value) == (["a", "x"], None)
    for positive, other in (("a", "x"), ("x", "a")):
        page = ended(page.selectbox(key=f"positive-{folder}").set_value(positive).run())
        assert f"The positive class is “{positive}”, the negative “{other}”" in html(page)


def test_a_word_for_the_rest_is_negative_and_asked_about(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    folder = tmp_path / "rest"
    for number, name in enumerate(("other", "IDC")):
        draw(folder / name / "1.png", seed=number)
    page = open_folder(folder)
    assert "The positive class is “IDC”, the negative “other”. If that is wrong" in html(page)
    page = ended(page.selectbox(key=f"positive-{folder}").set_value("other").run())
    assert "The positive class is “other”, the negative “IDC”, as was stated" in html(page)


def test_the_positive_class_is_not_asked_for_where_the_words_say_it(tiny_idc: Path) -> None:
    page = open_folder(tiny_idc)
    assert not [box for box in page.selectbox if str(box.key).startswith("positive-")]
    assert [box for box in page.toggle if str(box.key).startswith("neighbours-")]
