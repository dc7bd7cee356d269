"""Slides on other machines: kept and printed as if they had been answered here."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from core.cli import app
from core.errors import LobuleError, SlideError
from core.extras import is_installed
from core.slides.answering import (
    answer_here,
    every_state,
    load_answer,
    on_cluster,
    read_log,
    resume_here,
    status,
)
from core.slides.answering.folder import find_answer
from core.slides.answering.given import read_given
from core.slides.answering.plan import read_plan
from tests.core.cluster.elsewhere import Elsewhere
from tests.core.cluster.two_nodes import two_nodes
from tests.core.slides.answering.conftest import WriteSlide

FILES = ("plan.npz", "tiles.bin", "map.tiff", "summary.json", "events.jsonl")

pytestmark = pytest.mark.slow


@pytest.fixture
def slides(
    shelve: Callable[[], Path], section: NDArray[np.uint8], write_slide: WriteSlide, tmp_path: Path
) -> list[Path]:
    """Two slides, one that is damaged, and one that is not there."""
    shelve()
    written = [
        write_slide(section, name="one =1+1.tiff"),
        write_slide(np.ascontiguousarray(section[:, ::-1]), name="two.tiff"),
        tmp_path / "bad.tiff",
    ]
    written[2].write_bytes(b"no slide")
    return [*written, written[0].with_name("none.tiff")]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A cluster that sees the same storage."""
    there = Elsewhere(tmp_path / "there")
    monkeypatch.setattr("core.cluster.share.compute", there.compute)
    monkeypatch.setattr("core.cluster.require_reachable", lambda: None)
    return there


def answered(slides: list[Path], shares: list[float]) -> dict[str, str | LobuleError]:
    given = on_cluster.answer_on_cluster(slides, "tiny", None, shares.append)
    return {path.name: answer for path, answer in given}


def same(answer: str, other: str) -> None:
    """See that two answers are the same but for when and how long."""
    first, second = ({**load_answer(each).summary} for each in (answer, other))
    for summary in (first, second):
        summary.pop("seconds")
        summary.pop("finished")
    assert first == second
    folders = [find_answer(each) for each in (answer, other)]
    assert folders[0].map.read_bytes() == folders[1].map.read_bytes()
    plans = [read_plan(folder) for folder in folders]
    assert plans[0].model == plans[1].model == "tiny"
    np.testing.assert_array_equal(plans[0].used, plans[1].used)
    mine, theirs = (read_given(*each) for each in zip(folders, plans, strict=True))
    np.testing.assert_array_equal(mine.tiles.probabilities, theirs.tiles.probabilities)
    states = [status(each) for each in (answer, other)]
    for name in ("state", "tiles", "tiles_done", "unreadable", "mm2", "mm2_done", "request"):
        assert getattr(states[0], name) == getattr(states[1], name), name


def test_they_are_kept_as_those_that_are_answered_here(
    slides: list[Path], elsewhere: Elsewhere
) -> None:
    shares: list[float] = []
    found = answered(slides, shares)
    assert isinstance(found["bad.tiff"], SlideError)
    assert "Slides do not travel" in str(found["none.tiff"])
    for path in slides[:2]:
        assert isinstance(found[path.name], str)
        same(found[path.name], answer_here(path, model="tiny").id)
    assert len(elsewhere.given) == 4
    assert shares == sorted(shares)
    assert shares[-1] > 0
    assert {path.name for path in find_answer(found["two.tiff"]).path.iterdir()} >= set(FILES)
    assert read_log(found["two.tiff"]).rstrip().endswith("Finished")


def test_what_was_answered_is_not_computed_again_unless_the_slide_is_another(
    slides: list[Path], elsewhere: Elsewhere
) -> None:
    first = answered(slides[:2], [])
    assert answered(slides[:2], []) == first
    assert len(elsewhere.given) == 2
    slides[0].write_bytes(slides[1].read_bytes())
    again = answered(slides[:2], [])
    assert again["two.tiff"] == first["two.tiff"]
    assert again["one =1+1.tiff"] != first["one =1+1.tiff"]
    assert len(elsewhere.given) == 3


@pytest.mark.parametrize("name", ["tiles.bin", "events.jsonl"])
def test_an_answer_that_cannot_be_written_costs_its_slide_alone(
    slides: list[Path], elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write, refused = on_cluster.write_whole, []

    def full(path: Path, content: Any) -> None:
        if path.name == name and not refused:
            refused.append(path)
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(on_cluster, "write_whole", full)
    found = answered(slides[:2], [])
    assert len(elsewhere.given) == 2
    lost = [answer for answer in found.values() if isinstance(answer, SlideError)]
    assert len(lost) == 1
    assert "No space left on device" in str(lost[0])
    state = next(each for each in every_state() if each.state == "failed")
    assert "No space left on device" in state.message
    (kept,) = (answer for answer in found.values() if isinstance(answer, str))
    assert status(kept).state == "finished"
    resume_here(state.id)
    same(state.id, answer_here(state.request.slide, model="tiny").id)


def test_where_no_answer_can_be_written_nothing_is_computed(
    slides: list[Path], elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(on_cluster, "TemporaryFile", full)
    with pytest.raises(SlideError, match="The answer cannot be written to"):
        answered(slides[:2], [])
    assert not elsewhere.given


def test_an_answer_that_is_removed_meanwhile_is_computed_again(
    slides: list[Path], elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(slides[:1], [])
    states = every_state()
    shutil.rmtree(find_answer(states[0].id).path)
    monkeypatch.setattr(on_cluster, "every_state", lambda: states)
    assert isinstance(answered(slides[:1], [])[slides[0].name], str)
    assert len(elsewhere.given) == 2


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("left", [0, 300])
def test_an_answer_whose_plan_is_damaged_is_computed_again(slides: list[Path], left: int) -> None:
    first = answered(slides[:1], [])[slides[0].name]
    assert isinstance(first, str)
    plan = find_answer(first).plan
    plan.write_bytes(plan.read_bytes()[:left])
    again = answered(slides[:1], [])[slides[0].name]
    assert isinstance(again, str)
    assert again != first


def test_the_command_prints_each_as_it_is_done(
    slides: list[Path], elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*options: str) -> Any:
        return CliRunner().invoke(app, ["slides", "answer", *options])

    monkeypatch.setenv("LOBULE_RAY", "auto")
    paths = [str(path) for path in slides]
    told = run(*paths, "--model", "tiny", "--json")
    assert told.exit_code == 1
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert {line.get("path") for line in lines} == {paths[2], paths[3], None}
    assert {line["slide"]["name"] for line in lines if "slide" in line} == {
        *("one =1+1.tiff", "two.tiff")
    }
    assert len(elsewhere.given) == 4
    assert "name the model with --model" in run(*paths[:2], "--um-per-px", "-1").stderr
    assert run(paths[0], "--model", "tiny").exit_code == 0
    assert len(elsewhere.given) == 4, "one slide is answered here"


@pytest.mark.exhaustive
@pytest.mark.skipif(not is_installed("cluster"), reason="Ray is not installed")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_two_machines_one_of_which_is_lost_give_the_same_to_the_bit(
    slides: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [answer_here(path, model="tiny").id for path in slides[:2]]
    for path in slides[:2]:
        path.with_name(f"copy of {path.name}").write_bytes(path.read_bytes())
    copies = [path.with_name(f"copy of {path.name}") for path in slides[:2]]
    with two_nodes(tmp_path / "nodes") as nodes:
        monkeypatch.setenv("LOBULE_RAY", nodes.address)
        killed = False
        found: dict[str, str | LobuleError] = {}

        def kill_once(share: float) -> None:
            nonlocal killed
            if share > 0 and not killed:  # a slide is being answered, or one of them is done
                killed = True
                nodes.kill_second()

        for path, answer in on_cluster.answer_on_cluster(
            [*copies, slides[3]], "tiny", None, kill_once
        ):
            found[path.name] = answer
    assert killed
    assert "Slides do not travel" in str(found["none.tiff"])
    assert not set(found.values()) & set(here)
    for path, answer in zip(copies, here, strict=True):
        mine = found[path.name]
        assert isinstance(mine, str)
        folders = [find_answer(each) for each in (mine, answer)]
        given = [read_given(folder, read_plan(folder)) for folder in folders]
        np.testing.assert_array_equal(given[0].tiles.probabilities, given[1].tiles.probabilities)
