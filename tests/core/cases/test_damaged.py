"""Rows that somebody overwrote with what cannot be read: told in words, and others stay there."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from core.cases.change import delete_case, judge, share_case
from core.cases.check import check_trail
from core.cases.export import cases_csv, cases_json
from core.cases.read import choices, everything_shown, find_cases, load_case, tombstones
from core.cases.records import Actor, CaseFilter, NewAnswer, NewImage, Verdict
from core.cases.report_pdf import report_pdf
from core.cases.save import add_answer, save_case
from core.cases.store import Store
from core.cases.trail import read_trail
from core.cli import app
from core.errors import CaseError, DamagedCaseError, NotAllowedError
from core.rights import Person, Role, acting
from tests.core.cases.conftest import without_triggers

ANNA = Actor("Anna", signed_in=True)
MADE = datetime(2026, 1, 2, tzinfo=UTC)
ANYWHERE = (
    ("UPDATE images SET verdict = 'zzz' WHERE case_id = '{}'", "the verdict of its image 1"),
    ("UPDATE images SET sha256 = '../../x' WHERE case_id = '{}'", "the sha256 of its image 1"),
    ("UPDATE answers SET classes = 'zzz' WHERE id = 1", "the classes of its answer to image 1"),
    ("UPDATE answers SET classes = '[1]' WHERE id = 1", "the classes of its answer"),
    ("DELETE FROM answers WHERE id = 1", "its image 1 has no answer"),
    ("DELETE FROM images WHERE case_id = '{}'", "it has no images"),
    ("UPDATE answers SET content = 'zzz' WHERE id = 1", ""),
    ("UPDATE answers SET content = '[1]' WHERE id = 1", ""),
    ("UPDATE answers SET content = '{{\"a\": NaN}}' WHERE id = 1", ""),
    ("UPDATE answers SET content = '{{\"a\": 1e999}}' WHERE id = 1", ""),
    ("DELETE FROM cards", ""),
    ("UPDATE trail SET after = 'zzz', before = '[1]' WHERE id = 1", ""),
    ('UPDATE trail SET after = \'{{"shared_with": 5, "facts_sha256": []}}\' WHERE id = 1', ""),
    ("DELETE FROM trail", ""),
)
SQLITE = (
    ("UPDATE cases SET created_at = 'x' WHERE id = '{}'", "the created_at of its case is 'x'"),
    ("UPDATE cases SET patient = x'ff' WHERE id = '{}'", "the patient of its case"),
    ("UPDATE cases SET version = 'x' WHERE id = '{}'", "the version of its case"),
    ("UPDATE images SET judged_at = 'x' WHERE case_id = '{}'", "the judged_at of its image 1"),
    ("UPDATE images SET width = 'abc' WHERE case_id = '{}'", "the width of its image 1"),
    ("UPDATE answers SET probability = 'x' WHERE id = 1", "the probability of its answer"),
    ("UPDATE answers SET probability = 9e999 WHERE id = 1", "the probability of its answer"),
    ("UPDATE answers SET answered_at = 5 WHERE id = 1", "the answered_at of its answer"),
    ("UPDATE answers SET said = x'00' WHERE id = 1", "the said of its answer"),
    ("UPDATE answers SET maps = 'zzz' WHERE id = 1", ""),
    ("UPDATE trail SET at = 'x', image = 'y', previous = x'00' WHERE id = 1", ""),
    ("UPDATE trail SET case_id = x'00', sha256 = x'00' WHERE id = 2", ""),
)


@pytest.fixture
def two(store: Store, make_image: Callable[..., NewImage]) -> tuple[Store, str, str]:
    """A worklist of two cases, and their ids."""
    ids = [save_case(store, [make_image(number)], ANNA, patient="P") for number in (1, 2)]
    return store, ids[0], ids[1]


@pytest.mark.parametrize(("attack", "words"), [*ANYWHERE, *SQLITE])
def test_what_cannot_be_read_is_told_and_takes_nothing_else_away(
    two: tuple[Store, str, str], attack: str, words: str
) -> None:
    store, first, second = two
    if store.engine.dialect.name != "sqlite" and (attack, words) in SQLITE:
        return  # PostgreSQL keeps nothing in a column that is not of its kind
    without_triggers(store, attack.format(first))
    listing = find_cases(store, CaseFilter())
    assert second in [case.id for case in listing.cases]
    assert listing.total == 2
    if words:
        (damaged,) = listing.damaged
        assert damaged.id == first
        assert f"Case {first} is damaged: {words}" in damaged.words
        with pytest.raises(DamagedCaseError, match="bring the worklist back from a backup"):
            load_case(store, first)
        with pytest.raises(DamagedCaseError, match=first):
            report_pdf(store, first, made_at=MADE, made_by=ANNA)
    else:
        assert not listing.damaged
        with pytest.raises(CaseError):  # the card of these tests is no card
            report_pdf(store, first, made_at=MADE, made_by=ANNA)
    choices(store)
    everything_shown(store)
    read_trail(store, first)
    check = check_trail(store, {first})
    assert check.breaks
    table = cases_csv(store, [first, second]).decode("utf-8-sig")
    assert first in table
    assert check.breaks[0].words.split(" (")[0] in table
    try:
        content = json.loads(cases_json(store, [first, second]))
    except CaseError as error:
        assert "The JSON cannot be made. The trail does not hold." in str(error)  # noqa: PT017
    else:
        assert content["trail"]["holds"] is False
        assert {case["id"] for case in content["cases"]} == {first, second}
    result = CliRunner().invoke(app, ["cases", "verify", "--json"])
    assert isinstance(result.exception, SystemExit)
    assert json.loads(result.stdout)["holds"] is False


def test_an_answer_without_its_card_is_whole_in_the_json(two: tuple[Store, str, str]) -> None:
    store, first, _ = two
    without_triggers(store, "DELETE FROM cards")
    (case,) = json.loads(cases_json(store, [first]))["cases"]
    assert case["images"][0]["answers"][0]["content"]["version"] == 1
    with pytest.raises(DamagedCaseError, match="the card of its model idc is gone"):
        report_pdf(store, first, made_at=MADE, made_by=ANNA)


def test_content_that_is_none_is_told_in_the_json(two: tuple[Store, str, str]) -> None:
    store, first, _ = two
    without_triggers(store, "UPDATE answers SET content = 'zzz' WHERE id = 1")
    (case,) = json.loads(cases_json(store, [first]))["cases"]
    (answer,) = case["images"][0]["answers"]
    assert answer["content"] is None
    assert f"Case {first} is damaged: the content of an answer is 'zzz'" in answer["damaged"]


def test_a_damaged_tombstone_is_told(two: tuple[Store, str, str]) -> None:
    store, first, _ = two
    delete_case(store, load_case(store, first), ANNA)
    if store.engine.dialect.name == "sqlite":
        without_triggers(store, "UPDATE cases SET deleted_at = 'x' WHERE deleted_at IS NOT NULL")
        (stone,) = tombstones(store).damaged
        assert f"Case {first} is damaged: the deleted_at of its case is 'x'" in stone.words


def test_a_text_that_is_none_is_read_with_signs_for_what_is_not(
    two: tuple[Store, str, str],
) -> None:
    store, first, _ = two
    if store.engine.dialect.name == "sqlite":
        without_triggers(store, "UPDATE images SET name = CAST(x'ff41' AS TEXT)")
        assert load_case(store, first).images[0].name == "\ufffdA"


def test_a_conflict_is_told_where_the_trail_is_gone(two: tuple[Store, str, str]) -> None:
    store, first, _ = two
    case = load_case(store, first)
    judge(store, case, case.images[0], ANNA, Verdict.AGREE)
    without_triggers(store, "DELETE FROM trail")
    with pytest.raises(CaseError, match="was changed in the meantime in another window"):
        judge(store, case, case.images[0], ANNA, Verdict.AGREE)


def test_the_stamp_changes_with_each_change_by_anybody(two: tuple[Store, str, str]) -> None:
    store, first, _ = two
    if store.engine.dialect.name != "sqlite":
        return  # is not asked
    stamps = [store.stamp()]
    assert store.stamp() == stamps[0]
    with closing(sqlite3.connect(store.images.parent / "cases.sqlite")) as other:
        other.execute("UPDATE cases SET words = 'x'")
        other.commit()
        stamps.append(store.stamp())
    case = load_case(store, first)
    judge(store, case, case.images[0], ANNA, Verdict.AGREE)
    stamps.append(store.stamp())
    assert len(set(stamps)) == 3


def person(name: str, role: Role = Role.PATHOLOGIST) -> Person:
    return Person(f"{name}@a.example", role, frozenset({f"{name}@a.example"}))


def test_what_is_handed_over_is_not_believed(
    store: Store, make_image: Callable[..., NewImage], make_answer: Callable[..., NewAnswer]
) -> None:
    anna, ben = person("anna"), person("ben")
    by_anna, by_ben = Actor(anna.name), Actor(ben.name)
    with acting(anna):
        hidden = load_case(store, save_case(store, [make_image(1)], by_anna))
        shared_id = save_case(store, [make_image(2)], by_anna, patient="P1")
        share_case(store, load_case(store, shared_id), by_anna, [ben.name])
    with acting(ben):
        shared = load_case(store, shared_id)
        foreign = hidden.images[0]
        with pytest.raises(CaseError, match="has no such image"):
            judge(store, shared, foreign, by_ben, Verdict.AGREE)
        with pytest.raises(CaseError, match="has no such image"):
            add_answer(store, shared, foreign, make_answer(), by_ben)
        mine = replace(shared, created_by=ben.name)
        with pytest.raises(NotAllowedError, match="only they"):
            delete_case(store, mine, by_ben)
        with pytest.raises(NotAllowedError, match="only they"):
            share_case(store, mine, by_ben, [])
        for export in (cases_csv, cases_json):
            with pytest.raises(CaseError, match="that you may open"):
                export(store, [shared_id, hidden.id])
        with pytest.raises(CaseError, match="that you may open"):
            report_pdf(store, hidden.id, made_at=MADE, made_by=by_ben)
        lies = replace(shared.images[0], position=7, answers=())
        judge(store, shared, lies, by_ben, Verdict.AGREE)
    assert read_trail(store, shared_id)[-1].image == 1
    assert check_trail(store).breaks == ()
