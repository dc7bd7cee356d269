import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cases.files import kept_path, read_kept
from core.cases.read import full_answer, load_case
from core.cases.records import Actor, NewAnswer, NewImage
from core.cases.save import add_answer, save_case
from core.cases.store import Store
from core.cases.trail import read_trail
from core.errors import CaseConflictError, CaseError

ANNA = Actor("Anna", signed_in=True)
MakeImage = Callable[..., NewImage]


def files_of(store: Store) -> set[str]:
    return {path.name for path in store.images.iterdir() if not path.name.startswith(".lock")}


def test_a_case_is_read_as_it_was_saved(store: Store, make_image: MakeImage) -> None:
    first = make_image(1, "ä <b>.png", synthetic=True)
    second = make_image(2, "b.tif", um_per_px=None, predicted="no IDC")
    case_id = save_case(store, [first, second], ANNA, patient=" P-1 ")
    case = load_case(store, case_id)
    assert re.fullmatch("[2-9BCDFGHJKMNPQRSTVWXZ]{4}-[2-9BCDFGHJKMNPQRSTVWXZ]{4}", case_id)
    assert (case.patient, case.created_by, case.version) == ("P-1", "Anna", 1)
    assert case.deleted_at is None
    assert [image.name for image in case.images] == ["ä <b>.png", "b.tif"]
    assert [image.position for image in case.images] == [1, 2]
    assert [image.synthetic for image in case.images] == [True, False]
    assert (case.images[0].width, case.images[0].height) == (12, 9)
    assert case.images[0].verdict is None
    answer = case.images[1].answers[0]
    assert answer.classes == ("no IDC", "IDC")
    assert (answer.predicted, answer.shown_class, answer.um_per_px) == ("no IDC", "IDC", None)
    assert answer.probability == 0.7321
    assert answer.by == "Anna"
    assert answer.at.utcoffset().total_seconds() == 0
    full = full_answer(store, answer.id)
    assert full.card == second.answer.card
    assert full.content == second.answer.content
    np.testing.assert_array_equal(full.maps["heatmap"], second.answer.maps["heatmap"])
    assert full.maps["heatmap"].dtype == np.float32


def test_pixels_are_kept_and_nothing_else_of_a_file(store: Store, make_image: MakeImage) -> None:
    new = make_image(3)
    case = load_case(store, save_case(store, [new], ANNA))
    sha256 = case.images[0].sha256
    np.testing.assert_array_equal(read_kept(store.images, sha256), new.pixels)
    data = kept_path(store.images, sha256).read_bytes()
    chunks, at = [], 8
    while at < len(data):
        chunks.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4])
    assert set(chunks) == {b"IHDR", b"IDAT", b"IEND"}
    with Image.open(kept_path(store.images, sha256)) as picture:
        assert not picture.getexif()
        assert not picture.info
        assert picture.mode == "RGB"


def test_one_image_twice_is_one_file(store: Store, make_image: MakeImage) -> None:
    case_id = save_case(store, [make_image(1, "a"), make_image(1, "b")], ANNA)
    other = save_case(store, [make_image(1, "c")], ANNA)
    assert {Path(name).suffix for name in files_of(store)} == {".png", ".jpg"}
    assert len(files_of(store)) == 2  # the image and its small picture
    assert case_id != other
    assert len({image.sha256 for image in load_case(store, case_id).images}) == 1


def test_the_trail_begins_with_each_image(store: Store, make_image: MakeImage) -> None:
    case_id = save_case(store, [make_image(1), make_image(2)], ANNA)
    images = load_case(store, case_id).images
    trail = read_trail(store, case_id)
    assert [(entry.action, entry.image) for entry in trail] == [("saved", 1), ("saved", 2)]
    assert {(entry.who, entry.signed_in) for entry in trail} == {("Anna", True)}
    assert {(entry.model, entry.model_sha256) for entry in trail} == {("idc", "a" * 64)}
    assert trail[0].before == {}
    assert trail[1].after == {
        "image_sha256": images[1].sha256,
        "answer": "IDC",
        "IDC": 0.7321,
        "facts_sha256": trail[1].after["facts_sha256"],
        "answer_sha256": trail[1].after["answer_sha256"],  # tests/core/cases/test_chain.py
    }


def test_nameless_user_is_the_local_one(store: Store, make_image: MakeImage) -> None:
    case_id = save_case(store, [make_image()], Actor("  "))
    assert read_trail(store, case_id)[0].who == "local user"
    assert not read_trail(store, case_id)[0].signed_in


def test_nothing_is_no_case(store: Store) -> None:
    with pytest.raises(CaseError, match="no image to save"):
        save_case(store, [], ANNA)
    assert not files_of(store)


def test_a_failure_between_two_images_leaves_nothing(store: Store, make_image: MakeImage) -> None:
    def images() -> object:
        yield make_image(1)
        raise CaseError("stop")

    with pytest.raises(CaseError, match="stop"):
        save_case(store, images(), ANNA)
    assert not files_of(store)


def test_answer_with_nan_is_refused(store: Store, make_image: MakeImage) -> None:
    with pytest.raises(CaseError, match="cannot be"):
        save_case(store, [make_image(1, content={"version": float("nan")})], ANNA)
    assert not files_of(store)


def test_full_disk_is_told(
    store: Store, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(CaseError, match="No space left on device"):
        save_case(store, [make_image()], ANNA)
    assert not files_of(store)


def test_another_model_answers_beside_the_first(
    store: Store, make_image: MakeImage, make_answer: Callable[..., NewAnswer]
) -> None:
    case = load_case(store, save_case(store, [make_image(1), make_image(2)], ANNA))
    again = make_answer(model="breakhis", model_sha256="b" * 64, predicted="no IDC")
    add_answer(store, case, case.images[1], again, Actor("Ben"))
    now = load_case(store, case.id)
    assert now.version == 2
    assert [len(image.answers) for image in now.images] == [1, 2]
    assert [answer.model for answer in now.images[1].answers] == ["idc", "breakhis"]
    entry = read_trail(store, case.id)[-1]
    assert (entry.action, entry.image, entry.model) == ("answered again", 2, "breakhis")
    assert (entry.who, entry.signed_in) == ("Ben", False)
    with pytest.raises(CaseConflictError, match="by Ben"):
        add_answer(store, case, case.images[0], again, ANNA)
    assert load_case(store, case.id) == now


def test_a_changed_or_missing_file_is_told(store: Store, make_image: MakeImage) -> None:
    sha256 = load_case(store, save_case(store, [make_image()], ANNA)).images[0].sha256
    kept_path(store.images, sha256).write_bytes(b"other")
    with pytest.raises(CaseError, match="hash differs"):
        read_kept(store.images, sha256)
    kept_path(store.images, sha256).unlink()
    with pytest.raises(CaseError, match="missing"):
        read_kept(store.images, sha256)
