import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from core.cases.database import reading
from core.cases.files import read_kept
from core.cases.read import full_answer, load_case
from core.cases.records import Actor, FullAnswer, NewImage
from core.cases.save import save_case
from core.cases.store import close_stores, open_store
from core.diagnosis import Diagnosis, diagnose
from core.diagnosis_record import record, reopen
from core.errors import CaseError
from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from core.registry.package import Package


@pytest.fixture(params=[(40, 40), (300, 420)], ids=["one piece", "tiles"])
def diagnosis(request: pytest.FixtureRequest, package: Package) -> Diagnosis:
    height, width = request.param
    phantom = render_phantom(height=height, width=width, um_per_px=4.0)
    return diagnose(
        encode_png(phantom.pixels), name="Frau Müller.png", package=package, um_per_px=4.0
    )


def test_a_diagnosis_comes_back_number_for_number(diagnosis: Diagnosis) -> None:
    store = open_store()
    new = NewImage("image 1", diagnosis.image.pixels, record(diagnosis, "image 1"))
    image = load_case(store, save_case(store, [new], Actor("Anna"))).images[0]
    again = reopen(full_answer(store, image.answers[0].id), read_kept(store.images, image.sha256))
    close_stores()
    for field in fields(Diagnosis):
        kept, was = getattr(again, field.name), getattr(diagnosis, field.name)
        if field.name == "name":
            assert kept == "image 1"
        elif field.name == "image":
            assert kept.info == was.info
            np.testing.assert_array_equal(kept.pixels, was.pixels)
        elif isinstance(was, np.ndarray):
            assert kept.dtype == was.dtype
            np.testing.assert_array_equal(kept, was)
        else:
            assert kept == was
            assert type(kept) is type(was)
    assert again.to_json() == replace(diagnosis, name="image 1").to_json()


def test_what_was_kept_under_the_words_of_the_first_version_is_read(diagnosis: Diagnosis) -> None:
    outcome = record(diagnosis, "image 1").content["diagnosis"]["verdict"]
    assert sorted(outcome) == ["name", "outcome", "prediction_set", "reasons"]
    assert outcome["outcome"] == diagnosis.outcome.kind


def test_the_file_name_is_kept_nowhere(diagnosis: Diagnosis) -> None:
    store = open_store()
    new = NewImage("image 1", diagnosis.image.pixels, record(diagnosis, "image 1"))
    save_case(store, [new], Actor("Anna"))
    with reading(store.engine) as session:
        session.connection().exec_driver_sql("PRAGMA wal_checkpoint")
    close_stores()
    written = b"".join(path.read_bytes() for path in store.images.parent.rglob("*.*"))
    assert b"image 1" in written
    assert b"Frau" not in written


def changed(diagnosis: Diagnosis, change: Callable[[dict[str, Any]], None]) -> FullAnswer:
    new = record(diagnosis, "x")
    content = json.loads(json.dumps(new.content))
    change(content)
    return FullAnswer(new.card, content, new.maps)


def test_another_version_is_refused_in_words(diagnosis: Diagnosis) -> None:
    answer = changed(diagnosis, lambda content: content.update(version=2))
    with pytest.raises(CaseError, match="version 2"):
        reopen(answer, diagnosis.image.pixels)


def test_what_came_later_is_empty_in_older_answers(diagnosis: Diagnosis) -> None:
    answer = changed(diagnosis, lambda content: content["diagnosis"].pop("positive_share"))
    assert reopen(answer, diagnosis.image.pixels).positive_share is None


def test_a_card_that_cannot_be_read_is_told(diagnosis: Diagnosis) -> None:
    answer = replace(changed(diagnosis, lambda _: None), card='{"schema_version": 9}')
    with pytest.raises(CaseError, match="another version of Lobule"):
        reopen(answer, diagnosis.image.pixels)
