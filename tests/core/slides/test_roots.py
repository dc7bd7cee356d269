"""What is listed can be opened, and nothing that lies elsewhere can be reached."""

import os
from pathlib import Path

import pytest

from core.errors import SlideError
from core.slides.files import files_of
from core.slides.roots import SlideFile, list_slides, roots, slide_path
from core.slides.slide import open_slide
from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff


@pytest.fixture
def root(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of slides, the only one but for those of uploads and downloads."""
    assert home
    folder = tmp_path / "slides"
    folder.mkdir()
    monkeypatch.setenv("LOBULE_SLIDES", str(folder))
    return folder


def tiny(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tiff(path, pyramid(section(40, 40), 1), kind="svs")


def listed() -> dict[str, SlideFile]:
    return {slide.name: slide for slide in list_slides()}


def test_without_the_setting_there_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    for value in (None, "", os.pathsep, f"/nowhere{os.pathsep}"):
        monkeypatch.delenv("LOBULE_SLIDES", raising=False)
        if value is not None:
            monkeypatch.setenv("LOBULE_SLIDES", value)
        assert list_slides() == []
    with pytest.raises(SlideError, match="no slide 'abc' here"):
        slide_path("abc")


def test_slides_of_several_roots_and_uploads_are_listed_and_open(
    root: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_SLIDES", f"{root}{os.pathsep}{tmp_path / 'more'}")
    tiny(root / "b.svs")
    tiny(root / "deep" / "er" / "a.TIF")
    tiny(tmp_path / "more" / "c.svs")
    tiny(home / "slides" / "uploads" / "1" / "d.svs")
    tiny(home / "slides" / "downloads" / "2" / "e.svs")
    (root / "notes.txt").write_text("no slide")
    (root / ".hidden.svs").write_bytes(b"")
    tiny(root / ".trash" / "f.svs")
    assert list(listed()) == ["b.svs", "a.TIF", "c.svs", "d.svs", "e.svs"]
    for slide in list_slides():
        assert slide_path(slide.id) == slide.path
        assert len(slide.id) == 16
        with open_slide(slide.path) as opened:
            assert opened.info.width == 40


def test_ids_stay_and_go_with_the_slide(root: Path) -> None:
    one = tiny(root / "a.svs")
    before = listed()["a.svs"].id
    tiny(root / "0.svs")
    assert listed()["a.svs"].id == before
    one.unlink()
    with pytest.raises(SlideError, match="moved or deleted"):
        slide_path(before)
    tiny(one)
    assert slide_path(before) == one


@pytest.mark.parametrize(
    "wrong",
    [
        *("../outside/secret.svs", "..", ".", "", "/etc/passwd", "a.svs", "\0", "%2e%2e%2fa"),
        "0123456789abcdef",
    ],
)
def test_only_ids_from_the_list_lead_anywhere(root: Path, tmp_path: Path, wrong: str) -> None:
    tiny(root / "a.svs")
    tiny(tmp_path / "outside" / "secret.svs")
    with pytest.raises(SlideError, match="no slide"):
        slide_path(wrong)


def test_links_out_of_the_root_are_not_followed(root: Path, tmp_path: Path) -> None:
    secret = tiny(tmp_path / "outside" / "secret.svs")
    tiny(root / "inside.svs")
    (root / "file.svs").symlink_to(secret)
    (root / "relative.svs").symlink_to("../outside/secret.svs")
    (root / "folder").symlink_to(secret.parent, target_is_directory=True)
    (root / "up").symlink_to("..", target_is_directory=True)
    (root / "circle").symlink_to(root, target_is_directory=True)
    (root / "itself.svs").symlink_to(root / "itself.svs")
    (root / "there.svs").symlink_to(root / "back.svs")
    (root / "back.svs").symlink_to(root / "there.svs")
    (root / "broken.svs").symlink_to(root / "gone.svs")
    (root / "same.svs").symlink_to(root / "inside.svs")  # stays inside
    assert set(listed()) == {"inside.svs", "same.svs"}


def test_a_slide_that_becomes_a_link_out_is_lost(root: Path, tmp_path: Path) -> None:
    secret = tiny(tmp_path / "outside" / "secret.svs")
    path = tiny(root / "a.svs")
    known = listed()["a.svs"].id
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(SlideError, match="no slide"):
        slide_path(known)


def test_a_root_that_is_a_link_itself_is_what_was_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny(root / "a.svs")
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    monkeypatch.setenv("LOBULE_SLIDES", str(tmp_path / "link"))
    assert roots() == (root.resolve(),)
    assert set(listed()) == {"a.svs"}


def test_dicom_series_are_one_slide_each(root: Path, pixels: Pixels) -> None:
    write_dicom(root / "case 1", pyramid(pixels, 3))
    flat = write_dicom(root, pyramid(pixels, 2))
    write_dicom(root / "ct", [pixels], changes={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"})
    (file,) = write_dicom(root / "named", [pixels])
    file.rename(root / "named" / "1.2.840.113619.4")
    assert set(listed()) == {"case 1", flat[0].name, "named"}
    assert listed()["case 1"].path.is_dir()
    for slide in list_slides():
        with open_slide(slide.path) as opened:
            assert opened.info.width == pixels.shape[1]


def mirax(folder: Path, index: str) -> Path:
    (folder / "a").mkdir(parents=True)
    (folder / "a.mrxs").write_bytes(b"JPEG of nothing")
    (folder / "a" / "Slidedat.ini").write_text(index, encoding="utf-8")
    (folder / "a" / "Data0000.dat").write_bytes(b"tiles")
    return folder / "a.mrxs"


INDEX = "[GENERAL]\nSLIDE_VERSION = 01.02\n[DATAFILE]\nFILE_COUNT = 1\nFILE_0 = {}\n"


def test_files_of_a_mirax_slide(root: Path) -> None:
    path = mirax(root, INDEX.format("Data0000.dat"))
    names = [file.relative_to(root).as_posix() for file in files_of(path)]
    assert names == ["a.mrxs", "a/Data0000.dat", "a/Slidedat.ini"]
    with pytest.raises(SlideError, match="damaged"):
        open_slide(path)
    (root / "a").rename(root / "b")
    with pytest.raises(SlideError, match="needs the folder a beside it"):
        open_slide(path)


def test_a_mirax_slide_cannot_refer_outside_its_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.dat").write_bytes(b"secret")
    for number, name in enumerate(("../../../secret.dat", str(tmp_path / "secret.dat"))):
        with pytest.raises(SlideError, match="outside its own folder"):
            open_slide(mirax(root / str(number), INDEX.format(name)))
    path = mirax(root / "linked", INDEX.format("Data0000.dat"))
    (root / "linked" / "a" / "Data0000.dat").unlink()
    (root / "linked" / "a" / "Data0000.dat").symlink_to(tmp_path / "secret.dat")
    with pytest.raises(SlideError, match="outside its own folder"):
        open_slide(path)
    whole = mirax(root / "folder", INDEX.format("Data0000.dat"))
    (root / "folder" / "a").rename(tmp_path / "moved")
    (root / "folder" / "a").symlink_to(tmp_path / "moved", target_is_directory=True)
    with pytest.raises(SlideError, match="outside its own folder"):
        open_slide(whole)


def test_a_hamamatsu_vms_slide_cannot_refer_outside_its_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"secret")
    path = root / "a.vms"
    path.write_text(
        "[Virtual Microscope Specimen]\nNoLayers=1\nImageFile=../photo.jpg\n", encoding="utf-8"
    )
    with pytest.raises(SlideError, match="outside its own folder"):
        open_slide(path)
