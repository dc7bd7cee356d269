"""A disk that is really full: what is refused says so, nothing is half there, and it goes on."""

import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from core.cases.anchor import write_anchor
from core.cases.change import delete_case, judge
from core.cases.check import check_trail
from core.cases.read import load_case
from core.cases.records import Actor, Verdict
from core.cases.save import save_case
from core.cases.store import close_stores, open_store
from core.cli import app
from core.cli.models_change import _write_new
from core.errors import LobuleError
from core.imaging.overlay import encode_png
from core.registry.exchange import export_package, import_package
from core.registry.manage import rename
from core.registry.package import Package
from core.registry.shelf import activate, is_active
from core.slides.answering import answer_here, resume_here
from core.slides.answering.state import every_state
from core.slides.stated_scale import state_scale
from core.slides.uploads import keep
from tests.core.cases.conftest import new_image
from tests.core.slides.answering import conftest as of_slides

ANNA = Actor("Anna")
ROOMS = (40, 12, 0)
"""Kilobytes that are left."""

write_slide, pretended, section = of_slides.write_slide, of_slides.pretended, of_slides.section


class Disk:
    """A small disk of its own that `LOBULE_HOME` lies on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self, kilobytes_left: int) -> None:
        """Leave so much room."""
        state = os.statvfs(self.path)
        self._filler.write_bytes(bytes(state.f_bavail * state.f_frsize - kilobytes_left * 1024))

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink()

    @property
    def begun(self) -> set[str]:
        """What is hidden as long as it is not whole."""
        names = {path.name for path in self.path.rglob(".*")}
        return {name for name in names if not name.endswith("lock")}

    def refuses(self, deed: Callable[[], object], rooms: tuple[int, ...] = ROOMS) -> None:
        """Do it with less and less room: it is done, or refused in words and leaves nothing."""
        refusals = []
        for room in rooms:
            before = self.begun
            self.fill(room)
            try:
                deed()
            except LobuleError as error:
                refusals.append(str(error))
            finally:
                self.free()
            assert self.begun == before
        assert refusals
        for words in refusals:
            assert any(word in words for word in ("space", "full", "room")), words
            assert "program" not in words.lower()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    home = tmp_path / "small"
    home.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(home)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here: that needs root")
    monkeypatch.setenv("LOBULE_HOME", str(home))
    try:
        yield Disk(home)
    finally:
        close_stores()
        subprocess.run(["umount", "-l", str(home)], check=True)


def noise(side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)


def test_cases_and_their_trail(disk: Disk) -> None:
    store = open_store()
    first = save_case(store, [new_image(1)], ANNA)

    def save_large() -> None:
        image = new_image(1)
        object.__setattr__(image, "pixels", noise(300))
        save_case(store, [new_image(2), image], ANNA)

    def say() -> None:
        case = load_case(store, first)
        judge(store, case, case.images[0], ANNA, Verdict.AGREE, note="é" * 3_900)

    disk.refuses(save_large)
    disk.refuses(say)
    disk.refuses(lambda: write_anchor(store, check_trail(store), disk.path / "heads"))
    assert check_trail(store).breaks == ()
    save_large()
    say()
    delete_case(store, load_case(store, first), ANNA)
    check = check_trail(store)
    assert check.breaks == ()
    write_anchor(store, check, disk.path / "heads")


def test_models(disk: Disk, package: Package) -> None:
    packed = BytesIO()
    export_package(package, packed)

    def bring(name: str) -> Package:
        packed.seek(0)
        return import_package(packed, name)

    disk.refuses(lambda: bring("one"))
    bring("two")
    disk.refuses(lambda: rename("two", "three", "Three"), (0,))
    disk.refuses(lambda: activate("two"), (0,))
    assert not is_active("two")
    activate("two")
    assert is_active("two")
    rename("two", "three", "Three")
    assert is_active("three")

    def to_file() -> None:
        target = disk.path / "model.zip"
        _write_new(target, partial(export_package, package))
        target.unlink()

    disk.refuses(to_file)
    to_file()


def test_a_heatmap_is_whole_or_not_there(disk: Disk, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(encode_png(noise(200)))
    command = ["predict", str(picture), "--um-per-px", "0.5", "--heatmap", str(disk.path / "maps")]
    disk.fill(12)
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "space" in result.output
    disk.free()
    assert not [path for path in disk.path.rglob("*") if path.is_file() and "maps" in path.parts]
    assert CliRunner().invoke(app, command).exit_code == 0


def test_slides(
    disk: Disk,
    pretended: Package,
    write_slide: of_slides.WriteSlide,
    section: NDArray[np.uint8],
) -> None:
    slide = write_slide(section)
    disk.refuses(lambda: state_scale("0" * 64, 0.5))
    disk.refuses(lambda: keep({"a.tiff": slide.read_bytes()}))
    disk.fill(40)
    with pytest.raises(LobuleError, match=r"room|space"):
        answer_here(slide, model=pretended.path.name)
    disk.free()
    for state in every_state():
        assert state.state == "failed"
        assert "room" in state.message
        assert resume_here(state.id).state == "finished"
    assert answer_here(slide, model=pretended.path.name).state == "finished"
