"""From a slide's answer to a case, to verdicts on its regions, to patches to train on."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cases.change import judge
from core.cases.files import read_kept
from core.cases.manifest import labelled
from core.cases.read import everything_shown, full_answer, load_case
from core.cases.records import Actor, Verdict
from core.cases.report_pdf import report_pdf
from core.cases.store import open_store
from core.cases.trail import read_trail
from core.datasets.open import open_dataset
from core.diagnosis_record import reopen
from core.errors import CaseError, SlideError
from core.imaging.read import read_image
from core.slides.answering import answer_here, load_answer
from core.slides.worklist.patches import write_patches
from core.slides.worklist.save import save_slide
from tests.core.slides.answering.conftest import *  # noqa: F403 - its fixtures
from tests.core.slides.answering.conftest import WriteSlide

ACTOR = Actor("Dr Example", signed_in=True)
REGIONS = [(200.0, 200.0, 400.0, 400.0), (700.0, 300.0, 450.0, 420.0)]


@pytest.mark.slow
def test_a_slide_becomes_a_case_and_its_judged_regions_become_patches(
    shelve: Callable[[], Path],
    section: NDArray[np.uint8],
    write_slide: WriteSlide,
    tmp_path: Path,
) -> None:
    shelve()
    slide = write_slide(section, name="Jane Doe.tiff")
    answer = load_answer(answer_here(slide, model="tiny").id)
    store = open_store()
    with pytest.raises(SlideError, match="none that can be kept"):
        save_slide(store, answer.id, ACTOR, regions=[(5000.0, 0.0, 10.0, 10.0)])
    case_id = save_slide(store, answer.id, ACTOR, patient="P-7", regions=REGIONS)
    case = load_case(store, case_id)
    assert [image.name for image in case.images] == [
        "Slide, overview",
        "Region 1 at 200, 200",
        "Region 2 at 700, 300",
    ]
    assert [entry.action for entry in read_trail(store, case_id)] == ["saved"] * 3
    assert "Jane" not in str(case) + str(full_answer(store, case.images[0].answers[0].id).content)
    # The overview says what was said of the slide, and opens as every answer does.
    overview = reopen(
        full_answer(store, case.images[0].answers[0].id),
        read_kept(store.images, case.images[0].sha256),
    )
    assert overview.outcome.name == answer.summary["outcome"]["name"]
    np.testing.assert_allclose(overview.probabilities, answer.summary["probabilities"], atol=1e-5)
    assert report_pdf(store, case.id, made_at=datetime.now(UTC), made_by=ACTOR).startswith(b"%PDF")
    # A region is kept as the slide shows it.
    kept = read_kept(store.images, case.images[1].sha256)
    np.testing.assert_array_equal(kept, section[200:600, 200:600])

    folder = tmp_path / "patches"
    classes = answer.classes
    with pytest.raises(CaseError, match="Judge some first"):
        write_patches(store, [case], classes, everything_shown(store), folder)
    judge(store, case, case.images[0], ACTOR, Verdict.OTHER_SUBTYPE, subtype="IDC")
    case = load_case(store, case_id)
    found = labelled([case], classes, everything_shown(store))
    assert (found.rows, found.overviews) == ((), 1), "an overview is no training image"
    judge(store, case, case.images[1], ACTOR, Verdict.OTHER_SUBTYPE, subtype="IDC")
    case = load_case(store, case_id)
    judge(store, case, case.images[2], ACTOR, Verdict.OTHER_SUBTYPE, subtype="no IDC")
    case = load_case(store, case_id)
    written = write_patches(store, [case], classes, everything_shown(store), folder)
    # 400 µm hold two patches of 200 µm a side, 450×420 as many.
    assert (written.patches, written.regions, written.patients) == (8, 2, 1)
    dataset = open_dataset(written.manifest)
    assert set(dataset.records["patient"]) == {"P-7"}
    assert set(dataset.records["um_per_px"]) == {4.0}
    assert sorted(dataset.classes[label] for label in dataset.records["label"]) == (
        ["IDC"] * 4 + ["no IDC"] * 4
    )
    by_hand = section[200:400, 200:400].reshape(50, 4, 50, 4, 3).mean(axis=(1, 3))
    patches = [
        read_image(written.manifest.parent / path).pixels for path in dataset.records["path"]
    ]
    assert min(np.abs(patch - by_hand).max() for patch in patches) <= 1
