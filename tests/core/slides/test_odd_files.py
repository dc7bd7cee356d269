"""What is no slide, or has a name that is no text, is refused in words and never waited for."""

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from core.cli import app
from core.errors import SlideError
from core.slides.dicom import is_dicom
from core.slides.roots import list_slides
from core.slides.slide import open_slide
from tests.made_slides import section, write_tiff


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.dcm"
    os.mkfifo(pipe)
    # Somebody may write at any time, so that a fault here fails instead of waiting.
    with os.fdopen(os.open(pipe, os.O_RDWR | os.O_NONBLOCK), "wb") as other:
        other.write(b"\0" * 128 + b"DICM")
        other.flush()
        assert not is_dicom(pipe)
    with pytest.raises(SlideError, match="does not exist or is no file"):
        open_slide(pipe)


def test_a_name_that_is_no_text_is_refused_in_words(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home
    folder = tmp_path / "root"
    folder.mkdir()
    made = write_tiff(folder / "made.svs", [section(300, 200)], kind="svs", tile=64)
    bad = Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff\xfebytes.svs"))
    made.rename(bad)
    monkeypatch.setenv("LOBULE_SLIDES", str(folder))
    (listed,) = list_slides()
    assert listed.name == "bad\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}bytes.svs"
    with pytest.raises(SlideError, match=r"is not in UTF-8\. Rename it") as refused:
        open_slide(listed.path)
    assert str(refused.value).encode()
    for command in ("info", "answer"):
        done = CliRunner().invoke(app, ["slides", command, str(bad)])
        assert done.exit_code == 1
        assert "Rename it" in done.output
        assert isinstance(done.exception, SystemExit), "no traceback"


def test_other_pictures_and_deep_colours_are_told_from_damage(tmp_path: Path) -> None:
    pixels = section(300, 200)
    Image.fromarray(pixels).save(tmp_path / "png.svs", format="PNG")
    with pytest.raises(SlideError, match=r"is a PNG picture, not a slide.* on Diagnose"):
        open_slide(tmp_path / "png.svs")
    deep = tmp_path / "deep.ome.tif"
    tifffile.imwrite(deep, pixels.astype(np.uint16) * 257, photometric="rgb", tile=(64, 64))
    with pytest.raises(SlideError, match=r"red, green and blue in 16 bits each.* 8-bit RGB"):
        open_slide(deep)


def test_words_of_a_program_are_not_passed_on(tmp_path: Path) -> None:
    empty = tmp_path / "empty.tif"
    empty.write_bytes(b"II*\0" + bytes(4))  # no table of contents
    with pytest.raises(SlideError, match="damaged or incomplete") as refused:
        open_slide(empty)
    assert "sequence" not in str(refused.value)


def test_a_stack_says_which_plane_is_shown(tmp_path: Path) -> None:
    pixels = section(300, 200)
    planes = np.stack([pixels, pixels // 2, pixels // 3])
    path = tmp_path / "stack.ome.tif"
    axes = {"axes": "ZYXS"}
    tifffile.imwrite(path, planes, photometric="rgb", tile=(64, 64), metadata=axes)
    with open_slide(path) as slide:
        assert "It holds 3 focal planes; the first one is shown and answered." in slide.info.notes
        np.testing.assert_array_equal(slide.read(0, 0, 300, 200, (300, 200)), pixels)
    tifffile.imwrite(path, pixels, photometric="rgb", tile=(64, 64), metadata={"axes": "YXS"})
    with open_slide(path) as slide:
        assert slide.info.notes == ()


def test_info_tells_of_parts_that_cannot_be_read(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "made.svs", [section(300, 200)], kind="svs", tile=64)
    whole = CliRunner().invoke(app, ["slides", "info", str(path)])
    assert "cannot be read" not in whole.output
    with tifffile.TiffFile(path) as file:
        offset, count = (
            each[1] for each in (file.pages[0].dataoffsets, file.pages[0].databytecounts)
        )
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * count)
    damaged = CliRunner().invoke(app, ["slides", "info", str(path)])
    assert "Parts of made.svs cannot be read: the file is damaged there." in damaged.output
