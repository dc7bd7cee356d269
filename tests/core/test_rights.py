"""Roles: who has which, and that each deed asks for it where it is done."""

import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import rights
from core.adoption.adopt import adopt
from core.datasets.browse import look_into
from core.datasets.open import open_dataset
from core.errors import NotAllowedError, SettingsError
from core.registry.exchange import import_package
from core.registry.manage import delete, rename
from core.registry.shelf import activate
from core.rights import OWNER, Deed, Person, Role, acting, read_roles, require, role_of, who_acts
from core.slides.answering import cancel as cancel_slide
from core.slides.answering import resume as resume_slide
from core.slides.answering import start as start_slide
from core.slides.answering.removal import remove
from core.slides.dicomweb.download import download
from core.slides.dicomweb.search import search
from core.slides.uploads import keep
from core.training.ensemble import make_ensemble
from core.training.jobs.runs import cancel
from core.training.jobs.shelve import shelve
from core.training.jobs.start import resume, start

NOTHING: Any = None
NOWHERE = Path("nowhere")
READER = Person("rita@hospital.example", Role.READER)
DEEDS: dict[str, Callable[[], object]] = {
    "import": lambda: import_package(NOWHERE),
    "rename": lambda: rename("idc", "mine"),
    "delete": lambda: delete("idc"),
    "activate": lambda: activate("idc"),
    "adopt": lambda: adopt(NOTHING, NOTHING),
    "ensemble": lambda: make_ensemble("both", ["idc", "idc"]),
    "open data": lambda: open_dataset(NOWHERE),
    "look into a folder": lambda: look_into(NOWHERE),
    "train": lambda: start(NOTHING),
    "resume a run": lambda: resume("run"),
    "cancel a run": lambda: cancel("run"),
    "keep a run's model": lambda: shelve("run"),
    "answer a slide": lambda: start_slide(NOWHERE),
    "resume a slide": lambda: resume_slide("answer"),
    "cancel a slide": lambda: cancel_slide("answer"),
    "delete a slide": lambda: remove("slide"),
    "upload a slide": lambda: keep({}),
    "search the archive": lambda: search(patient_id="7"),
    "fetch a slide": lambda: download("1.2.3"),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_a_reader_is_refused_where_the_deed_is_done(deed: Callable[[], object]) -> None:
    with (
        acting(READER),
        pytest.raises(NotAllowedError, match=r"rita@hospital\.example came in as reader"),
    ):
        deed()


def test_a_refusal_says_who_may() -> None:
    with acting(READER), pytest.raises(NotAllowedError) as refused:
        require(Deed.TRAIN)
    assert str(refused.value) == (
        "rita@hospital.example came in as reader, who may not train: researchers and "
        "administrators may. Ask whoever runs this Lobule."
    )


def test_each_role_may_what_its_name_says() -> None:
    may = {role: {deed for deed in Deed if Person("x", role).may(deed)} for role in Role}
    assert may[Role.READER] == set()
    assert {Deed.JUDGE, Deed.SAVE} <= may[Role.PATHOLOGIST]
    assert not {Deed.TRAIN, Deed.CHANGE_MODELS, Deed.OPEN_DATA} & may[Role.PATHOLOGIST]
    assert {Deed.TRAIN, Deed.CHANGE_MODELS, Deed.OPEN_DATA} <= may[Role.RESEARCHER]
    assert Deed.JUDGE not in may[Role.RESEARCHER]
    assert may[Role.ADMINISTRATOR] == set(Deed)
    assert [role for role in Role if Deed.SEE_ALL in may[role]] == [Role.ADMINISTRATOR]


def test_whoever_owns_the_account_may_everything() -> None:
    assert who_acts() == OWNER
    assert all(OWNER.may(deed) for deed in Deed)


def test_one_thread_does_not_act_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "_ask", lambda: READER)
    seen = []
    with acting(OWNER):
        thread = threading.Thread(target=lambda: seen.append(who_acts()))
        thread.start()
        thread.join()
        assert who_acts() == OWNER
    assert seen == [READER]


def test_the_last_role_counts_where_several_fit(tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text(
        'reader = ["@hospital.example"]\npathologist = ["Anna@Hospital.example", "Pathology"]\n'
        'administrator = ["head@hospital.example"]\n'
    )
    lists = read_roles(file)
    assert role_of(frozenset({"ben@hospital.example", "@hospital.example"}), lists) == Role.READER
    anna = frozenset({"anna@hospital.example", "@hospital.example"})
    assert role_of(anna, lists) == Role.PATHOLOGIST
    assert role_of(frozenset({"pathology"}), lists) == Role.PATHOLOGIST
    assert role_of(frozenset({"eve@elsewhere.example"}), lists) is None
    assert role_of(frozenset(), lists) is None


def test_the_file_of_roles_is_read_again_once_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "roles.toml"
    read: list[str] = []
    parse = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda content: read.append(content) or parse(content))
    for role in (Role.READER, Role.PATHOLOGIST, Role.READER):
        aside = tmp_path / "new"
        aside.write_text(f'{role} = ["anna"]')
        aside.replace(file)
        for _ in range(5):
            assert role_of(frozenset({"anna"}), read_roles(file)) == role
    assert len(read) == 3
    file.unlink()
    with pytest.raises(SettingsError):
        read_roles(file)


@pytest.mark.parametrize(
    "content",
    ["reader = ", 'chief = ["a@b.example"]', 'reader = "a@b.example"', "reader = [1]", None],
)
def test_a_file_of_roles_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "roles.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match=r"roles\.toml.*LOBULE_ROLES must name a TOML file"):
        read_roles(file)
