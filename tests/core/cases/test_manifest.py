import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cases.change import delete_case, judge
from core.cases.judgement import label_of
from core.cases.manifest import Labelled, class_sets, labelled, write_manifest
from core.cases.read import everything_shown, find_cases, load_case
from core.cases.records import (
    Actor,
    Answer,
    Case,
    CaseFilter,
    CaseImage,
    NewImage,
    Shown,
    Verdict,
)
from core.cases.save import save_case
from core.cases.store import Store
from core.datasets.open import open_dataset
from core.errors import CaseError, DatasetError
from core.imaging.read import read_image

ANNA = Actor("Anna")
TWO = ("no IDC", "IDC")
MakeImage = Callable[..., NewImage]
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def image_of(
    verdict: Verdict | None, classes: tuple[str, ...], subtype: str = "", said: str = ""
) -> CaseImage:
    last = classes[-1]
    answer = Answer(1, "m", "a" * 64, classes, last, said or last, last, 0.5, None, MOMENT, "A")
    image = (1, 1, "0" * 64, "a", 9, 9, False, "")
    return CaseImage(*image, verdict, subtype, "", None, None, (answer,))


@pytest.mark.parametrize(
    ("verdict", "classes", "subtype", "label"),
    [
        (Verdict.AGREE, ("a", "b"), "", "b"),
        (Verdict.AGREE, ("a", "b", "c"), "", "c"),
        (Verdict.DISAGREE, ("a", "b"), "", "a"),
        (Verdict.DISAGREE, ("a", "b", "c"), "", None),
        (Verdict.OTHER_SUBTYPE, ("Ductal", "Mucinous", "Lobular"), "mucinous", "Mucinous"),
        (Verdict.OTHER_SUBTYPE, ("a", "b"), "mucinous", None),
        (Verdict.CANNOT_TELL, ("a", "b"), "", None),
        (None, ("a", "b"), "", None),
    ],
)
def test_a_verdict_names_a_class_or_none(
    verdict: Verdict | None, classes: tuple[str, ...], subtype: str, label: str | None
) -> None:
    assert label_of(image_of(verdict, classes, subtype)) == label


@pytest.mark.parametrize("said", ["undecided", "out of scope"])
def test_who_judges_no_class_names_none(said: str) -> None:
    for verdict in (Verdict.AGREE, Verdict.DISAGREE):
        assert label_of(image_of(verdict, TWO, said=said)) is None
    assert label_of(image_of(Verdict.OTHER_SUBTYPE, TWO, "idc", said)) == "IDC"


def judged(
    store: Store, images: list[NewImage], *verdicts: Verdict | None, patient: str = ""
) -> str:
    case_id = save_case(store, images, ANNA, patient=patient)
    for position, verdict in enumerate(verdicts):
        if verdict:
            case = load_case(store, case_id)
            judge(store, case, case.images[position], ANNA, verdict)
    return case_id


def all_cases(store: Store) -> tuple[Case, ...]:
    return find_cases(store, CaseFilter()).cases


def listed(store: Store, classes: tuple[str, ...], most: int | None = None) -> Labelled:
    cases = find_cases(store, CaseFilter(), most=most).cases
    return labelled(cases, classes, everything_shown(store))


def test_the_datasets_reader_takes_the_manifest(store: Store, make_image: MakeImage) -> None:
    agree, disagree, cannot = Verdict.AGREE, Verdict.DISAGREE, Verdict.CANNOT_TELL
    first = [make_image(n, um_per_px=4.0, magnification="40X") for n in range(3)]
    one = judged(store, first, agree, disagree, cannot)
    two = judged(store, [make_image(8, um_per_px=None), make_image(9)], disagree, patient="=P")
    images = listed(store, TWO)
    assert (images.no_class, images.unjudged, images.contradictory) == (1, 1, 0)
    assert images.labels == ("IDC", "no IDC")
    path = write_manifest(store, images)
    assert path.is_relative_to(store.images.parent)
    dataset = open_dataset(path)
    assert set(dataset.classes) == set(TWO)
    rows = {row["path"].rpartition("/")[2]: row for row in dataset.records.to_dict("records")}
    expected = [
        (load_case(store, one).images[0].sha256, "IDC", one, 4.0),
        (load_case(store, one).images[1].sha256, "no IDC", one, 4.0),
        (load_case(store, two).images[0].sha256, "no IDC", "'=P", np.nan),
    ]
    assert len(rows) == 3
    for sha256, label, patient, scale in expected:
        row = rows[f"{sha256}.png"]
        assert dataset.classes[row["label"]] == label
        assert row["patient"] == patient
        np.testing.assert_equal(row["um_per_px"], scale)
        assert read_image(dataset.root / row["path"]).pixels.shape == (9, 12, 3)
    assert dataset.patients_known


def test_the_overview_of_a_slide_is_never_trained_on(store: Store, make_image: MakeImage) -> None:
    overviews = [True, False, False, True]
    images = [make_image(number, overview=each) for number, each in enumerate(overviews)]
    case = load_case(store, judged(store, images, Verdict.AGREE, Verdict.AGREE, Verdict.DISAGREE))
    assert [image.overview for image in case.images] == overviews
    found = listed(store, TWO)
    assert (found.overviews, found.unjudged) == (2, 0)
    dataset = open_dataset(write_manifest(store, found))
    assert {Path(path).stem for path in dataset.records["path"]} == {
        image.sha256 for image in case.images[1:3]
    }


def test_magnifications_are_in_the_manifest_where_each_image_has_one(
    store: Store, make_image: MakeImage
) -> None:
    images = [make_image(1, magnification="40X"), make_image(2, magnification="200X")]
    judged(store, images, Verdict.AGREE, Verdict.DISAGREE)
    dataset = open_dataset(write_manifest(store, listed(store, TWO)))
    assert sorted(dataset.records["magnification"]) == ["200X", "40X"]
    judged(store, [make_image(3)], Verdict.AGREE)
    dataset = open_dataset(write_manifest(store, listed(store, TWO)))
    assert list(dataset.records["magnification"]) == ["", "", ""]


def test_an_image_of_a_deleted_case_is_gone_from_a_manifest(
    store: Store, make_image: MakeImage
) -> None:
    case_id = judged(store, [make_image(1), make_image(2)], Verdict.AGREE, Verdict.DISAGREE)
    path = write_manifest(store, listed(store, TWO))
    delete_case(store, load_case(store, case_id), ANNA)
    with pytest.raises(DatasetError, match="do not exist"):
        open_dataset(path)


def test_cases_that_share_an_image_are_one_patient(store: Store, make_image: MakeImage) -> None:
    judged(store, [make_image(1)], Verdict.AGREE, patient="B")
    judged(store, [make_image(1), make_image(2)], None, Verdict.AGREE, patient="A")
    judged(store, [make_image(2), make_image(3)], Verdict.AGREE, Verdict.AGREE, patient="C")
    judged(store, [make_image(4)], Verdict.AGREE, patient="D")
    images = listed(store, TWO)
    assert sorted(patient for _, _, patient in images.rows) == ["A", "A", "A", "D"]


def test_a_tie_through_a_case_that_is_not_listed_counts(
    store: Store, make_image: MakeImage
) -> None:
    judged(store, [make_image(1), make_image(2)], patient="A")
    judged(store, [make_image(9)], patient="B")
    judged(store, [make_image(2), make_image(3)], patient="B")
    judged(store, [make_image(1), make_image(4)], Verdict.AGREE, Verdict.AGREE, patient="C")
    judged(store, [make_image(9), make_image(5)], Verdict.AGREE, Verdict.AGREE, patient="D")
    judged(store, [make_image(6)], Verdict.AGREE, patient="E")
    images = listed(store, TWO, most=3)  # the newest: C, D and E
    assert [patient for _, _, patient in images.rows].count("E") == 1
    assert {patient for _, _, patient in images.rows} == {"A", "E"}


def test_a_synthetic_image_is_no_training_data_and_ties_nobody(
    store: Store, make_image: MakeImage
) -> None:
    phantom = make_image(7, synthetic=True)
    agree = Verdict.AGREE
    judged(store, [phantom, make_image(1)], agree, agree, patient="A")
    judged(store, [phantom, make_image(2)], None, agree, patient="B")
    # The same file once more, given as if it were tissue.
    judged(store, [make_image(7), make_image(3)], agree, agree, patient="C")
    images = listed(store, TWO)
    assert images.synthetic == 3
    assert (images.no_class, images.unjudged, images.contradictory) == (0, 0, 0)
    assert sorted(patient for _, _, patient in images.rows) == ["A", "B", "C"]


def test_a_case_that_was_deleted_since_it_was_listed_is_left_out(
    store: Store, make_image: MakeImage
) -> None:
    case_id = judged(store, [make_image(1)], Verdict.AGREE)
    judged(store, [make_image(2)], Verdict.AGREE, patient="B")
    before = all_cases(store)
    delete_case(store, load_case(store, case_id), ANNA)
    images = labelled(before, TWO, everything_shown(store))
    assert [patient for _, _, patient in images.rows] == ["B"]


def test_a_manifest_is_there_whole_or_not_at_all(
    store: Store, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(store, [make_image(1)], Verdict.AGREE)
    monkeypatch.setattr("core.cases.files.flush", no_room)
    with pytest.raises(CaseError, match="No space left"):
        write_manifest(store, listed(store, TWO))
    assert list((store.images.parent / "manifests").iterdir()) == []
    assert list(store.images.glob(".saving-*")) == []


def no_room(_: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_image_with_two_labels_is_left_out(store: Store, make_image: MakeImage) -> None:
    judged(store, [make_image(1), make_image(2)], Verdict.AGREE, Verdict.AGREE)
    judged(store, [make_image(1)], Verdict.DISAGREE)
    images = listed(store, TWO)
    assert images.contradictory == 1
    assert len(images.rows) == 1


def test_nothing_judged_is_told(store: Store, make_image: MakeImage) -> None:
    judged(store, [make_image(1)])
    with pytest.raises(CaseError, match="No image here has a verdict"):
        write_manifest(store, listed(store, TWO))
    assert not (store.images.parent / "manifests").exists()


def test_models_of_other_classes_have_manifests_of_their_own(
    store: Store, make_image: MakeImage
) -> None:
    three = ("a", "b", "c")
    judged(store, [make_image(1, classes=three, predicted="b")], Verdict.AGREE)
    judged(store, [make_image(2), make_image(3)], Verdict.AGREE, Verdict.AGREE)
    assert class_sets(all_cases(store)) == (TWO, three)
    assert listed(store, three).labels == ("b",)
    assert listed(store, TWO).labels == ("IDC",)


@given(
    st.lists(st.tuples(st.sampled_from("PQRS"), st.sets(st.integers(0, 9), min_size=1)), max_size=9)
)
def test_no_two_patients_share_an_image(drawn: list[tuple[str, set[int]]]) -> None:
    cases = []
    for number, (patient, shown) in enumerate(drawn):
        images = tuple(
            replace(image_of(Verdict.AGREE, TWO), sha256=f"{image:064}") for image in sorted(shown)
        )
        cases.append(Case(f"{number}", patient, MOMENT, "A", 1, None, images))
    everything = [
        Shown(case.id, case.patient, image.sha256, image.synthetic)
        for case in cases
        for image in case.images
    ]
    found = labelled(cases, TWO, everything)
    named = {image.sha256: patient for image, _, patient in found.rows}
    for case in cases:
        assert len({named[image.sha256] for image in case.images}) == 1
    for patient in "PQRS":
        own = {
            named[image.sha256]
            for case in cases
            if case.patient == patient
            for image in case.images
        }
        assert len(own) <= 1
