import threading
from collections.abc import Callable

import pytest

from core.cases.change import delete_case, judge, name_patient
from core.cases.read import find_cases, load_case, tombstones
from core.cases.records import Actor, Case, CaseFilter, NewImage, Verdict
from core.cases.save import save_case
from core.cases.store import Store
from core.cases.trail import read_trail
from core.errors import CaseConflictError, CaseError

ANNA, BEN = Actor("Anna"), Actor("Ben")
MakeImage = Callable[..., NewImage]
HOSTILE = "'); DROP TABLE trail;-- <script>alert(1)</script> =1+1 \u202e\0\ud800 ä"


@pytest.fixture
def case(store: Store, make_image: MakeImage) -> Case:
    return load_case(store, save_case(store, [make_image(1), make_image(2)], ANNA))


def test_verdicts_are_kept_and_the_former_ones_are_in_the_trail(store: Store, case: Case) -> None:
    judge(store, case, case.images[1], BEN, Verdict.DISAGREE, note=" mucinous? ")
    now = load_case(store, case.id)
    image = now.images[1]
    assert (image.verdict, image.note, image.judged_by) == (Verdict.DISAGREE, "mucinous?", "Ben")
    assert now.images[0].verdict is None
    judge(store, now, image, ANNA, Verdict.OTHER_SUBTYPE, subtype="mucinous", note="seen")
    judge(store, load_case(store, case.id), image, ANNA, None)
    trail = read_trail(store, case.id)[2:]
    assert [entry.who for entry in trail] == ["Ben", "Anna", "Anna"]
    assert [entry.image for entry in trail] == [2, 2, 2]
    assert trail[0].before == {"verdict": None, "subtype": "", "note": ""}
    assert trail[0].after == {"verdict": "disagree", "subtype": "", "note": "mucinous?"}
    assert trail[1].before == trail[0].after
    assert trail[1].after == {"verdict": "other subtype", "subtype": "mucinous", "note": "seen"}
    assert trail[2].before == trail[1].after
    assert trail[2].after == {"verdict": None, "subtype": "", "note": ""}
    assert trail[0].at <= trail[1].at <= trail[2].at


def test_another_subtype_has_a_name(store: Store, case: Case) -> None:
    with pytest.raises(CaseError, match="it is not named"):
        judge(store, case, case.images[0], ANNA, Verdict.OTHER_SUBTYPE, subtype="  ")
    assert load_case(store, case.id) == case


def test_hostile_words_are_words(store: Store, case: Case) -> None:
    judge(store, case, case.images[0], Actor(HOSTILE), Verdict.AGREE, note=HOSTILE)
    kept = HOSTILE.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    now = load_case(store, case.id)
    assert now.images[0].note == kept
    assert now.images[0].judged_by == kept
    assert read_trail(store, case.id)[-1].after["note"] == kept
    assert find_cases(store, CaseFilter(text="drop table")).total == 1
    name_patient(store, now, ANNA, HOSTILE)
    assert load_case(store, case.id).patient == kept


def test_long_words_are_refused(store: Store, case: Case) -> None:
    with pytest.raises(CaseError, match="4,001 letters"):
        judge(store, case, case.images[0], ANNA, Verdict.AGREE, note="x" * 4001)
    assert load_case(store, case.id) == case


def test_the_second_of_two_windows_is_told(store: Store, case: Case) -> None:
    judge(store, case, case.images[0], ANNA, Verdict.AGREE)
    first = load_case(store, case.id)
    with pytest.raises(CaseConflictError, match="changed in the meantime, by Anna"):
        judge(store, case, case.images[1], BEN, Verdict.DISAGREE)
    with pytest.raises(CaseConflictError):
        name_patient(store, case, BEN, "P")
    with pytest.raises(CaseConflictError):
        delete_case(store, case, BEN)
    assert load_case(store, case.id) == first
    assert len(read_trail(store, case.id)) == 3


def test_of_many_at_once_one_wins(store: Store, case: Case) -> None:
    results: list[str] = []
    together = threading.Barrier(8)

    def try_it(number: int) -> None:
        together.wait()
        try:
            judge(store, case, case.images[0], Actor(f"{number}"), Verdict.AGREE, note=f"{number}")
        except CaseConflictError:
            results.append("told")
        else:
            results.append(f"{number}")

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [result for result in results if result != "told"]
    assert len(results) == 8
    assert len(won) == 1
    now = load_case(store, case.id)
    assert now.images[0].note == now.images[0].judged_by == won[0]
    assert [entry.who for entry in read_trail(store, case.id)[2:]] == won


def test_many_threads_save_at_once(store: Store, make_image: MakeImage) -> None:
    ids: list[str] = []

    def save(number: int) -> None:
        ids.extend(save_case(store, [make_image(number % 3)], Actor(f"{number}")) for _ in range(3))

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 18
    assert {case.id for case in find_cases(store, CaseFilter()).cases} == set(ids)


def test_a_patient_is_named(store: Store, case: Case) -> None:
    name_patient(store, case, BEN, " P-7 ")
    now = load_case(store, case.id)
    assert (now.patient, now.version) == ("P-7", 2)
    assert find_cases(store, CaseFilter(text="p-7")).total == 1
    entry = read_trail(store, case.id)[-1]
    assert (entry.action, entry.before, entry.after) == (
        "patient named",
        {"patient": ""},
        {"patient": "P-7"},
    )


def test_a_deleted_case_leaves_its_tombstone_and_its_files_go(
    store: Store, case: Case, make_image: MakeImage
) -> None:
    other = load_case(store, save_case(store, [make_image(2), make_image(3)], ANNA))
    delete_case(store, case, BEN)
    assert {path.stem for path in store.images.glob("*.png")} == {
        image.sha256 for image in other.images
    }
    stone = load_case(store, case.id)
    assert stone.deleted_at is not None
    assert stone.images == ()
    assert find_cases(store, CaseFilter(text=case.id)).total == 0
    assert [gone.id for gone in tombstones(store).cases] == [case.id]
    trail = read_trail(store, case.id)
    assert [entry.action for entry in trail] == ["saved", "saved", "deleted"]
    assert (trail[-1].who, trail[-1].before) == ("Ben", {"images": 2})
    assert load_case(store, other.id) == other
    for again in (case, stone):
        with pytest.raises(CaseError, match="was deleted by Ben"):
            delete_case(store, again, ANNA)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (CaseError("The worklist is busy. Nothing was changed."), "the worklist is busy"),
    ],
)
def test_a_case_whose_files_stay_is_told_as_deleted(
    store: Store, case: Case, monkeypatch: pytest.MonkeyPatch, fault: Exception, words: str
) -> None:
    def refuse(*_: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr("core.cases.store.sweep", refuse)
        with pytest.raises(CaseError, match="is deleted, but its image files") as told:
            delete_case(store, case, BEN)
    assert words in str(told.value)
    assert f"{store.images}" in str(told.value)
    assert "Nothing was changed" not in str(told.value)
    assert load_case(store, case.id).deleted_at is not None
    assert len(list(store.images.glob("*.png"))) == 2
    store.sweep()
    assert not list(store.images.glob("*.png"))


def test_what_a_kill_left_aside_is_swept(store: Store) -> None:
    manifests = store.images.parent / "manifests"
    manifests.mkdir()
    (manifests / ".manifest.x1y2").write_text("path,la")
    (manifests / "worklist-1.csv").write_text("path,label\n")
    aside = store.images / ".saving-x1y2"
    aside.mkdir()
    (aside / "worklist-2.csv").write_text("path,la")
    store.sweep()
    assert [path.name for path in manifests.iterdir()] == ["worklist-1.csv"]
    assert not aside.exists()


def test_unknown_case_is_told(store: Store) -> None:
    with pytest.raises(CaseError, match="no case 'x'"):
        load_case(store, "x")
    assert read_trail(store, "x") == []
