"""Attacks on the trail by somebody who owns the database and drops its triggers first."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from core.cases.anchor import check_anchor, write_anchor
from core.cases.chain import hash_of_entry
from core.cases.change import delete_case, judge, name_patient
from core.cases.check import check_trail
from core.cases.database import reading
from core.cases.export import cases_csv, cases_json
from core.cases.files import kept_path
from core.cases.read import find_cases, load_case
from core.cases.records import Actor, CaseFilter, NewAnswer, NewImage, Verdict
from core.cases.save import add_answer, save_case
from core.cases.schema import TrailRow
from core.cases.store import Store
from core.cli import app
from core.errors import CaseError
from tests.core.cases.conftest import without_triggers

ANNA = Actor("Anna", signed_in=True)


@pytest.fixture
def busy(
    store: Store, make_image: Callable[..., NewImage], make_answer: Callable[..., NewAnswer]
) -> tuple[Store, str]:
    """A worklist of three cases in which everything was done once, and the id of the first."""
    first, second, third = (
        save_case(store, [make_image(number), make_image(number + 10)], ANNA, patient=patient)
        for number, patient in enumerate(("", "P1", ""))
    )
    case = load_case(store, first)
    judge(store, case, case.images[0], ANNA, Verdict.DISAGREE, note="fibrosis")
    name_patient(store, load_case(store, first), ANNA, "P2")
    case = load_case(store, second)
    add_answer(store, case, case.images[1], make_answer(model="other", um_per_px=4), ANNA)
    delete_case(store, load_case(store, third), ANNA)
    return store, first


def test_what_lobule_writes_holds(busy: tuple[Store, str]) -> None:
    store, _ = busy
    check = check_trail(store)
    assert check.breaks == ()
    assert check.entries == check.head.entry == 10
    assert "10 entries" in check.words


COPY = "SELECT {}, case_id, at, who, signed_in, action, image, model, model_sha256, before, after"
INSERT = (
    "INSERT INTO trail (id, case_id, at, who, signed_in, action, image, model, model_sha256, "
    "before, after, previous, sha256) "
)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        ("UPDATE trail SET who = 'Bert' WHERE id = 7", "Entry 7"),
        ("UPDATE trail SET at = '2020-01-01 00:00:00' WHERE id = 3", "Entry 3"),
        ("UPDATE trail SET after = '{}' WHERE id = 1", "Entry 1"),
        ("UPDATE trail SET signed_in = NOT signed_in WHERE id = 10", "Entry 10"),
        ("DELETE FROM trail WHERE id = 7", "Entry 8"),
        ("DELETE FROM trail WHERE id = 1", "does not follow the beginning"),
        ("DELETE FROM trail WHERE id = 10", "was deleted without an entry"),
        (f"{INSERT}{COPY.format(11)}, previous, sha256 FROM trail WHERE id = 7", "Entry 11"),
        ("UPDATE trail SET id = 30 WHERE id = 7", "Entry 30"),
        ("UPDATE images SET verdict = 'agree'", "another verdict"),
        ("UPDATE images SET note = 'carcinoma' WHERE note = 'fibrosis'", "another note"),
        ("UPDATE images SET judged_by = 'Bert' WHERE verdict IS NOT NULL", "somebody else"),
        ("UPDATE images SET sha256 = 'f'", "is another"),
        ("UPDATE answers SET probability = 0.1 WHERE id = 1", "other answers"),
        ("UPDATE answers SET content = '{}' WHERE id = 1", "other answers"),
        ("UPDATE answers SET maps = content_of_nobody", "other answers"),
        ("DELETE FROM answers WHERE model = 'other'", "other answers"),
        ("UPDATE cases SET patient = 'P3'", "another pseudonym"),
        ("UPDATE cases SET created_by = 'Bert'", "saved by somebody else"),
        ("UPDATE cases SET created_at = '2020-01-01 00:00:00'", "saved by somebody else"),
        ("UPDATE cases SET deleted_at = NULL", "came back after its deletion"),
        ("UPDATE cases SET deleted_at = '2001-01-01 00:00:00'", "deleted at another time"),
        ("UPDATE cases SET patient = 'P4' WHERE deleted_at IS NOT NULL", "holds something again"),
        ("UPDATE images SET synthetic = NOT synthetic", "another size, magnification or kind"),
        ("UPDATE images SET width = 5 WHERE id = 1", "another size, magnification or kind"),
        ("UPDATE images SET magnification = '40X'", "another size, magnification or kind"),
        ("UPDATE images SET judged_at = '2026-01-01' WHERE verdict IS NOT NULL", "another time"),
        ("UPDATE cards SET content = '{}'", "card is another now"),
        ("UPDATE trail SET after = '{' WHERE id = 2", "Entry 2"),
        ("UPDATE trail SET after = '[]' WHERE id = 2", "Entry 2"),
        ("UPDATE images SET judged_by = 'Bert' WHERE verdict IS NULL", "without an entry"),
        ("UPDATE images SET judged_at = '2026-01-01' WHERE verdict IS NULL", "without an entry"),
    ],
)
def test_each_change_behind_its_back_is_found(
    busy: tuple[Store, str], attack: str, words: str
) -> None:
    store, _ = busy
    blob = "x'00'" if store.engine.dialect.name == "sqlite" else "'\\x00'::bytea"
    without_triggers(store, attack.replace("content_of_nobody", blob))
    found = check_trail(store)
    assert any(words in each.words for each in found.breaks), found
    assert "does not hold" in found.words
    result = CliRunner().invoke(app, ["cases", "verify"])
    assert result.exit_code == 1
    assert words in result.stdout


def rewritten(store: Store, first: int) -> list[str]:
    """Statements that hash every entry from one on anew, as somebody who knows how would."""
    with reading(store.engine) as session:
        rows = session.query(TrailRow).order_by(TrailRow.id).all()
    statements, previous = [], rows[0].previous
    for row in rows:
        sha256 = hash_of_entry(row, previous) if row.id >= first else row.sha256
        statements.append(
            f"UPDATE trail SET previous = '{previous}', "  # noqa: S608 - an attack
            f"sha256 = '{sha256}' WHERE id = {row.id}"
        )
        previous = sha256
    return statements


def test_a_head_kept_elsewhere_finds_a_trail_that_was_cut_off_or_rewritten(
    busy: tuple[Store, str], tmp_path: Path
) -> None:
    store, _ = busy
    anchor = tmp_path / "elsewhere" / "heads"
    verify = ["cases", "verify", "--anchor", str(anchor)]
    unmounted = CliRunner().invoke(app, verify)
    assert unmounted.exit_code == 1
    assert "nothing was compared" in unmounted.stderr
    anchor.parent.mkdir()
    first = CliRunner().invoke(app, verify)
    assert first.exit_code == 0
    assert "is new" in first.stdout
    assert CliRunner().invoke(app, verify).exit_code == 0
    assert len(anchor.read_text().splitlines()) == 2
    without_triggers(store, "UPDATE trail SET who = 'Bert' WHERE id = 2")
    without_triggers(store, *rewritten(store, 2))
    assert check_trail(store).breaks == ()  # by itself it cannot tell
    assert "is another now" in check_anchor(store, anchor)[0].words
    result = CliRunner().invoke(app, verify)
    assert result.exit_code == 1
    assert len(anchor.read_text().splitlines()) == 2
    without_triggers(store, "DELETE FROM trail WHERE id > 8")
    assert "was cut off" in check_anchor(store, anchor)[0].words


def test_an_anchor_of_another_worklist_or_no_anchor_is_refused(
    busy: tuple[Store, str], tmp_path: Path
) -> None:
    store, _ = busy
    for content, words in (
        ('{"worklist": "other", "entry": 1, "sha256": "a", "at": "today"}', "another worklist"),
        ("not json", "no file of heads"),
        ('{"entry": 1}', "no file of heads"),
        ("[1]", "no file of heads"),
    ):
        (tmp_path / "heads").write_text(content)
        with pytest.raises(CaseError, match=words):
            check_anchor(store, tmp_path / "heads")
    with pytest.raises(CaseError, match="cannot be used"):
        write_anchor(store, check_trail(store), tmp_path)


def test_exports_say_where_it_breaks(busy: tuple[Store, str]) -> None:
    store, first = busy
    assert b'"holds"' in cases_csv(store, [first])
    assert json.loads(cases_json(store, [first]))["trail"]["holds"] is True
    without_triggers(store, "UPDATE trail SET who = 'Bert' WHERE id = 1")
    assert b"Entry 1 " in cases_csv(store, [first])
    trail = json.loads(cases_json(store, [first]))["trail"]
    assert trail["holds"] is False
    assert trail["breaks"][0]["entry"] == 1


def test_a_moment_that_is_none_is_told_and_no_crash(busy: tuple[Store, str]) -> None:
    store, _ = busy
    if store.engine.dialect.name != "sqlite":
        return  # PostgreSQL keeps moments in a column of moments
    without_triggers(store, "UPDATE trail SET at = 'garbage' WHERE id = 4")
    found = check_trail(store).breaks
    assert "'garbage' for a moment) was changed after it was written" in found[0].words
    assert found[0].entry == 4
    assert CliRunner().invoke(app, ["cases", "verify"]).exit_code == 1


def test_image_files_are_looked_at(busy: tuple[Store, str]) -> None:
    store, first = busy
    one, other = (kept_path(store.images, each.sha256) for each in load_case(store, first).images)
    one.write_bytes(b"another")
    other.unlink()
    result = CliRunner().invoke(app, ["cases", "verify"])
    assert result.exit_code == 1
    assert f"{one} of an image of case {first} was changed" in result.stdout
    assert f"{other} of an image of case {first} is missing" in result.stdout


def test_of_a_case_alone_the_chain_is_looked_at_whole(busy: tuple[Store, str]) -> None:
    store, first = busy
    without_triggers(store, "UPDATE trail SET who = 'Bert' WHERE id = 3")
    assert check_trail(store, {first}).breaks[0].entry == 3


def test_an_export_looks_at_its_own_cases_and_at_the_whole_chain(busy: tuple[Store, str]) -> None:
    store, first = busy
    others = [case.id for case in find_cases(store, CaseFilter()).cases if case.id != first]
    without_triggers(store, "UPDATE cases SET patient = 'P9' WHERE patient = 'P2'")
    trail = json.loads(cases_json(store, [first]))["trail"]
    assert [each["case"] for each in trail["breaks"]] == [first]
    trail = json.loads(cases_json(store, others))["trail"]
    assert trail["holds"] is True
    assert trail["looked_at"] == "the chain from end to end, and how these cases stand"
    assert b'"holds"' in cases_csv(store, others)
    without_triggers(store, "UPDATE trail SET who = 'Bert' WHERE id = 3")
    assert json.loads(cases_json(store, others))["trail"]["holds"] is False
    assert b'"holds"' not in cases_csv(store, others)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_field_changes_the_hash(data: st.DataObject) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    content = {
        "id": 3,
        "case_id": "K7QM-3XPD",
        "at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        "who": "Anna",
        "signed_in": True,
        "action": "judged",
        "image": 1,
        "model": "idc",
        "model_sha256": "a" * 64,
        "before": "{}",
        "after": "{}",
    }
    name = data.draw(st.sampled_from(sorted(content)))
    old = content[name]
    other = (
        old + timedelta(microseconds=data.draw(st.integers(1, 10**12)))
        if isinstance(old, datetime)
        else (not old)
        if isinstance(old, bool)
        else data.draw(st.integers(0, 10**6).filter(lambda value: value != old))
        if isinstance(old, int)
        else data.draw(st.text(max_size=20).filter(lambda value: value != old))
    )
    same = hash_of_entry(TrailRow(**content), "0" * 64)
    assert hash_of_entry(TrailRow(**{**content, name: other}), "0" * 64) != same
    assert hash_of_entry(TrailRow(**content), "1" * 64) != same
