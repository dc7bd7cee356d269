"""Answers of slides by a network that a test can do by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import SlideError, Stopped
from core.registry.package import Package
from core.slides.answering import (
    AnswerState,
    answer_here,
    answers_of,
    cancel,
    load_answer,
    look_at,
    resume,
    resume_here,
    start,
    status,
)
from core.slides.answering.folder import find_answer
from core.slides.answering.order import Order, read_view
from core.slides.answering.records import Records, read_records, record_type
from core.slides.answering.summary import LEAST_FOCUS_MM2
from core.slides.slide import Slide
from tests.core.slides.answering.conftest import WriteSlide

pytestmark = pytest.mark.usefixtures("pretended")
Section = NDArray[np.uint8]


def test_areas_are_those_counted_by_hand(section: Section, write_slide: WriteSlide) -> None:
    section[:, 700:] = np.minimum(section[:, 700:].astype(int) + 40, 250)  # half of it is paler
    answer = load_answer(answer_here(write_slide(section), model="tiny").id)
    plan, tiles = answer.plan, answer.given.tiles
    total, count = np.zeros(plan.tissue.shape), np.zeros(plan.tissue.shape)
    for at in np.flatnonzero(tiles.used):
        y, x = plan.map_grid.origins[at]
        box = answer.boxes[at]
        assert box[2] == 200
        # What the network was shown, by hand: the mean of red where the tile lies.
        left, top = int(box[0]), int(box[1])
        red = section[top : top + 200, left : left + 200, 0].mean()
        assert tiles.probabilities[at, 1] == pytest.approx(1 - red / 255, abs=0.004)
        total[y : y + 32, x : x + 32] += tiles.probabilities[at, 1]
        count[y : y + 32, x : x + 32] += 1
    chances = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    pixel = (1680 / chances.shape[1]) * (1200 / chances.shape[0]) / 1e6  # mm²
    known = plan.tissue & ~np.isnan(chances)
    reached = known & (chances >= 0.4)
    positive = answer.summary["positive"]
    assert 0 < reached.sum() < known.sum()
    assert positive["mm2"] == pytest.approx(reached.sum() * pixel, rel=1e-3)
    assert positive["answered_mm2"] == pytest.approx(known.sum() * pixel, rel=1e-3)
    assert positive["share"] == pytest.approx(reached.sum() / known.sum(), rel=1e-3)
    # The tissue: 220×300 px of the picture that was enlarged four times.
    assert answer.summary["tissue_mm2"] == pytest.approx(220 * 300 * 16 / 1e6, rel=0.03)
    spot = answer.summary["hot_spots"][0]
    assert 120 < spot["x"] < 800
    assert spot["tissue_mm2"] <= positive["mm2"] * 1.000001


def test_what_lies_over_a_slide_lies_over_tissue(section: Section, write_slide: WriteSlide) -> None:
    answer = load_answer(answer_here(write_slide(section), model="tiny").id)
    shown, whole = answer.map_on_tissue, answer.map
    across, down = answer.map_step
    # The tissue goes from 120 to 1320 px across, 80 to 960 down; a block has 100 px a side.
    tissue = np.s_[round(80 / down) : round(960 / down), round(120 / across) : round(1320 / across)]
    np.testing.assert_array_equal(shown[tissue], whole[tissue])
    assert not np.isnan(shown[tissue]).any()
    assert np.isnan(shown[:, round(1420 / across) + 1 :]).all()
    assert np.isnan(shown[round(1060 / down) + 1 :]).all()


def test_a_focus_keeps_a_slide_from_being_called_negative(
    section: Section, write_slide: WriteSlide, pretended: Package
) -> None:
    tissue = section[80:960:4, 120:1320:4]  # 220×300 px, at 4 µm/px now
    pale = np.minimum(tissue.astype(int) + 60, 250).astype(np.uint8)
    large = np.full((300, 2850, 3), 245, np.uint8)
    dark = (tissue * 0.7).astype(np.uint8)
    large[40:260] = np.concatenate([pale] * 8 + [dark, dark[:, :150]], axis=1)
    answer = load_answer(answer_here(write_slide(large, 4.0), model="tiny").id)
    assert pretended.card.conformal is None
    assert answer.summary["predicted"] == "no IDC"
    assert answer.summary["hot_spots"][0]["tissue_mm2"] > LEAST_FOCUS_MM2
    assert answer.summary["outcome"]["name"] == "undecided"
    assert "look at it" in answer.summary["outcome"]["reasons"][0]


def test_what_cannot_be_read_is_counted_and_said_and_the_rest_answered(
    section: Section, write_slide: WriteSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Slide.read

    def read(self: Slide, x: float, y: float, width: float, height: float, size: object) -> object:
        if x < 700 < x + width and y < 500 < y + height:
            raise SlideError("damaged here")
        return real(self, x, y, width, height, size)

    path = write_slide(section)
    whole = load_answer(answer_here(path, model="tiny").id)
    monkeypatch.setattr(Slide, "read", read)
    state = answer_here(path, model="tiny")
    answer = load_answer(state.id)
    boxes = answer.boxes
    hit = (boxes[:, 0] < 700) & (boxes[:, 0] + 200 > 700)
    hit &= (boxes[:, 1] < 500) & (boxes[:, 1] + 200 > 500)
    np.testing.assert_array_equal(answer.given.unreadable, hit & answer.plan.used)
    assert state.unreadable == answer.summary["tiles"]["unreadable"] == hit.sum() > 0
    assert "could not be read" in answer.summary["warnings"][0]
    same = ~hit & answer.given.tiles.used
    np.testing.assert_array_equal(
        answer.given.tiles.probabilities[same], whole.given.tiles.probabilities[same]
    )
    assert np.isnan(answer.probabilities.reshape(-1, 2)[hit]).all()


def test_cancelled_it_keeps_what_it_has_and_goes_on(
    section: Section, write_slide: WriteSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.slides.answering.work._SECONDS_BETWEEN", 0.0)
    told: list[AnswerState] = []

    def stop(state: AnswerState) -> None:
        told.append(state)
        if state.tiles_done:
            cancel(state.id)

    path = write_slide(section)
    with pytest.raises(Stopped):
        answer_here(path, model="tiny", on_state=stop)
    state = status(told[0].id)
    assert (state.state, state.seconds_left) == ("cancelled", None)
    assert 0 < state.tiles_done < state.tiles
    assert 0 < state.mm2_done < state.mm2
    partial = load_answer(state.id)
    assert partial.summary is None
    assert (~np.isnan(partial.map)).any()
    assert resume_here(state.id).state == "finished"
    done = status(state.id)
    assert done.mm2_done == pytest.approx(done.mm2)
    with pytest.raises(SlideError, match="nothing to resume"):
        resume(state.id)
    assert [each.id for each in answers_of(state.request.fingerprint)] == [state.id]


def test_only_what_lies_within_an_outline_is_answered(
    section: Section, write_slide: WriteSlide
) -> None:
    outline = ((200.0, 200.0), (800.0, 200.0), (800.0, 700.0), (200.0, 700.0))
    path = write_slide(section)
    whole = load_answer(answer_here(path, model="tiny").id)
    answer = load_answer(answer_here(path, model="tiny", within=outline).id)
    assert answer.summary["tissue_mm2"] == pytest.approx(600 * 500 / 1e6, rel=0.05)
    used = answer.given.tiles.used
    np.testing.assert_array_equal(
        answer.given.tiles.probabilities[used], whole.given.tiles.probabilities[used]
    )


def test_glass_ends_in_words(write_slide: WriteSlide) -> None:
    answer = load_answer(
        answer_here(write_slide(np.full((1200, 1200, 3), 244, np.uint8)), model="tiny").id
    )
    assert answer.summary["outcome"]["reasons"] == [
        "No tissue was found, only glass: there is nothing to answer on."
    ]


@pytest.fixture
def planned(pretended: Package, section: Section, write_slide: WriteSlide) -> object:  # noqa: ARG001
    return load_answer(answer_here(write_slide(section), model="tiny").id).plan


@given(data=st.data())
def test_every_tile_comes_once_coarse_before_fine_and_first_what_is_looked_at(
    data: st.DataObject,
) -> None:
    plan = PLANS[0]
    some = np.array(data.draw(st.lists(st.booleans(), min_size=9, max_size=9)))
    done = np.resize(some, len(plan.used)) & plan.used
    order = Order(plan, done, finer=data.draw(st.floats(1, 100)))
    view = data.draw(st.none() | st.tuples(*[st.floats(0, 2000)] * 2, *[st.floats(1, 900)] * 2))
    blocks = []
    while (block := order.next(view)) is not None:
        blocks.append(block)
    tiles = np.concatenate(blocks) if blocks else np.empty(0, int)
    assert sorted(tiles) == np.flatnonzero(plan.used & ~done).tolist()
    row, column = np.divmod(tiles, plan.columns)
    passes = np.where((row % 4 == 0) & (column % 4 == 0), 0, 2)
    passes[(passes == 2) & (row % 2 == 0) & (column % 2 == 0)] = 1
    if view is None:
        assert (np.diff(passes) >= 0).all()


PLANS: list = []


@pytest.fixture(autouse=True)
def _plan(request: pytest.FixtureRequest) -> None:
    if "every_tile" in request.node.name:
        PLANS[:] = [request.getfixturevalue("planned")]


def test_what_somebody_looks_at_comes_first(planned: object) -> None:
    order = Order(planned, np.zeros_like(planned.used), 1.0)
    across, down = planned.step
    view, size = (900.0, 600.0, 300.0, 200.0), planned.grid.size
    y, x = planned.grid.origins.T
    seen = (x * across < 1200) & ((x + size) * across > 900)
    seen &= (y * down < 800) & ((y + size) * down > 600) & planned.used
    first: list[int] = []
    while len(first) < seen.sum():
        first += order.next(view).tolist()
    assert sorted(first) == np.flatnonzero(seen).tolist()


def test_where_one_looks_is_written_and_nonsense_is_passed_over(
    section: Section, write_slide: WriteSlide
) -> None:
    answer = answer_here(write_slide(section), model="tiny").id
    look_at(answer, (1.0, 2.0, 3.0, 4.0))
    path = find_answer(answer).look
    assert read_view(path) == (1.0, 2.0, 3.0, 4.0)
    path.write_text("[1, 2]")
    assert read_view(path) is None


@given(cut=st.integers(0, 160), flipped=st.integers(0, 139))
@settings(max_examples=40)
def test_torn_and_damaged_records_are_left_out(cut: int, flipped: int) -> None:
    import tempfile  # noqa: PLC0415 - hypothesis calls this many times in a test's folder

    kind = record_type(2, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiles.bin"
        records = Records(path, kind)
        rows = np.zeros(5, kind)
        rows["tile"] = [3, 1, 2, 1, 0]
        rows["distance"] = np.arange(5)
        records.append(rows)
        records.close()
        content = bytearray(path.read_bytes())
        assert len(content) == 5 * kind.itemsize == 140
        content[flipped] ^= 1
        path.write_bytes(content[: max(0, 140 - cut)])
        kept = read_records(path, kind)
        whole = [at for at in range(max(0, 140 - cut) // 28) if at != flipped // 28]
        last = {int(rows["tile"][at]): at for at in whole}
        assert dict(zip(kept["tile"].tolist(), kept["distance"].tolist(), strict=True)) == last


def test_a_slide_that_states_no_scale_is_asked_back(
    section: Section, write_slide: WriteSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_slide(section)
    real = Slide.__init__

    def unscaled(self: Slide, info: object, *others: object) -> None:
        real(self, replace(info, um_per_px=None), *others)

    monkeypatch.setattr(Slide, "__init__", unscaled)
    with pytest.raises(SlideError, match=r"0.25 for most scans at 40×"):
        start(path, model="tiny")
    state = answer_here(path, model="tiny", um_per_px=1.0)
    assert load_answer(state.id).um_per_px == 1.0


@pytest.mark.slow
def test_a_process_of_its_own_answers(
    shelve: Callable[[], Path],
    section: Section,
    write_slide: WriteSlide,
) -> None:
    import time  # noqa: PLC0415

    shelve()
    path = write_slide(section)
    first = start(path, model="tiny")
    assert start(path, model="tiny") == first  # not twice at once
    until = time.monotonic() + 200
    while status(first).state in {"waiting", "running"}:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert status(first).state == "finished", status(first).message
    assert load_answer(first).summary["tiles"]["answered"] > 0
