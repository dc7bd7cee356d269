"""Sweeps on the Training page."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.training.sweep.jobs import list_sweeps, read_sweep
from core.training.sweep.jobs.folder import find_sweep
from pages.runs.pieces import MOST_PIECES
from pages.runs.sweeps import MOST_SWEEPS
from tests.pages.made_up_sweeps import MadeUpSweeps

ROOT = Path(__file__).resolve().parents[3]
START = sys.modules["core.training.sweep.jobs.start"]  # a function is called so, too


@pytest.fixture
def sweeps() -> Iterator[MadeUpSweeps]:
    made_up = MadeUpSweeps()
    yield made_up
    made_up.clear()


def start(run: str | None = None) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "training.py"), default_timeout=60)
    page.session_state["through_app"] = True
    if run:
        page.query_params["run"] = run
    page.run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def progress(page: AppTest) -> list[str]:
    return [element.proto.text for element in page.get("progress")]


def folds(page: AppTest) -> dict[str, bool]:
    """The sweeps that are shown, by their labels, and whether they are open."""
    return {fold.proto.label: fold.proto.expanded for fold in page.expander}


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def test_without_sweeps_nothing_is_said_of_them(home: Path) -> None:
    page = start("all")
    assert not page.subheader
    assert not page.expander
    assert not (home / "sweeps").exists()


def test_where_each_piece_is_computed_while_it_runs(sweeps: MadeUpSweeps) -> None:
    sweep = sweeps.running(tasks=21, known=4)
    for key in ("a", "b", "c", "d", "e"):
        sweeps.piece(sweep, key, "began")
    sweeps.doing(sweep, "a", 0.25)
    sweeps.piece(sweep, "b", "lost")
    sweeps.piece(sweep, "b", "began", where="two <b>(node)</b>, card 1")
    sweeps.piece(sweep, "c", "done", seconds=3.0)
    sweeps.piece(sweep, "d", "lost")
    sweeps.piece(sweep, "e", "refused", seconds=1.0, message="No <b>memory</b>.")
    page = start()  # what there is is shown without asking
    assert [said.value for said in page.subheader] == ["Sweeps"]
    ((label, is_open),) = folds(page).items()
    assert label.startswith("▶ running · mine · ")
    assert is_open
    said = html(page)
    assert "6 of 21 pieces of work done" in said
    assert "on the Ray cluster &lt;i&gt;auto&lt;/i&gt;" in said
    rows = said.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]
    assert [row.partition("piece ")[2][0] for row in rows] == ["a", "b", "d"]
    assert all(part in rows[0] for part in ("one, 2 cores", "▶ running<", "25%", "once"))
    assert "two &lt;b&gt;(node)&lt;/b&gt;, card 1" in rows[1]
    assert "▶ running (lost, begun again)" in rows[1]
    assert "twice" in rows[1]
    assert "⚡" in rows[2]
    assert "lost, to be begun again" in rows[2]
    assert "1 piece of work gave no answer. piece e: No &lt;b&gt;memory" in said
    assert progress(page)[0].startswith("Training and answering, 30%")
    sweeps.doing(sweep, "a", 0.75)
    assert "75%" in html(page.run())


def test_of_many_pieces_some_are_listed(sweeps: MadeUpSweeps) -> None:
    sweep = sweeps.running(tasks=4_000)
    for number in range(MOST_PIECES + 7):
        sweeps.piece(sweep, f"{number:03}", "began")
    said = html(start())
    assert said.count("one, 2 cores") == MOST_PIECES
    assert "7 more are being computed" in said


def test_a_waiting_sweep_says_what_for_and_is_stopped(sweeps: MadeUpSweeps) -> None:
    sweep = sweeps.add()
    sweeps.write(sweep, "stage", name="Waiting for another run to train", done=0.0)
    sweeps.let_go(sweeps.running(name="dead"))
    at_work = sweeps.running(name="at work")
    page = start()
    assert [label.split(" ")[1] for label in folds(page)] == ["running", "waiting", "interrupted"]
    assert list(folds(page).values()) == [True, False, False]
    assert progress(page)[1] == "Waiting for another run to train"
    sweeps.end(at_work, "cancelled", message="As asked.")
    press(page, f"really-stop-{sweep}")
    assert find_sweep(sweep).cancel.exists()
    assert page.button(key=f"button-stopping-{sweep}").disabled
    sweeps.end(sweep, "cancelled", message="The sweep was cancelled.")
    page.run()
    assert "The sweep was cancelled." in html(page)
    assert not progress(page)


def test_what_came_of_it_is_shown_with_what_to_expect(sweeps: MadeUpSweeps) -> None:
    sweep = sweeps.running(data=Path("/data/<b>bold</b> ones"))
    folder = sweeps.end(sweep, "finished")
    page = start()
    said = html(page)
    assert "IDC: 1,234 images of 56 patients" in said
    for cell in ("0.912", "0.871", "0.812", "7 of 10", "-0.012", "(-0.031 to 0.007)", "1 h 1 min"):
        assert cell in said
    assert "AUROC 0.866 (0.801 to 0.913)" in said
    assert "0.883 of wide, would have claimed +0.017 (-0.002 to 0.036) more" in said
    assert 'title="How many folds' in said
    assert "&lt;b&gt;bold&lt;/b&gt;" in said
    assert "<b>bold" not in said
    assert page.code[0].value.startswith("python -m core train --recipe cnn3 --data ")
    assert [found.key for found in page.get("download_button")] == [f"download-{sweep}"]
    assert not [button for button in page.button if sweep in (button.key or "")]
    folder.result.write_text("{")
    page.run()
    assert "is damaged" in html(page)
    assert f"resume-{sweep}" in {button.key for button in page.button}


def test_failed_and_interrupted_ones_say_why_and_go_on(
    sweeps: MadeUpSweeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[list[str], int]] = []
    monkeypatch.setattr(
        START,
        "detach",
        lambda command, _log, lock, _name: begun.append((command, lock)),
    )
    failed = sweeps.running(name="<b>a*b*</b>")
    sweeps.end(failed, "failed", message="There are <b>no</b> images.").log.write_text("one\n")
    cut = sweeps.running(name="cut")
    sweeps.let_go(cut)
    page = start()
    assert list(folds(page).values()) == [True, False], "the one asked for last is open"
    assert r"\<b\>a\*b\*\<\/b\>" in list(folds(page))[1].replace("/", r"\/")
    said = html(page)
    assert "There are &lt;b&gt;no&lt;/b&gt; images." in said
    assert "The process ended unexpectedly" in said
    assert f"{failed}/log.txt" in said
    press(page, f"resume-{failed}")
    ((command, lock),) = begun
    sweeps.locks[failed] = lock
    assert command == ["sweeps", "work", failed]
    assert read_sweep(failed).state == "waiting"
    assert [state.id for state in list_sweeps()] == [cut, failed]
    assert next(iter(folds(page))).startswith("◔ waiting"), "what is at work comes first"
    assert list(folds(page).values()) == [True, False]


def test_what_cannot_be_done_is_said(sweeps: MadeUpSweeps, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = sweeps.running()
    monkeypatch.setattr(START, "state_of", read_as_finished)
    page = press(start(), f"really-stop-{sweep}")
    assert "it is already finished" in html(page)


def read_as_finished(folder: object) -> object:
    """As if it had ended between two looks."""
    del folder
    return type("Ended", (), {"state": "finished"})


def test_only_the_latest_are_listed_and_the_way_to_them_is_counted(sweeps: MadeUpSweeps) -> None:
    for number in range(MOST_SWEEPS + 2):
        sweeps.end(sweeps.add(f"s{number}"), "failed", message="No.")
    page = start()
    assert len(page.expander) == MOST_SWEEPS
    assert "2 older ones" in html(page)
    (way,) = [button for button in page.button if button.key == "show-all"]
    assert way.label == f"All runs (0), sweeps ({MOST_SWEEPS + 2})"
    assert "Sweeps" not in [said.value for said in start("new").subheader]
