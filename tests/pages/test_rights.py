"""Pages as people of different roles see them, and a case that is shared."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.cases.read import find_cases, load_case
from core.cases.records import CaseFilter
from core.cases.store import open_store
from core.rights import EVERYBODY
from tests.pages.conftest import upload_images
from tests.pages.frame.test_sign_in import PROVIDER
from tests.pages.test_worklist import html, press, texts, tissue

ROOT = Path(__file__).resolve().parents[2]
ROLES = """
reader = ["@hospital.example"]
pathologist = ["anna@hospital.example", "pathology"]
researcher = ["rudi@hospital.example"]
"""
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shelf", "home")]


@pytest.fixture(autouse=True)
def roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "roles.toml").write_text(ROLES)
    monkeypatch.setenv("LOBULE_ROLES", str(tmp_path / "roles.toml"))


def page_of(name: str, page: str = "pages/diagnose.py", **query: str) -> AppTest:
    claims = {"email": f"{name}@hospital.example", "email_verified": True, "sub": name}
    return page_by(claims, page, **query)


def page_by(claims: dict[str, object], page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.secrets["auth"] = PROVIDER
    app.user.update({"is_logged_in": True, "iss": "https://provider.example", **claims})
    app.query_params.update(query)
    app.switch_page(page).run()
    assert not app.exception
    return app


def test_a_page_that_is_not_for_a_role_says_for_whom_it_is() -> None:
    for page, deed in (("training", "train"), ("datasets", "open data sets on the server")):
        refused = page_of("rita", f"pages/{page}.py")
        assert f"rita@hospital.example came in as reader, who may not {deed}" in html(refused)
        assert not refused.main.text_input
    models = page_of("rita", "pages/models.py")
    assert "came in as" not in html(models)
    assert not models.get("file_uploader")  # nothing is offered that would be refused
    assert page_of("rudi", "pages/models.py").get("file_uploader")


def test_a_shared_case_is_opened_by_whom_it_is_shared_with() -> None:
    page = upload_images(page_of("anna"), ("a.png", tissue(1)))
    page.button(key="save_case").click().run()
    press(page, "save_case", "save_now")
    (case,) = find_cases(open_store(), CaseFilter()).cases
    assert case.created_by == "anna@hospital.example"

    seen_by_rita = page_of("rita", "pages/worklist.py", case=case.id)
    assert "that you may open" in html(seen_by_rita)
    empty = page_of("rita", "pages/worklist.py")
    assert case.id not in html(empty)
    assert "No case is shared with you yet." in texts(empty)

    page = page_of("anna", "pages/worklist.py", case=case.id)
    page.button(key="share").click().run()
    page.button(key="share").click()
    page.text_area(key=f"names-{case.version}").set_value("Rita@hospital.example")
    page.toggle(key=f"everybody-{case.version}").set_value(False)
    page.button(key="save_share").click().run()
    assert not page.exception
    assert load_case(open_store(), case.id).shared_with == ("rita@hospital.example",)
    assert EVERYBODY not in html(page)

    shared = page_of("rita", "pages/worklist.py", case=case.id)
    assert f"Case {case.id}" in [title.value for title in shared.title]
    shared.button(key="delete").click().run()
    shared.button(key="delete").click()
    shared.button(key="delete_now").click().run()
    assert "who may not save or delete cases" in html(shared) + texts(shared)
    assert load_case(open_store(), case.id).deleted_at is None


def test_a_reader_is_told_that_a_case_is_not_saved() -> None:
    page = upload_images(page_of("rita"), ("a.png", tissue(1)))
    page.button(key="save_case").click().run()
    press(page, "save_case", "save_now")
    assert "came in as reader, who may not save or delete cases" in html(page)
    assert find_cases(open_store(), CaseFilter()).total == 0


@pytest.mark.parametrize(
    "pose",
    [
        {"email": "anna@hospital.example", "email_verified": False},
        {"email": "anna@hospital.example"},
        {"name": "anna@hospital.example"},
    ],
)
def test_nobody_becomes_somebody_else_by_what_they_call_themselves(
    pose: dict[str, object],
) -> None:
    page = upload_images(page_of("anna"), ("a.png", tissue(1)))
    page.button(key="save_case").click().run()
    press(page, "save_case", "save_now")
    (case,) = find_cases(open_store(), CaseFilter()).cases
    mole = {"sub": "mole", "groups": ["pathology"], **pose}
    assert case.id not in html(page_by(mole, "pages/worklist.py"))
    assert "that you may open" in html(page_by(mole, "pages/worklist.py", case=case.id))
    desk = page.query_params["desk"]
    assert "a.png" not in html(page_by(mole, "pages/diagnose.py", desk=desk[0]))


def test_a_file_of_roles_that_was_spoilt_meanwhile_is_told(tmp_path: Path) -> None:
    (tmp_path / "roles.toml").write_text('pathologst = ["anna@hospital.example"]')
    page = page_of("anna")
    assert "Nobody can come in" in html(page)
    assert not page.get("file_uploader")
