"""Cases belong to who saved them and to whom they are shared."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from core.cases.change import delete_case, judge, name_patient, share_case
from core.cases.check import check_trail
from core.cases.read import choices, find_cases, full_answer, load_case, tombstones
from core.cases.records import Actor, Case, CaseFilter, NewAnswer, NewImage, Verdict
from core.cases.save import add_answer, save_case
from core.cases.store import Store
from core.cases.trail import read_trail
from core.errors import CaseError, NotAllowedError
from core.rights import EVERYBODY, Person, Role, acting

ALL = CaseFilter()
PATHOLOGY = frozenset({"pathology"})


def person(name: str, role: Role = Role.PATHOLOGIST, *groups: str) -> Person:
    address = f"{name}@hospital.example"
    return Person(address, role, frozenset({address, "@hospital.example", *groups}))


def actor(who: Person) -> Actor:
    return Actor(who.name, signed_in=True)


ANNA, BEN = person("anna"), person("ben", Role.PATHOLOGIST, "pathology")
HEAD = person("head", Role.ADMINISTRATOR)
READER = person("rita", Role.READER)


@pytest.fixture
def case(store: Store, make_image: Callable[..., NewImage]) -> Case:
    with acting(ANNA):
        return load_case(store, save_case(store, [make_image(1)], actor(ANNA)))


def test_nobody_else_finds_or_opens_a_case(store: Store, case: Case) -> None:
    with acting(BEN):
        assert find_cases(store, ALL).total == 0
        assert choices(store).models == ()
        for look in (
            lambda: load_case(store, case.id),
            lambda: read_trail(store, case.id),
            lambda: full_answer(store, case.images[0].answers[0].id),
        ):
            with pytest.raises(CaseError, match="that you may open"):
                look()
    with acting(HEAD):
        assert find_cases(store, ALL).total == 1
        assert load_case(store, case.id) == case


def test_an_unknown_case_and_one_of_others_cannot_be_told_apart(store: Store, case: Case) -> None:
    refusals = []
    for case_id in (case.id, "ZZZZ-ZZZZ"):
        with acting(BEN), pytest.raises(CaseError) as refused:
            load_case(store, case_id)
        refusals.append(str(refused.value).replace(case_id, "…"))
    assert refusals[0] == refusals[1]


def test_nobody_else_changes_a_case_that_they_have_read_before(
    store: Store, case: Case, make_answer: Callable[..., NewAnswer]
) -> None:
    image = case.images[0]
    with acting(BEN):
        for change in (
            lambda: judge(store, case, image, actor(BEN), Verdict.AGREE),
            lambda: name_patient(store, case, actor(BEN), "P1"),
            lambda: add_answer(store, case, image, make_answer(), actor(BEN)),
            lambda: share_case(store, case, actor(BEN), [BEN.name]),
            lambda: delete_case(store, case, actor(BEN)),
        ):
            with pytest.raises(CaseError):
                change()
    with acting(ANNA):
        assert load_case(store, case.id) == case


@pytest.mark.parametrize(
    "name", ["BEN@hospital.example ", "@hospital.example", "pathology", EVERYBODY]
)
def test_a_shared_case_is_judged_by_others_and_deleted_by_its_owner(
    store: Store, case: Case, name: str
) -> None:
    with acting(ANNA):
        share_case(store, case, actor(ANNA), ["", name])
    with acting(BEN):
        (shared,) = find_cases(store, ALL).cases
        judge(store, shared, shared.images[0], actor(BEN), Verdict.AGREE)
        judged = load_case(store, case.id)
        assert judged.images[0].judged_by == BEN.name
        assert judged.shared_with == (name.strip().casefold(),)
        with pytest.raises(NotAllowedError, match="only they, or an administrator"):
            delete_case(store, judged, actor(BEN))
        with pytest.raises(NotAllowedError, match="only they, or an administrator"):
            share_case(store, judged, actor(BEN), [])
    with acting(ANNA):
        share_case(store, judged, actor(ANNA), [])
    with acting(BEN), pytest.raises(CaseError, match="that you may open"):
        load_case(store, case.id)
    with acting(HEAD):
        delete_case(store, load_case(store, case.id), actor(HEAD))
    with acting(BEN):
        assert tombstones(store).total == 0
    with acting(ANNA):
        assert tombstones(store).total == 1


def test_half_a_name_is_nobody(store: Store, case: Case) -> None:
    with acting(ANNA):
        share_case(
            store, case, actor(ANNA), ["sub-pathology", "pathology-2", "en@hospital.example"]
        )
    with acting(BEN):
        assert find_cases(store, ALL).total == 0
    with acting(Person("%", Role.PATHOLOGIST, frozenset({"%", "_"}))):
        assert find_cases(store, ALL).total == 0


def test_a_reader_reads_what_is_shared_and_changes_nothing(
    store: Store, case: Case, make_image: Callable[..., NewImage]
) -> None:
    with acting(ANNA):
        share_case(store, case, actor(ANNA), [READER.name])
    with acting(READER):
        shared = load_case(store, case.id)
        with pytest.raises(NotAllowedError, match="may not give verdicts"):
            judge(store, shared, shared.images[0], actor(READER), Verdict.AGREE)
        with pytest.raises(NotAllowedError, match="may not save or delete cases"):
            save_case(store, [make_image(2)], actor(READER))
    with acting(person("rob", Role.RESEARCHER)), pytest.raises(NotAllowedError, match="verdicts"):
        save_case(store, [replace(make_image(2), verdict=Verdict.AGREE)], Actor("rob"))


def test_too_many_names_and_line_ends_are_refused(store: Store, case: Case) -> None:
    for names in ([f"{number}@a.example" for number in range(51)], ["a\nben@hospital.example"]):
        with acting(ANNA), pytest.raises(CaseError, match="up to 50 addresses"):
            share_case(store, case, actor(ANNA), names)


def test_a_case_that_was_shared_in_the_tables_alone_is_found(store: Store, case: Case) -> None:
    with acting(ANNA):
        share_case(store, case, actor(ANNA), ["pathology"])
    assert check_trail(store).breaks == ()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET shared_with = shared_with || '\neve\n'"))
    (found,) = check_trail(store, {case.id}).breaks
    assert "is shared with others than its trail tells" in found.words


def test_an_entry_that_names_what_nobody_can_be_called_is_found_as_well(
    store: Store, case: Case
) -> None:
    with acting(ANNA):
        share_case(store, case, actor(ANNA), ["pathology"])
    names = json.dumps({"shared_with": ["\x07" * 300] * 60})
    trigger = "trail_not_changed" + " ON trail" * (store.engine.dialect.name == "postgresql")
    with store.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(
            text("UPDATE trail SET after = :names WHERE action = 'shared'"), {"names": names}
        )
    words = [each.words for each in check_trail(store).breaks]
    assert any("was changed after it was written" in each for each in words)
    assert any("is shared with others than its trail tells" in each for each in words)
