"""What is confirmed survives a kill at any moment, and nothing is half there."""

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import inspect

from core.cases.files import read_kept
from core.cases.read import find_cases, full_answer, load_case, tombstones
from core.cases.records import Actor, CaseFilter, NewImage
from core.cases.save import save_case
from core.cases.schema import Base
from core.cases.store import Store, close_stores, open_store
from core.cases.trail import read_trail
from tests.core.cases.conftest import DATABASES
from tests.core.cases.killed import begin
from tests.each_time import each_time

SECONDS = 60

pytestmark = pytest.mark.slow


def run_until_killed(*arguments: str) -> None:
    child, _ = begin(*arguments)
    child.join(SECONDS)
    assert child.exitcode == -signal.SIGKILL


def restart() -> Store:
    close_stores()
    return open_store()


def check_whole(store: Store) -> set[str]:
    """See that every case has all that a case has; return the ids."""
    cases = find_cases(store, CaseFilter(), most=None).cases
    files = set()
    for case in cases:
        assert case.images
        assert [image.position for image in case.images] == list(range(1, len(case.images) + 1))
        assert read_trail(store, case.id)[0].action == "saved"
        for image in case.images:
            assert read_kept(store.images, image.sha256).shape == (image.height, image.width, 3)
            assert full_answer(store, image.answers[0].id).maps
            files |= {f"{image.sha256}.png", f"{image.sha256}.jpg"}
    left = {path.name for path in store.images.iterdir() if path.name != ".lock"}
    assert left == files
    return {case.id for case in cases}


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("images written aside", 0),
        ("images in place", 0),
        ("rows not committed", 0),
        ("rows committed", 1),
    ],
)
def test_a_save_is_whole_or_not_at_all(
    store: Store, make_image: Callable[..., NewImage], moment: str, there: int
) -> None:
    before = save_case(store, [make_image(1)], Actor("Anna"))
    run_until_killed("save", moment)
    ids = check_whole(restart())
    assert before in ids
    assert len(ids) == 1 + there


@pytest.mark.parametrize(
    ("moment", "gone"), [("rows not committed", False), ("rows committed", True)]
)
def test_a_deletion_is_whole_or_not_at_all(
    store: Store, make_image: Callable[..., NewImage], moment: str, *, gone: bool
) -> None:
    case_id = save_case(store, [make_image(1), make_image(2)], Actor("Anna"))
    run_until_killed("delete", moment, case_id)
    store = restart()
    assert check_whole(store) == (set() if gone else {case_id})
    assert bool(load_case(store, case_id).deleted_at) == gone


@pytest.mark.parametrize(
    "moment",
    [
        8,
        1000,
        pytest.param(2, marks=pytest.mark.exhaustive),
        pytest.param(20, marks=pytest.mark.exhaustive),
    ],
    ids=lambda number: f"statement {number}",
)
def test_a_migration_is_whole_or_not_at_all(database: str, moment: int) -> None:
    run_until_killed("migrate", f"{moment}")
    store = open_store()
    assert store.engine.dialect.name == database
    assert set(inspect(store.engine).get_table_names()) == {
        *Base.metadata.tables,
        "alembic_version",
    }
    assert check_whole(store) == set()


@pytest.mark.parametrize("database", each_time({"sqlite"}, DATABASES), indirect=True)
def test_processes_that_start_at_once_share_one_schema(database: str) -> None:
    children = [begin("start") for _ in range(3)]
    ids = {told.recv() for _, told in children}
    for child, _ in children:
        child.join(SECONDS)
        assert child.exitcode == 0
    store = open_store()
    assert store.engine.dialect.name == database
    assert check_whole(store) == ids


@pytest.mark.parametrize("database", each_time({"sqlite"}, DATABASES), indirect=True)
def test_nothing_confirmed_is_lost_to_a_kill_at_any_time(database: str) -> None:
    draw = random.Random(database)  # noqa: S311 - when to kill
    saved: set[str] = set()
    deleted: set[str] = set()
    notes: dict[str, str] = {}
    for _ in range(4):
        child, told = begin("work")
        deeds = [told.recv()]
        time.sleep(draw.uniform(0, 0.5))
        child.kill()
        with suppress(EOFError):  # all that it told has been read
            while True:
                deeds.append(told.recv())
        for deed in deeds:
            match deed:
                case ("saved", case_id):
                    saved.add(case_id)
                case ("judged", case_id, note):
                    notes[case_id] = note
                case ("deleted", case_id):
                    deleted.add(case_id)
        store = restart()
        ids = check_whole(store)
        # What had begun when the kill came may have been done without a word.
        stones = {case.id for case in tombstones(store).cases}
        assert saved <= ids | stones
        assert deleted <= stones
        assert all(
            load_case(store, case_id).images[0].note == note
            for case_id, note in notes.items()
            if case_id in ids
        )
    assert saved
