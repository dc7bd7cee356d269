import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from core.cases.change import delete_case, judge
from core.cases.files import read_kept
from core.cases.read import find_cases, full_answer, load_case
from core.cases.records import Actor, Case, CaseFilter, Verdict
from core.cases.store import Store, close_stores, open_store
from core.cases.trail import read_trail
from core.errors import CaseError
from core.imaging.overlay import encode_png
from core.imaging.read import read_image
from core.registry.package import load_model, load_package, save_package
from core.rights import OWNER, Person, Role
from pages.cases import exports
from tests.core.cases.conftest import without_triggers
from tests.pages.conftest import POSITIVE, upload_images

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120
HOSTILE = "<img src=x onerror=alert(1)> =1+1 '; DROP TABLE cases;-- *b* :red[c] \u202ed.png"
ANNA = Actor("Anna")


def tissue(seed: int) -> bytes:
    """A small picture in the colours of stained tissue."""
    noise = np.random.default_rng(seed).integers(-30, 30, (64, 64, 3))
    return encode_png((np.array([180, 100, 170]) + noise).astype(np.uint8))


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def texts(page: AppTest) -> str:
    return "\n".join(element.value for element in page.text)


def start() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)


def diagnose(*files: tuple[str, bytes]) -> AppTest:
    return upload_images(start().run(), *files)


def keep(page: AppTest, *, names: bool = False, patient: str = "") -> AppTest:
    """Save as the dialog does."""
    page.button(key="save_case").click().run()
    if names:
        page.toggle(key="save_names").set_value(True)
    page.text_input(key="save_patient").set_value(patient)
    page.text_input(key="save_user").set_value("Anna")
    return press(page, "save_case", "save_now")


def press(page: AppTest, opens: str, inside: str) -> AppTest:
    """Press a button of a dialog: a test runs the whole page, which closes a dialog otherwise."""
    page.button(key=opens).click()
    page.button(key=inside).click().run()
    assert not page.exception
    return page


def worklist(case_id: str | None = None) -> AppTest:
    page = start()
    if case_id:
        page.query_params["case"] = case_id
    page.switch_page("pages/worklist.py").run()
    assert not page.exception
    return page


@pytest.fixture
def store(shelf: Path) -> Iterator[Store]:
    assert shelf
    yield open_store()
    close_stores()


@pytest.fixture
def case(store: Store) -> Case:
    """Two answered images, saved through the page."""
    keep(diagnose(("Frau Müller.png", tissue(1)), ("b.png", tissue(2))))
    (found,) = find_cases(store, CaseFilter()).cases
    return found


def test_without_cases_the_page_says_what_to_do(store: Store) -> None:
    page = worklist()
    assert page.title[0].value == "Worklist"
    assert "No cases yet" in texts(page)
    assert not page.dataframe
    assert store.engine.dialect.name == "sqlite"


def test_a_save_keeps_pixels_and_answers_but_no_names(case: Case, store: Store) -> None:
    assert [image.name for image in case.images] == ["image 1", "image 2"]
    assert case.created_by == "Anna"
    np.testing.assert_array_equal(
        read_kept(store.images, case.images[0].sha256), read_image(tissue(1)).pixels
    )
    content = full_answer(store, case.images[0].answers[0].id).content
    assert content["result"]["path"] == "image 1"
    assert case.images[0].answers[0].model == "tiny"
    assert case.images[0].answers[0].predicted in case.images[0].answers[0].classes


def test_what_was_saved_is_offered_to_open_not_to_save_again(store: Store) -> None:
    page = keep(diagnose(("a.png", tissue(1)), ("broken.png", b"no image")))
    (case,) = find_cases(store, CaseFilter()).cases
    assert len(case.images) == 1
    assert case.id in html(page)
    keys = [button.key for button in page.button]
    assert "open_saved" in keys
    assert "save_case" not in keys
    delete_case(store, case, ANNA)
    assert "save_case" in [button.key for button in page.run().button]


def test_the_list_shows_and_filters(case: Case, store: Store) -> None:
    page = worklist()
    (table,) = page.dataframe
    assert list(table.value["Case"]) == [case.id]
    assert list(table.value["Images"]) == [2]
    assert table.value["Verdicts"][0] == "2 none yet"
    page.text_input(key="worklist_text").set_value("nowhere").run()
    assert "No case matches" in texts(page)
    page.text_input(key="worklist_text").set_value(case.id.lower()).run()
    assert len(page.dataframe) == 1
    page.selectbox(key="worklist_verdict").set_value("agree").run()
    assert "No case matches" in texts(page)
    judge(store, case, case.images[1], ANNA, Verdict.AGREE)
    assert page.run().dataframe[0].value["Verdicts"][0] == "1 agree, 1 none yet"


def test_a_case_is_shown_as_it_was_answered(case: Case, store: Store) -> None:
    page = worklist(case.id)
    assert page.title[0].value == f"Case {case.id}"
    answer = full_answer(store, case.images[0].answers[0].id)
    # It was rounded to four decimals before.
    shown = re.search(r"(\d+\.\d\d) s", texts(page))
    assert shown is not None
    assert float(shown[1]) == pytest.approx(answer.content["result"]["seconds"], abs=0.0051)
    share = 100 * case.images[0].answers[0].probability
    assert f"{share:.1f} %" in html(page)
    assert "saved" in html(page)
    mean = np.mean([image.answers[0].probability for image in case.images])
    assert f"{100 * mean:.1f} % (no interval below 5 images), of 2 images" in texts(page)


def test_a_verdict_is_saved_and_stands_in_the_trail(case: Case, store: Store) -> None:
    page = worklist(case.id)
    first = case.images[0]
    page.text_input(key="judge_user").set_value("Anna").run()
    page.text_area(key=f"note-{first.id}-1").set_value(HOSTILE)
    assert page.button(key=f"judge-other-{first.id}-1").disabled  # nothing is named
    page.text_input(key="judge_user").set_value("Anna").run()
    page.text_input(key=f"subtype-{first.id}-1").set_value("mucinous").run()
    page.text_input(key="judge_user").set_value("Ben")  # by the click that saves
    page.button(key=f"judge-other-{first.id}-1").click().run()
    assert not page.exception
    now = load_case(store, case.id).images[0]
    assert (now.verdict, now.subtype, now.note) == (Verdict.OTHER_SUBTYPE, "mucinous", HOSTILE)
    assert now.judged_by == "Ben"
    assert case.images[1].sha256 in html(page)  # the next image came
    page.button(key="case_Previous").click().run()
    assert "mucinous" in html(page)
    assert "<img" not in html(page).replace('<img src="data:', "")
    assert read_trail(store, case.id)[-1].who == "Ben"


def test_the_second_window_is_told_and_keeps_its_words(case: Case, store: Store) -> None:
    page = worklist(case.id)
    judge(store, case, case.images[0], ANNA, Verdict.AGREE, note="first")
    first = case.images[0]
    page.text_area(key=f"note-{first.id}-1").set_value("second")
    page.button(key=f"judge-0-{first.id}-1").click().run()
    assert "changed in the meantime, by Anna" in html(page)
    assert "Changed in another window" in html(page)
    assert page.text_area(key=f"note-{first.id}-1").value == "second"
    assert load_case(store, case.id).images[0].note == "first"
    page.button(key="reload").click().run()
    assert page.text_area(key=f"note-{first.id}-2").value == "first"
    assert "another window" not in html(page)


def test_deleting_asks_first_and_leaves_a_tombstone(case: Case, store: Store) -> None:
    page = worklist(case.id)
    page.button(key="delete").click().run()
    assert "the trail stays" in texts(page)
    assert load_case(store, case.id).deleted_at is None
    press(page, "delete", "delete_now")
    assert load_case(store, case.id).deleted_at
    assert not list(store.images.glob("*.png"))
    assert "No cases yet" in texts(page)
    gone = worklist(case.id)
    assert "was deleted" in html(gone)
    assert "deleted" in html(gone)


def test_the_patient_is_named(case: Case, store: Store) -> None:
    page = worklist(case.id)
    page.button(key="name_patient").click().run()
    page.text_input(key=f"patient-{case.id}-1").set_value(HOSTILE)
    press(page, "name_patient", "save_patient_name")
    assert load_case(store, case.id).patient == HOSTILE
    assert "<img src=x" not in html(page)


def test_another_model_answers_beside(case: Case, store: Store, home: Path, shelf: Path) -> None:
    assert "has answered this case" in html(worklist(case.id))
    package = load_package(shelf / "tiny")
    card = package.card.model_copy(update={"name": "other", "title": "Another model"})
    model = load_model(package)
    last = model.get_layer("logits")
    last.set_weights([-weights for weights in last.get_weights()])
    frame = pd.DataFrame({"image": ["a"]})
    save_package(home / "models" / "other", card, model, predictions=frame, history=frame)
    page = worklist(case.id)
    page.button(key=f"rerun-{case.id}").click().run()
    assert not page.exception
    now = load_case(store, case.id)
    for image in now.images:
        assert [answer.model for answer in image.answers] == ["tiny", "other"]
        first, second = image.answers
        assert second.probability == pytest.approx(1 - first.probability, abs=1e-5)
    assert now.version == 3
    assert "has answered this case" in html(page)
    share = f"{100 * now.images[0].answers[1].probability:.1f} %"
    assert share in html(page)
    assert [entry.action for entry in read_trail(store, case.id)][2:] == ["answered again"] * 2


def test_patches_are_cut_of_slides_only(case: Case, store: Store) -> None:
    label = case.images[0].answers[0].classes[1]
    judge(store, case, case.images[0], Actor("Anna"), Verdict.OTHER_SUBTYPE, subtype=label)
    page = worklist()
    page.button(key="export_manifest").click().run()
    page = press(page, "export_manifest", "write_patches")
    assert "No region of a slide here has a verdict" in html(page)


def test_a_case_that_was_overwritten_is_told_in_the_list_and_on_its_page(
    case: Case, store: Store
) -> None:
    page = worklist(case.id)
    assert "does not hold" not in html(page)
    keep(diagnose(("c.png", tissue(3))))
    without_triggers(store, "UPDATE answers SET content = '{}'")  # within a second of the look
    page = worklist(case.id)
    assert html(page).index("The trail does not hold") < html(page).index("patient")
    assert "The answer was saved in version None" in html(page)
    assert "Trail, 2 entries" in page.expander[-1].label
    of_it = f"WHERE case_id = '{case.id}'"
    without_triggers(
        store,
        "UPDATE images SET verdict = 'zzz' " + of_it,  # noqa: S608 - an attack
        "UPDATE trail SET after = 'notjson', at = 'x' " + of_it,  # noqa: S608 - an attack
    )
    page = worklist()
    assert f"Case {case.id} is damaged: the verdict of its image 1" in html(page)
    (table,) = page.dataframe
    assert "damaged" in set(table.value["Answers"])
    assert len(table.value) == 2
    page = worklist(case.id)
    assert html(page).index("The trail does not hold") < html(page).index("is damaged")
    assert "unreadable" in html(page)


def test_what_cannot_be_drawn_of_a_broken_case_is_told(
    case: Case, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("scope")

    monkeypatch.setattr("pages.cases.view.show_answer", fail)
    page = start()
    page.query_params["case"] = case.id
    page.switch_page("pages/worklist.py").run()
    assert page.exception  # Lobule's own, as long as the trail holds
    without_triggers(store, "UPDATE images SET note = 'x'")
    assert "somebody changed what it holds" in html(worklist(case.id))


def test_exports_are_made_for_who_saw_the_list(case: Case, store: Store) -> None:
    stranger = Person("eve@a.example", Role.READER, frozenset({"eve@a.example"}))
    for make in (exports._csv, exports._json):
        assert case.id.encode() in make(store, (case.id,), OWNER)
        with pytest.raises(CaseError, match="that you may open"):
            make(store, (case.id,), stranger)


def test_unknown_case_leads_back(store: Store) -> None:
    page = worklist("ZZZZ-ZZZZ")
    assert "There is no case" in html(page)
    page.button(key="to_list").click().run()
    assert page.title[0].value == "Worklist"
    assert store


def test_hostile_names_are_text_on_the_page_and_in_exports(store: Store) -> None:
    keep(diagnose((HOSTILE, tissue(1))), names=True, patient=HOSTILE)
    (case,) = find_cases(store, CaseFilter(text="drop table")).cases
    assert case.images[0].name == HOSTILE
    for page in (worklist(), worklist(case.id)):
        assert "<img src=x" not in html(page)
    assert "⟨U+202E⟩" in html(page)


def test_a_wrong_database_is_told(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shelf
    monkeypatch.setenv("LOBULE_DATABASE_URL", "mysql://anna:secret@host/name")
    page = worklist()
    assert "only PostgreSQL" in html(page)
    assert "secret" not in html(page)


@pytest.mark.usefixtures("shelf")
def test_a_database_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_DATABASE_URL", "postgresql://anna:secret@127.0.0.1:1/name")
    page = worklist()
    assert "database refused" in html(page)
    assert "Nothing was changed" in html(page)
    assert "secret" not in html(page)
    page = keep(diagnose(("a.png", tissue(1))))
    assert "database refused" in html(page)
    assert "save_case" in [button.key for button in page.button]


@pytest.mark.usefixtures("shelf")
def test_a_damaged_database_is_told(home: Path) -> None:
    (home / "cases").mkdir()
    (home / "cases" / "cases.sqlite").write_bytes(b"no database at all" * 100)
    assert "not a database" in html(worklist())


@pytest.mark.usefixtures("shelf")
def test_drawing_the_page_loads_no_tensorflow_numpy_or_opencv() -> None:
    program = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('app.py', default_timeout=60)\n"
        "page.switch_page('pages/worklist.py').run()\n"
        "assert page.title[0].value == 'Worklist'\n"
        "print({'tensorflow', 'numpy', 'cv2'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_report_is_made_and_offered(case: Case) -> None:
    page = press(worklist(case.id).button(key="report").click().run(), "report", "make_report")
    pages = PdfReader(io.BytesIO(page.session_state["made_report"])).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).replace("\0", "").split())
    assert f"report of case {case.id}" in text
    for image in case.images:
        share = 100 * image.answers[0].probability
        assert f"{share:.1f} % probability of {POSITIVE}" in text
    assert "AUROC 0.91, colour alone 0.76" in text
    (save,) = [found for found in page.get("download_button") if "report" in found.proto.label]
    assert save.proto.url.endswith(".pdf")


def test_a_report_that_cannot_be_made_says_why(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise CaseError("An answer is <b>gone</b>.")

    monkeypatch.setattr("core.cases.report_pdf.report_pdf", refuse)
    page = press(worklist(case.id).button(key="report").click().run(), "report", "make_report")
    assert "An answer is &lt;b&gt;gone" in html(page)
    assert "made_report" not in page.session_state
