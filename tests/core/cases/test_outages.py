"""What happens when disk, database or clock fail: nothing confirmed is lost, and it is said."""

import errno
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from core.cases import change, save, trail
from core.cases import store as store_module
from core.cases.change import judge
from core.cases.check import check_trail
from core.cases.read import find_cases, full_answer, load_case
from core.cases.records import Actor, CaseFilter, NewImage, Verdict
from core.cases.save import save_case
from core.cases.store import Store, close_stores, open_store
from core.errors import CaseError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ANNA = Actor("Anna")
ALL = CaseFilter()
MakeImage = Callable[..., NewImage]


@contextmanager
def read_only(*_: object):  # noqa: ANN201 - never yields
    raise OSError(errno.EROFS, "Read-only file system")
    yield


def test_cases_can_be_read_where_nothing_can_be_written(
    store: Store, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = save_case(store, [make_image(1)], ANNA)
    close_stores()  # as after a restart
    monkeypatch.setattr(store_module, "_locked", read_only)
    again = open_store()
    case = load_case(again, case_id)
    assert find_cases(again, ALL).total == 1
    assert full_answer(again, case.images[0].answers[0].id).card
    with pytest.raises(CaseError, match="Read-only file system"):
        save_case(again, [make_image(2)], ANNA)
    assert find_cases(again, ALL).total == 1


@pytest.mark.usefixtures("home")
def test_an_empty_home_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_locked", read_only)
    with pytest.raises(CaseError, match=r"cannot be stored in .* \(Read-only file system\)"):
        open_store()
    close_stores()


def test_a_database_that_goes_away_in_a_save_keeps_nothing_and_comes_back(
    store: Store, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    if database != "postgresql":
        pytest.skip("a file does not go away")
    kept = save_case(store, [make_image(1)], ANNA)
    insert = save._insert

    def cut(session: "Session", *rest: object) -> str:
        done = insert(session, *rest)  # type: ignore[arg-type]
        session.flush()
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return done

    monkeypatch.setattr(save, "_insert", cut)
    with pytest.raises(CaseError) as refused:
        save_case(store, [make_image(2)], ANNA)
    assert "Traceback" not in str(refused.value)
    monkeypatch.undo()
    monkeypatch.setenv(
        "LOBULE_DATABASE_URL", store.engine.url.render_as_string(hide_password=False)
    )
    assert [case.id for case in find_cases(store, ALL).cases] == [kept]
    save_case(store, [make_image(2)], ANNA)
    assert find_cases(store, ALL).total == 2
    assert check_trail(store).breaks == ()


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(days=400)])
def test_a_clock_that_jumps_breaks_no_trail(
    store: Store, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    case_id = save_case(store, [make_image(1)], ANNA)
    then = trail.now
    for module in (trail, change, save):
        monkeypatch.setattr(module, "now", lambda: then() + jump)
    case = load_case(store, case_id)
    judge(store, case, case.images[0], ANNA, Verdict.AGREE)
    assert check_trail(store).breaks == ()
    assert load_case(store, case_id).images[0].verdict == Verdict.AGREE
