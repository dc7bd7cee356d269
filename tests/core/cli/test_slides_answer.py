"""`slides answer`, `slides resume` and `slides export`."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from tests.core.slides.answering.conftest import *  # noqa: F403 - its fixtures
from tests.core.slides.answering.conftest import WriteSlide


@pytest.mark.usefixtures("pretended")
def test_slides_are_answered_and_taken_along(
    section: np.ndarray, write_slide: WriteSlide, tmp_path: Path
) -> None:
    slide, missing = write_slide(section), tmp_path / "none.svs"
    run = CliRunner().invoke
    named = [str(slide), str(missing), str(slide)]
    done = run(app, ["slides", "answer", *named, "--model", "tiny", "--json"])
    assert done.exit_code == 1
    answered, refused = (json.loads(line) for line in done.stdout.splitlines())
    assert answered["tiles"]["answered"] > 0
    assert "none.svs" in refused["error"]
    said = run(app, ["slides", "answer", str(slide), "--model", "tiny"])
    assert (said.exit_code, " %) of tissue" in said.stdout) == (0, True)
    listed = json.loads(run(app, ["slides", "answers", "--json"]).stdout)
    assert [each["state"] for each in listed] == ["finished", "finished"]
    newest = listed[0]["id"]
    assert said.stderr.startswith(f"Answer {newest} of slide.tiff")
    assert "tiles · " in said.stderr
    assert "mm² of tissue" in said.stderr
    assert f"{newest}  finished     slide.tiff, tiny" in run(app, ["slides", "answers"]).stdout
    export = ["slides", "export", answered["id"], "--folder", str(tmp_path / "out")]
    written = run(app, [*export, "--to", "csv", "--to", "geojson"])
    assert written.exit_code == 0
    assert [Path(line).suffix for line in written.stdout.splitlines()] == [".csv", ".geojson"]
    assert all(Path(line).stat().st_size for line in written.stdout.splitlines())
    assert "There is no format" in run(app, [*export, "--to", "xml"]).stderr
    assert "nothing to resume" in run(app, ["slides", "resume", answered["id"]]).stderr
