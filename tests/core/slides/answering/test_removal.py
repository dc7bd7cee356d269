"""What was uploaded or fetched can be deleted, with its answers if asked; nothing else can."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import SlideError
from core.jobs.lock import let_go
from core.slides.answering import answers_of
from core.slides.answering.folder import create_answer
from core.slides.answering.removal import is_removable, remove, what_goes
from core.slides.answering.request import AnswerRequest
from core.slides.open_slides import opened
from core.slides.roots import SlideFile, list_slides
from core.slides.uploads import keep
from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff


@pytest.fixture
def uploads(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LOBULE_SLIDES", raising=False)
    return home / "slides" / "uploads"


@pytest.fixture
def slide(uploads: Path, tmp_path: Path) -> SlideFile:
    assert not uploads.exists()
    content = write_tiff(tmp_path / "a.svs", [section(60, 50)], kind="svs").read_bytes()
    (kept,) = keep({"a.svs": content})
    return kept


def ask(slide: SlideFile) -> tuple[str, int]:
    """Put an answer in line; returns the slide's fingerprint and the answer's lock."""
    print_ = opened(slide.id).info.fingerprint
    request = AnswerRequest(slide=slide.path, name=slide.name, fingerprint=print_, model="tiny")
    return print_, create_answer(request)[1]


@pytest.mark.parametrize("answers", [False, True])
def test_a_slide_goes_and_its_answers_as_asked(slide: SlideFile, *, answers: bool) -> None:
    print_, lock = ask(slide)
    with pytest.raises(SlideError, match="is being answered"):
        remove(slide.id, answers=answers)
    assert list_slides() == [slide]
    let_go(lock)
    assert len(what_goes(slide.id).answers) == 1
    remove(slide.id, answers=answers)
    assert list_slides() == []
    assert not slide.path.parent.exists()
    assert len(answers_of(print_)) == (0 if answers else 1)
    with pytest.raises(SlideError, match="There is no slide"):
        remove(slide.id)


def test_slides_that_came_together_go_together(
    uploads: Path, tmp_path: Path, pixels: Pixels
) -> None:
    paths = write_dicom(tmp_path / "d", pyramid(pixels, 2))
    paths += write_dicom(tmp_path / "d", [section(80, 60)], um_per_px=0.25)
    kept = keep({path.name: path.read_bytes() for path in paths})
    assert len(kept) == 2
    assert what_goes(kept[0].id).slides == tuple(kept)
    remove(kept[1].id)
    assert list(uploads.rglob("*.dcm")) == []


def test_a_slide_that_was_damaged_since_can_be_deleted(slide: SlideFile) -> None:
    slide.path.write_bytes(b"nothing")
    assert what_goes(slide.id).answers == ()
    remove(slide.id)
    assert list_slides() == []


@pytest.mark.parametrize("named", [".", "slides", "slides/uploads", "slides/uploads/deep/er"])
def test_nothing_below_a_named_folder_is_deleted(
    home: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    folder = home / "slides" / "uploads" / "deep" / "er"
    folder.mkdir(parents=True)
    monkeypatch.setenv("LOBULE_SLIDES", str(home / named))
    path = write_tiff(folder / "a.svs", [section(60, 50)], kind="svs")
    beside = write_tiff(folder.parent / "b.svs", [section(60, 50, 1)], kind="svs")
    for slide in list_slides():
        assert not is_removable(slide)
        with pytest.raises(SlideError, match="Delete it there"):
            remove(slide.id)
    assert path.exists()
    assert beside.exists()


def test_on_the_command_line_it_asks(slide: SlideFile) -> None:
    done = CliRunner().invoke(app, ["slides", "delete", slide.id], input="n\n")
    assert done.exit_code == 1
    assert "Delete a.svs for good?" in done.output
    assert slide.path.exists()
    done = CliRunner().invoke(app, ["slides", "delete", slide.id, "--yes"])
    assert done.exit_code == 0, done.output
    assert list_slides() == []
    done = CliRunner().invoke(app, ["slides", "delete", slide.id, "--yes"])
    assert done.exit_code == 1
    assert "There is no slide" in done.stderr
