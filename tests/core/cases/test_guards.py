from collections.abc import Callable

import pytest
from sqlalchemy import text

from core.cases.change import delete_case
from core.cases.database import changing
from core.cases.read import load_case
from core.cases.records import Actor, NewImage
from core.cases.save import save_case
from core.cases.store import Store
from core.cases.trail import read_trail
from core.errors import CaseError

ANNA = Actor("Anna")


def run(store: Store, statement: str) -> None:
    with changing(store.engine) as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail SET who = 'nobody'",
        "DELETE FROM trail",
        "UPDATE answers SET probability = 0.1",
        "DELETE FROM answers",
        "UPDATE cards SET content = '{}'",
        "UPDATE images SET sha256 = ''",
        "UPDATE images SET name = 'other'",
        "UPDATE images SET magnification = '40X'",
        "UPDATE images SET overview = TRUE",
        "DELETE FROM images",
        "DELETE FROM cases",
        "UPDATE cases SET id = 'AAAA-AAAA'",
        "UPDATE cases SET created_by = 'nobody'",
    ],
)
def test_the_database_refuses(
    store: Store, make_image: Callable[..., NewImage], statement: str
) -> None:
    case_id = save_case(store, [make_image()], ANNA)
    before, trail = load_case(store, case_id), read_trail(store, case_id)
    with pytest.raises(CaseError, match="database refused"):
        run(store, statement)
    assert load_case(store, case_id) == before
    assert read_trail(store, case_id) == trail


def test_a_tombstone_stays(store: Store, make_image: Callable[..., NewImage]) -> None:
    case = load_case(store, save_case(store, [make_image()], ANNA))
    delete_case(store, case, ANNA)
    stone = load_case(store, case.id)
    for statement in ("UPDATE cases SET deleted_at = NULL", "DELETE FROM cases"):
        with pytest.raises(CaseError, match="deleted case"):
            run(store, statement)
    assert load_case(store, case.id) == stone


def test_no_way_around(store: Store, make_image: Callable[..., NewImage]) -> None:
    case_id = save_case(store, [make_image()], ANNA)
    trail = read_trail(store, case_id)
    if store.engine.dialect.name == "sqlite":
        columns = "id, case_id, at, who, signed_in, action, before, after"
        around = f"INSERT OR REPLACE INTO trail ({columns}) SELECT id, case_id, at, 'nobody', 1, '', '', '' FROM trail"  # noqa: S608, E501
    else:
        around = "TRUNCATE trail"
    with pytest.raises(CaseError, match="database refused"):
        run(store, around)
    assert read_trail(store, case_id) == trail
